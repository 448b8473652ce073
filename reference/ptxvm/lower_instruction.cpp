// Instructions: operands in their fields, handlers chosen, accesses recorded.
#include <algorithm>

#include "reference/ptxvm/lowering.h"
#include "reference/ptxvm/modifiers.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {
namespace {

using ptx::Operand;

constexpr std::string_view kDynamicSpecials[] = {
    "%clock", "%clock_hi", "%clock64", "%globaltimer", "%globaltimer_lo", "%globaltimer_hi"};

bool is_dynamic(const Operand& o) {
  return o.kind == Operand::Kind::special &&
         std::find(std::begin(kDynamicSpecials), std::end(kDynamicSpecials), o.text) !=
             std::end(kDynamicSpecials);
}

OperandRule typed(ptx::Type type) {
  OperandRule rule;
  rule.type = type;
  return rule;
}

/// Behind these the lanes of a warp may go on in other groups than they came in, so a basic block,
/// which is counted once for each group, ends there.
bool regroups(const ptx::Instruction& in) {
  return in.mnemonic == "call" || in.mnemonic == "bar" || in.mnemonic == "barrier" ||
         in.mnemonic == "nanosleep" || in.mnemonic == "mbarrier";
}

}  // namespace

void FunctionLowering::fail(const ptx::Instruction& in, const std::string& what) const {
  throw PtxError(module_.name + ":" + std::to_string(in.ptx_line) + ": " + in.full_name() + ": " +
                 what + " (in " + function_.name + ")");
}

void FunctionLowering::select(Draft& draft, const Opcode& opcode) {
  const ptx::Instruction& in = *draft.instruction;
  const bool dynamic =
      in.mnemonic == "mov" && in.operands.size() == 2 && is_dynamic(in.operands[1]);
  const Selector selector = dynamic ? isa().mov_dynamic : opcode.selector;
  const Selected chosen = selector ? selector(in) : Selected{};
  if (!chosen.handler) fail(in, "this instruction is not supported");
  draft.op.body = chosen.handler;
  draft.op.imm += chosen.imm;
  draft.op.run = draft.guard == kNothing || chosen.reads_guard ? chosen.handler : isa().run_guarded;
  if (!draft.op.run) fail(in, "guarded instructions are not supported");
}

void FunctionLowering::instruction(const ptx::Instruction& in) {
  if (!open_) begin_block();
  const Opcode* opcode = find_opcode(in.mnemonic);
  if (!opcode) fail(in, "no such instruction");
  if (const std::string_view foreign = foreign_modifier(in); !foreign.empty())
    fail(in, "." + std::string(foreign) + " is no modifier of " + in.mnemonic);
  Draft draft;
  draft.instruction = &in;
  if (!in.guard.reg.empty()) {
    Operand guard;
    guard.kind = Operand::Kind::reg;
    guard.text = in.guard.reg;
    draft.guard = source(draft, guard, typed(ptx::Type::pred));
    draft.op.guard_negated = in.guard.negated;
  }
  if (in.mnemonic == "bra")
    return branch(draft, in), select(draft, *opcode), emit(std::move(draft));
  if (in.mnemonic == "brx")
    return table_branch(draft, in), select(draft, *opcode), emit(std::move(draft));
  if (in.mnemonic == "call") return call(draft, in), select(draft, *opcode), emit(std::move(draft));
  std::string error;
  const std::vector<OperandRule> rules = operand_rules(opcode->signature, in, error);
  if (!error.empty()) fail(in, error);
  for (size_t i = 0; i < in.operands.size(); ++i) {
    if (in.mnemonic == "mov" && is_dynamic(in.operands[i])) continue;
    operand(draft, in.operands[i], rules[i]);
  }
  if (!draft.displacements.empty()) draft.op.imm = draft.displacements[0];
  if (in.mnemonic == "ld" || in.mnemonic == "ldu" || in.mnemonic == "st") {
    draft.op.count = static_cast<uint8_t>(std::max<size_t>(1, draft.elements.size()));
  }
  select(draft, *opcode);
  emit(std::move(draft));
}

void FunctionLowering::branch(Draft&, const ptx::Instruction& in) {
  if (in.operands.size() != 1 || in.operands[0].kind != Operand::Kind::symbol)
    fail(in, "takes one label");
}

void FunctionLowering::table_branch(Draft& draft, const ptx::Instruction& in) {
  if (in.operands.size() != 2 || in.operands[1].kind != Operand::Kind::symbol)
    fail(in, "takes an index and a .branchtargets label");
  operand(draft, in.operands[0], typed(ptx::Type::b32));
  draft.op.imm = static_cast<int64_t>(code_->tables.size());
  code_->tables.emplace_back();
}

ParamSlot FunctionLowering::call_parameter(Draft& draft, const Operand& o, bool result) {
  if (o.kind == Operand::Kind::none) return {kNothing, 0, false};
  const auto region = names_.find(o.text);
  if (o.kind == Operand::Kind::symbol && region != names_.end()) {
    draft.elements.push_back(region->second);
    if (result) draft.written.push_back(region->second);
    return {region->second, registers_[index_of(region->second)].bytes / 32, false};
  }
  if (o.kind == Operand::Kind::reg && !o.negated) {
    const Ref ref = register_ref(o, *draft.instruction);
    const ptx::Type type = registers_[index_of(ref)].type;
    if (type == ptx::Type::pred || ptx::bytes_of(type) > 8)
      fail(*draft.instruction, "register " + o.text + " cannot be passed");
    draft.elements.push_back(ref);
    if (result) draft.written.push_back(ref);
    return {ref, ptx::bytes_of(type) == 8 ? 8u : 4u, true};
  }
  if (result || (o.kind != Operand::Kind::integer && o.kind != Operand::Kind::real))
    fail(*draft.instruction, "an argument that cannot be passed");
  const bool wide = o.kind == Operand::Kind::real ? o.type == ptx::Type::f64 : o.bits > UINT32_MAX;
  return {constant(o.bits, wide), wide ? 8u : 4u, true};
}

/// call (results), function, (arguments), prototype: all but the function may be missing.
void FunctionLowering::call(Draft& draft, const ptx::Instruction& in) {
  CallSite site;
  bool target = false;
  for (const Operand& o : in.operands) {
    if (o.kind == Operand::Kind::list) {
      for (const Operand& e : o.elements)
        (target ? site.arguments : site.results).push_back(call_parameter(draft, e, !target));
    } else if (target) {
      continue;  // prototype or table: of no use here
    } else if (o.kind == Operand::Kind::reg) {
      draft.sources.push_back(source(draft, o, typed(ptx::Type::b64)));
      target = true;
    } else if (o.kind == Operand::Kind::symbol) {
      site.callee = o.text;
      target = true;
    } else {
      fail(in, "a callee must be a function or a register");
    }
  }
  if (!target) fail(in, "without a callee");
  draft.op.imm = static_cast<int64_t>(code_->calls.size());
  code_->calls.push_back(std::move(site));
}

/// Uses first, then definitions. A call's elements are its arguments and results; it places them
/// itself (Code::calls).
void FunctionLowering::record(const Draft& draft) {
  const auto position = static_cast<uint32_t>(drafts_.size());
  const auto use = [&](Ref ref) {
    if (kind_of(ref) == kRegister)
      accesses_.push_back({position, index_of(ref), RegisterAccess::Kind::use});
  };
  const bool stores_parameter = draft.instruction->mnemonic == "st";
  use(draft.guard);
  for (const Ref s : draft.sources) {
    if (kind_of(s) != kRegister || !registers_[index_of(s)].is_region || !stores_parameter) {
      use(s);
      continue;
    }
    VirtualRegister& region = registers_[index_of(s)];  // its first store starts it
    const bool whole = !region.stored && draft.guard == kNothing;
    accesses_.push_back({position, index_of(s),
                         whole ? RegisterAccess::Kind::define : RegisterAccess::Kind::define_part});
    region.stored = true;
  }
  const auto written = [&](Ref r) {
    return std::find(draft.written.begin(), draft.written.end(), r) != draft.written.end();
  };
  for (const Ref e : draft.elements) {
    if (!written(e)) use(e);
  }
  if (draft.instruction->mnemonic == "ret") {
    for (const ParamSlot& p : code_->returns) use(p.offset);
  }
  // A scalar destination may take the place of a source that ends here: handlers go through the
  // lanes in pieces, so the two then coincide or, being of different widths, lie in different
  // arenas. Of several destinations one may be written before all is read.
  const bool early = !draft.elements.empty() || draft.second != kNothing ||
                     (draft.dst != kNothing && registers_[index_of(draft.dst)].bytes == 512);
  for (const Ref d : draft.written) {
    const auto kind = draft.guard != kNothing ? RegisterAccess::Kind::define_part
                      : early                 ? RegisterAccess::Kind::define_early
                                              : RegisterAccess::Kind::define;
    accesses_.push_back({position, index_of(d), kind});
  }
}

/// Only the instruction's own result depends on its guard: what goes before writes a temporary.
void FunctionLowering::emit_adaptation(const Draft& draft, const Draft::Adaptation& adaptation,
                                       bool guarded) {
  Draft extra;
  extra.instruction = adaptation.by;
  if (guarded && draft.guard != kNothing) {
    extra.guard = draft.guard;
    extra.op.guard_negated = draft.op.guard_negated;
    extra.op.site = code_->sites++;
  }
  extra.op.instruction = static_cast<uint32_t>(code_->instructions.size() - 1);
  extra.op.dst_bytes = static_cast<uint8_t>(registers_[index_of(adaptation.to)].bytes / 32);
  extra.dst = adaptation.to;
  extra.written = {adaptation.to};
  extra.sources = {adaptation.from};
  select(extra, *find_opcode(adaptation.by->mnemonic));
  record(extra);
  drafts_.push_back(std::move(extra));
}

void FunctionLowering::emit(Draft&& draft) {
  const ptx::Instruction& in = *draft.instruction;
  code_->instructions.push_back(&in);
  draft.op.instruction = static_cast<uint32_t>(code_->instructions.size() - 1);
  ++code_->blocks.back().instructions;
  for (const Draft::Adaptation& a : draft.before) emit_adaptation(draft, a, false);
  const bool branches = in.mnemonic == "bra" || in.mnemonic == "brx";
  const bool leaves = in.mnemonic == "ret" || in.mnemonic == "exit" || in.mnemonic == "trap";
  if (branches || draft.addresses || draft.guard != kNothing || in.mnemonic == "bar" ||
      in.mnemonic == "barrier")
    draft.op.site = code_->sites++;
  if (draft.displacements.size() > 1)  // the others' address patterns
    code_->sites += static_cast<uint32_t>(draft.displacements.size() - 1);
  record(draft);
  if (in.mnemonic == "call") draft.elements.clear();
  const std::vector<Draft::Adaptation> after = std::move(draft.after);
  Draft guard;  // what the widening ops after it share with it
  guard.instruction = &in;
  guard.op = draft.op;
  guard.guard = draft.guard;
  code_->main_ops.push_back(static_cast<uint32_t>(drafts_.size()));
  drafts_.push_back(std::move(draft));
  for (const Draft::Adaptation& a : after) emit_adaptation(guard, a, true);
  const bool guarded = guard.guard != kNothing;
  if (in.mnemonic == "bra") {
    end_block(&in, {&in.operands[0].text}, guarded);
  } else if (in.mnemonic == "brx") {
    std::vector<const std::string*> labels;
    for (const auto& [name, targets] : function_.branch_targets) {
      if (name == in.operands[1].text)
        for (const std::string& t : targets) labels.push_back(&t);
    }
    if (labels.empty()) fail(in, in.operands[1].text + " is no .branchtargets label");
    end_block(&in, std::move(labels), guarded);
  } else if (leaves) {
    end_block(nullptr, {}, guarded);
  } else if (regroups(in)) {
    end_block(nullptr, {}, true);
  }
}

}  // namespace ptxvm
