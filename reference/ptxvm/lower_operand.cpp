// Operands: what each refers to, and how wide it is.
#include <bit>

#include "reference/ptxvm/lowering.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {
namespace {

using ptx::Operand;
using ptx::Type;

bool is_real(Type t) { return t == Type::f32 || t == Type::f64 || t == Type::tf32; }
bool is_signed(Type t) {
  return t == Type::s8 || t == Type::s16 || t == Type::s32 || t == Type::s64;
}

/// May its registers be wider than its type says? (PTX ISA 9.4.1, operand size exceeding
/// instruction-type size)
bool allows_wider(const std::string& mnemonic) {
  return mnemonic == "ld" || mnemonic == "ldu" || mnemonic == "st" || mnemonic == "cvt";
}

/// An instruction that lowering adds.
ptx::Instruction made(const char* mnemonic, std::vector<std::string> modifiers) {
  ptx::Instruction in;
  in.mnemonic = mnemonic;
  in.modifiers = std::move(modifiers);
  in.operands.resize(2);
  for (Operand& o : in.operands) o.kind = Operand::Kind::reg;
  return in;
}

}  // namespace

FunctionLowering::Ref FunctionLowering::register_ref(const Operand& o,
                                                     const ptx::Instruction& in) const {
  const auto found =
      names_.find(o.component < 0 ? o.text : o.text + "." + std::to_string(o.component));
  if (found == names_.end() || registers_[index_of(found->second)].is_region)
    fail(in, "register " + o.text + " is not declared");
  return found->second;
}

/// The register itself, or a temporary of the width that the instruction's type asks for where the
/// rules allow a wider register.
FunctionLowering::Ref FunctionLowering::resized(Draft& draft, Ref ref, const OperandRule& rule,
                                                bool written) {
  const VirtualRegister r = registers_[index_of(ref)];
  if (!rule.checked) return ref;
  const uint32_t wanted = slot_bytes(rule.type);
  const std::string& mnemonic = draft.instruction->mnemonic;
  if (r.bytes != wanted && !(allows_wider(mnemonic) && wanted == 128 && r.bytes == 256)) {
    fail(*draft.instruction, "an operand's register is declared ." +
                                 std::string(to_string(r.type)) + ", which does not fit ." +
                                 std::string(to_string(rule.type)));
  }
  if (r.type != Type::pred && ptx::bytes_of(r.type) < ptx::bytes_of(rule.type)) {
    fail(*draft.instruction, "an operand's register is declared ." +
                                 std::string(to_string(r.type)) + ", narrower than ." +
                                 std::string(to_string(rule.type)));
  }
  if (r.bytes == wanted) return ref;
  static const ptx::Instruction narrow = made("cvt", {"u32", "u64"}),
                                widen = made("cvt", {"u64", "u32"}),
                                extend = made("cvt", {"s64", "s32"});
  const Ref temporary = add_register({}, {Type::b32, 128});
  if (written)
    draft.after.push_back({temporary, ref, is_signed(rule.type) ? &extend : &widen});
  else
    draft.before.push_back({ref, temporary, &narrow});
  return temporary;
}

/// !%p as a source: a predicate of its own, so that no handler has to know.
FunctionLowering::Ref FunctionLowering::negated(Draft& draft, const Operand& o) {
  static const ptx::Instruction inverted = made("not", {"pred"});
  const Ref ref = o.kind == Operand::Kind::reg ? register_ref(o, *draft.instruction) : kNothing;
  if (ref == kNothing || registers_[index_of(ref)].type != Type::pred)
    fail(*draft.instruction, "! before " + o.text + ", which is no predicate");
  const Ref temporary = add_register({}, {Type::pred, slot_bytes(Type::pred)});
  draft.before.push_back({ref, temporary, &inverted});
  return temporary;
}

FunctionLowering::Ref FunctionLowering::destination(Draft& draft, const Operand& o,
                                                    const OperandRule& rule) {
  if (o.kind != Operand::Kind::reg || o.negated)
    fail(*draft.instruction, "the destination must be a register");
  const Ref declared = register_ref(o, *draft.instruction);
  if (draft.op.dst_bytes == 0)
    draft.op.dst_bytes = static_cast<uint8_t>(ptx::bytes_of(registers_[index_of(declared)].type));
  const Ref ref = resized(draft, declared, rule, true);
  if (ref != declared) draft.op.dst_bytes = 4;
  draft.written.push_back(ref);
  return ref;
}

FunctionLowering::Ref FunctionLowering::source(Draft& draft, const Operand& o,
                                               const OperandRule& rule) {
  const ptx::Instruction& in = *draft.instruction;
  const bool wide = ptx::bytes_of(rule.type) == 8;
  if (o.negated) {
    const Ref inverse = negated(draft, o);
    return resized(draft, inverse, rule, false);
  }
  switch (o.kind) {
    case Operand::Kind::none:
      fail(in, "_ is not a value");
    case Operand::Kind::reg:
      return resized(draft, register_ref(o, in), rule, false);
    case Operand::Kind::special:
      return special(o.text, wide, 0);
    case Operand::Kind::integer:
    case Operand::Kind::real:
      return constant(literal_bits(o, rule.type, in), wide, rule.type == Type::pred);
    case Operand::Kind::symbol: {
      const Symbol s = symbol(o.text, in);
      if (s.kind == Symbol::Kind::region)
        fail(in, "the address of parameter " + o.text + " is taken, which is not supported");
      if (s.kind == Symbol::Kind::local)
        return special("%local_base", wide, s.value + static_cast<uint64_t>(o.offset));
      return constant(s.value + static_cast<uint64_t>(o.offset), wide);
    }
    default:
      fail(in, "an operand that is not a value");
  }
}

void FunctionLowering::vector(Draft& draft, const Operand& o, const OperandRule& rule) {
  OperandRule element = rule;
  if (draft.instruction->mnemonic == "mov") {  // {lo, hi} of a wider register
    const int bytes = ptx::bytes_of(rule.type) / std::max(1, static_cast<int>(o.elements.size()));
    element.type = bytes == 8   ? Type::b64
                   : bytes == 4 ? Type::b32
                   : bytes == 2 ? Type::b16
                                : Type::b8;
  }
  for (const Operand& e : o.elements) {
    if (e.kind == Operand::Kind::vector || e.kind == Operand::Kind::list)
      fail(*draft.instruction, "a vector within a vector");
    const bool sink = rule.writes && e.kind == Operand::Kind::none;
    const Ref ref = sink          ? kNothing
                    : rule.writes ? destination(draft, e, element)
                                  : source(draft, e, element);
    if (kind_of(ref) == kRegister && registers_[index_of(ref)].type == Type::pred)
      fail(*draft.instruction, "a predicate within a vector");
    draft.elements.push_back(ref);
  }
}

void FunctionLowering::address(Draft& draft, const Operand& o) {
  const ptx::Instruction& in = *draft.instruction;
  Ref base = kNothing;
  int64_t displacement = o.offset;
  const auto known =
      names_.find(o.component < 0 ? o.text : o.text + "." + std::to_string(o.component));
  if (known != names_.end()) {
    base = known->second;
    const VirtualRegister& r = registers_[index_of(base)];
    if (r.is_region && !in.has("param::func"))
      fail(in, "parameter " + o.text +
                   " is accessed by an instruction other than ld.param or st.param");
    if (!r.is_region && r.bytes != 128 && r.bytes != 256)
      fail(in, "register " + o.text + " cannot hold an address");
    if (r.bytes == 128 && !r.is_region)
      draft.op.narrow_address |=
          static_cast<uint8_t>(1u << std::min<size_t>(7, draft.displacements.size()));
  } else if (!o.text.empty()) {
    if (o.text[0] == '%') fail(in, "register " + o.text + " is not declared");
    const Symbol s = symbol(o.text, in);
    if (s.kind == Symbol::Kind::local)
      base = special("%local_base", true, s.value);
    else
      displacement = static_cast<int64_t>(s.value + static_cast<uint64_t>(displacement));
  }
  draft.sources.push_back(base);
  draft.displacements.push_back(displacement);
  draft.addresses = true;
  OperandRule coordinate;  // 32 bits each
  coordinate.vector = coordinate.address = true;
  coordinate.type = Type::b32;
  for (const Operand& e : o.elements) operand(draft, e, coordinate);
}

void FunctionLowering::operand(Draft& draft, const Operand& o, const OperandRule& rule) {
  if (rule.ignored && (o.kind == Operand::Kind::integer || o.kind == Operand::Kind::real)) return;
  const bool is_vector = o.kind == Operand::Kind::vector,
             is_address = o.kind == Operand::Kind::address;
  if ((is_vector && !rule.vector) || (is_address && !rule.address) ||
      (!is_vector && !is_address && !rule.scalar)) {
    fail(*draft.instruction, std::string(is_vector    ? "a vector"
                                         : is_address ? "an address"
                                                      : "a value") +
                                 " where " + (rule.scalar ? "a single value" : "an address") +
                                 " is expected");
  }
  if (is_vector) {
    vector(draft, o, rule);
  } else if (is_address) {
    address(draft, o);
  } else if (rule.writes) {
    draft.dst = destination_or_sink(draft, o, rule);
  } else {
    const Ref ref = source(draft, o, rule);
    draft.sources.push_back(ref);
    if (!rule.checked && kind_of(ref) == kRegister && registers_[index_of(ref)].type == Type::pred)
      draft.op.narrow_address |= kPredicateSource;
  }
  if (!o.second) return;
  OperandRule predicate;
  predicate.type = Type::pred;
  if (!rule.writes) fail(*draft.instruction, "a|b where no second destination is");
  draft.second = destination_or_sink(draft, *o.second, predicate);
}

/// Handlers write every scalar destination that their instruction has: `_` is a register that
/// nobody reads.
FunctionLowering::Ref FunctionLowering::destination_or_sink(Draft& draft, const Operand& o,
                                                            const OperandRule& rule) {
  if (o.kind != Operand::Kind::none) return destination(draft, o, rule);
  const Ref sink = add_register({}, {rule.type, slot_bytes(rule.type)});
  draft.written.push_back(sink);
  return sink;
}

FunctionLowering::Ref FunctionLowering::constant(uint64_t bits, bool wide, bool predicate) {
  if (!wide) bits = static_cast<uint32_t>(bits);
  std::string key(reinterpret_cast<const char*>(&bits), sizeof bits);
  key += predicate ? 'p' : wide ? 'w' : 'n';
  const auto [slot, added] = constants_.emplace(
      std::move(key), kConstant | static_cast<uint32_t>(code_->constants.size()));
  if (added) {
    code_->constants.push_back({code_->template_bytes, wide, bits, predicate});
    code_->template_bytes += predicate ? 64 : wide ? 256 : 128;
  }
  return slot->second;
}

FunctionLowering::Ref FunctionLowering::special(const std::string& name, bool wide,
                                                uint64_t addend) {
  const std::string key = name + (wide ? "/w" : "/n") + std::to_string(addend);
  const auto [slot, added] =
      specials_.emplace(key, kSpecial | static_cast<uint32_t>(code_->specials.size()));
  if (added) {
    code_->specials.push_back({name, code_->template_bytes, wide, addend});
    code_->template_bytes += wide ? 256 : 128;
  }
  return slot->second;
}

uint64_t FunctionLowering::literal_bits(const Operand& o, Type type,
                                        const ptx::Instruction& in) const {
  if (type == Type::pred) return o.bits ? UINT32_MAX : 0;
  if (o.kind == Operand::Kind::integer) {
    if (is_real(type))
      fail(in, "an integer where ." + std::string(to_string(type)) + " is expected");
    const int bytes = ptx::bytes_of(type);
    return bytes >= 8 ? o.bits : o.bits & ((uint64_t{1} << (8 * bytes)) - 1);
  }
  if (type == Type::f32 && o.type == Type::f64)
    return std::bit_cast<uint32_t>(static_cast<float>(std::bit_cast<double>(o.bits)));
  if (type == Type::f64 && o.type == Type::f32)
    return std::bit_cast<uint64_t>(
        static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(o.bits))));
  return o.bits;
}

FunctionLowering::Symbol FunctionLowering::symbol(const std::string& name,
                                                  const ptx::Instruction& in) const {
  if (const auto own = symbols_.find(name); own != symbols_.end()) return own->second;
  if (names_.contains(name)) return {Symbol::Kind::region, 0};
  for (const std::string& key : {function_.name + "/" + name, name}) {
    if (const auto found = shared_.find(key); found != shared_.end())
      return {Symbol::Kind::absolute, found->second};
  }
  const std::optional<uint64_t> address = resolver_.address(name);
  if (!address) fail(in, "symbol " + name + " is not defined");
  return {Symbol::Kind::absolute, *address};
}

}  // namespace ptxvm
