// Comparison and selection: setp, set, selp, slct. PTX ISA 9.0, sections 9.3.1, 9.7.6 and 9.7.7.
#include "reference/ptxvm/ops/half.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

enum class Combine : uint8_t { none, conjunction, disjunction, exclusive };

/// Op::imm of the ops here.
struct Imm {
  uint32_t invert;   // all ones: the complement of the comparison
  uint8_t row, cmp;  // of kRows
  Combine combine;   // with the predicate c
  bool ftz;
};
static_assert(sizeof(Imm) == 8);
PTXVM_INLINE Imm imm_of(const Op* op) { return std::bit_cast<Imm>(op->imm); }

/// All 32 lanes of one comparison.
using Comparison = uint32_t (*)(Warp&, const Op*);

template <class T, bool ftz, Cmp c>
uint32_t compare_lanes(Warp& w, const Op* op) {
  return test2<T, T>(w, op->a, op->b, [](auto a, auto b) {
    if constexpr (ftz)
      return compare<c>(flush(a), flush(b));
    else
      return compare<c>(a, b);
  });
}
/// f16 and bf16; of a pair, the low (shift 0) or the high half (16).
template <class Format, int shift, Cmp c>
uint32_t compare_halves(Warp& w, const Op* op) {
  const bool ftz = imm_of(op).ftz;
  return test2<uint32_t, uint32_t>(w, op->a, op->b, [=](auto a, auto b) {
    using V = decltype(a);
    const auto value = [=](V x) {
      x = x >> shift & 0xffff;
      return Format::to_float(ftz ? select<V>((x & Format::kExponent) == 0, x & 0x8000, x) : x);
    };
    return compare<c>(value(a), value(b));
  });
}

/// setp without a second destination or a predicate to combine with: the one that loops are made
/// of.
template <class T, bool ftz, Cmp c>
const Op* setp(Warp& w, const Op* op) {
  set_predicate(w, op->dst, compare_lanes<T, ftz, c>(w, op) ^ uint32_t(op->imm));
  return op + 1;
}

struct Entry {
  Comparison compare;
  Handler setp;
};
struct Row {
  Type type;
  bool ftz;
  Entry entries[7];  // in the order of Cmp
};
template <class T, bool ftz, Cmp c>
constexpr Entry kEntry = {compare_lanes<T, ftz, c>, setp<T, ftz, c>};
template <class T>
constexpr Row integer_row(Type type) {
  return {type,
          false,
          {kEntry<T, false, Cmp::eq>,
           kEntry<T, false, Cmp::lt>,
           kEntry<T, false, Cmp::le>,
           kEntry<T, false, Cmp::gt>,
           kEntry<T, false, Cmp::ge>,
           {},
           {}}};
}
template <class T, bool ftz>
constexpr Row float_row(Type type) {
  return {type,
          ftz,
          {kEntry<T, ftz, Cmp::eq>, kEntry<T, ftz, Cmp::lt>, kEntry<T, ftz, Cmp::le>,
           kEntry<T, ftz, Cmp::gt>, kEntry<T, ftz, Cmp::ge>, kEntry<T, ftz, Cmp::ordered>,
           kEntry<T, ftz, Cmp::ne_ordered>}};
}
template <class Format, int shift>
constexpr Row half_row(Type type) {
  return {type,
          false,
          {{compare_halves<Format, shift, Cmp::eq>, nullptr},
           {compare_halves<Format, shift, Cmp::lt>, nullptr},
           {compare_halves<Format, shift, Cmp::le>, nullptr},
           {compare_halves<Format, shift, Cmp::gt>, nullptr},
           {compare_halves<Format, shift, Cmp::ge>, nullptr},
           {compare_halves<Format, shift, Cmp::ordered>, nullptr},
           {compare_halves<Format, shift, Cmp::ne_ordered>, nullptr}}};
}
constexpr Row kRows[] = {
    integer_row<uint32_t>(Type::u32),
    integer_row<int32_t>(Type::s32),
    integer_row<uint64_t>(Type::u64),
    integer_row<int64_t>(Type::s64),
    integer_row<uint16_t>(Type::u16),
    integer_row<int16_t>(Type::s16),
    integer_row<uint32_t>(Type::b32),
    integer_row<uint64_t>(Type::b64),
    integer_row<uint16_t>(Type::b16),
    float_row<float, false>(Type::f32),
    float_row<float, true>(Type::f32),
    float_row<double, false>(Type::f64),
    half_row<F16, 0>(Type::f16),
    half_row<BF16, 0>(Type::bf16),
    half_row<F16, 0>(Type::f16x2),
    half_row<F16, 16>(Type::none),  // a pair's high half follows its low half
    half_row<BF16, 0>(Type::bf16x2),
    half_row<BF16, 16>(Type::none),
};

struct Name {
  const char* word;
  Cmp cmp;
  bool invert;
};
// An unordered comparison is the complement of the opposite ordered one; integers have no NaN, so
// that ne is the complement of eq.
constexpr Name kFloatNames[] = {
    {"eq", Cmp::eq, false},         {"ne", Cmp::ne_ordered, false}, {"lt", Cmp::lt, false},
    {"le", Cmp::le, false},         {"gt", Cmp::gt, false},         {"ge", Cmp::ge, false},
    {"equ", Cmp::ne_ordered, true}, {"neu", Cmp::eq, true},         {"ltu", Cmp::ge, true},
    {"leu", Cmp::gt, true},         {"gtu", Cmp::le, true},         {"geu", Cmp::lt, true},
    {"num", Cmp::ordered, false},   {"nan", Cmp::ordered, true},
};
constexpr Name kIntegerNames[] = {
    {"eq", Cmp::eq, false}, {"ne", Cmp::eq, true},  {"lt", Cmp::lt, false}, {"le", Cmp::le, false},
    {"gt", Cmp::gt, false}, {"ge", Cmp::ge, false}, {"lo", Cmp::lt, false}, {"ls", Cmp::le, false},
    {"hi", Cmp::gt, false}, {"hs", Cmp::ge, false},
};

template <size_t n>
const Name* name_of(const Instruction& in, const Name (&names)[n]) {
  for (const Name& name : names)
    if (in.has(name.word)) return &name;
  return nullptr;
}

/// Finds row and column. False: no such comparison.
bool fill(const Instruction& in, Type type, Imm* imm) {
  const Name* name = is_float(type) ? name_of(in, kFloatNames) : name_of(in, kIntegerNames);
  if (!name) return false;
  const bool ftz = in.has("ftz");
  for (const Row& row : kRows) {
    if (row.type != type || (type == Type::f32 && row.ftz != ftz)) continue;
    *imm = {name->invert ? ~0u : 0u, uint8_t(&row - kRows), uint8_t(name->cmp), Combine::none, ftz};
    return true;
  }
  return false;
}
/// The predicate operand number n, if there is one. False: nothing says how to combine it.
bool fill_combine(const Instruction& in, size_t n, Imm* imm) {
  if (in.operands.size() <= n) return true;
  imm->combine = in.has("and")  ? Combine::conjunction
                 : in.has("or") ? Combine::disjunction
                                : Combine::exclusive;
  return in.has("and") || in.has("or") || in.has("xor");
}

PTXVM_INLINE uint32_t combine(Warp& w, const Op* op, Imm imm, uint32_t bits) {
  if (imm.combine == Combine::none) return bits;
  const uint32_t c = predicate(w, op->c);
  return imm.combine == Combine::conjunction   ? bits & c
         : imm.combine == Combine::disjunction ? bits | c
                                               : bits ^ c;
}
PTXVM_INLINE uint32_t evaluate(Warp& w, const Op* op, Imm imm, int row) {
  return kRows[row].entries[imm.cmp].compare(w, op) ^ imm.invert;
}

/// p|q: q is what the complement gives; of a pair of halves, the high half's comparison.
template <bool pair>
const Op* setp_general(Warp& w, const Op* op) {
  const Imm imm = imm_of(op);
  const uint32_t bits = evaluate(w, op, imm, imm.row);
  const uint32_t p = combine(w, op, imm, bits);
  const uint32_t q = combine(w, op, imm, pair ? evaluate(w, op, imm, imm.row + 1) : ~bits);
  if (op->dst != kNoOperand) set_predicate(w, op->dst, p);
  if (op->second != kNoOperand) set_predicate(w, op->second, q);
  return op + 1;
}

/// d = true_value where the comparison holds, else 0.
template <uint32_t true_value>
const Op* set(Warp& w, const Op* op) {
  const Imm imm = imm_of(op);
  const uint32_t bits = combine(w, op, imm, evaluate(w, op, imm, imm.row));
  uint32_t* d = lanes<uint32_t>(w, op->dst);
  each_lane(w.mask, [&](int l) { d[l] = bits >> l & 1 ? true_value : 0; });
  return op + 1;
}
template <uint32_t true_value>
const Op* set_pair(Warp& w, const Op* op) {
  const Imm imm = imm_of(op);
  const uint32_t low = combine(w, op, imm, evaluate(w, op, imm, imm.row));
  const uint32_t high = combine(w, op, imm, evaluate(w, op, imm, imm.row + 1));
  uint32_t* d = lanes<uint32_t>(w, op->dst);
  each_lane(w.mask, [&](int l) {
    d[l] = (low >> l & 1 ? true_value : 0) | (high >> l & 1 ? true_value << 16 : 0);
  });
  return op + 1;
}

bool is_pair(Type t) { return t == Type::f16x2 || t == Type::bf16x2; }

Handler set_of(Type to, bool pair) {
  switch (to) {
    case Type::u32:
    case Type::s32:
      return pair ? set_pair<0xffff> : set<0xffffffff>;
    case Type::u16:
    case Type::s16:
      return pair ? nullptr : set<0xffff>;
    case Type::f32:
      return pair ? nullptr : set<0x3f800000>;
    case Type::f16:
      return pair ? nullptr : set<F16::kOne>;
    case Type::bf16:
      return pair ? nullptr : set<BF16::kOne>;
    case Type::f16x2:
      return pair ? set_pair<F16::kOne> : nullptr;
    case Type::bf16x2:
      return pair ? set_pair<BF16::kOne> : nullptr;
    default:
      return nullptr;
  }
}

template <class T>
const Op* selp(Warp& w, const Op* op) {
  const uint32_t c = predicate(w, op->c);
  return map2_at<T, T, T>(w, op, [=](int i, auto a, auto b) { return select_bits(c >> i, a, b); });
}

/// c >= 0 ? a : b; a NaN in c selects b.
template <class T, class C, bool ftz>
const Op* slct(Warp& w, const Op* op) {
  const uint32_t bits = test2<C, C>(w, op->c, op->c, [](auto c, auto) {
    if constexpr (ftz)
      return compare<Cmp::ge>(flush(c), decltype(c){});
    else
      return compare<Cmp::ge>(c, decltype(c){});
  });
  return map2_at<T, T, T>(w, op,
                          [=](int i, auto a, auto b) { return select_bits(bits >> i, a, b); });
}

}  // namespace

Selected select_setp(const Instruction& in) {
  Imm imm{};
  const Type type = in.type();
  if (!fill(in, type, &imm) || !fill_combine(in, 3, &imm)) return {};
  const auto& d = in.operands[0];
  const bool plain = imm.combine == Combine::none && !d.second && d.kind == ptx::Operand::Kind::reg;
  const Handler fast = kRows[imm.row].entries[imm.cmp].setp;
  return {plain && fast   ? fast
          : is_pair(type) ? setp_general<true>
                          : setp_general<false>,
          std::bit_cast<int64_t>(imm)};
}

Selected select_set(const Instruction& in) {
  Imm imm{};
  const Type to = in.type(0), from = in.type(1);
  if (!fill(in, from, &imm) || !fill_combine(in, 3, &imm)) return {};
  return {set_of(to, is_pair(from)), std::bit_cast<int64_t>(imm)};
}

Selected select_selp(const Instruction& in) {
  return by_width<uint16_t, uint32_t, uint64_t>(in.type(),
                                                []<class T>() -> Handler { return selp<T>; });
}

Selected select_slct(const Instruction& in) {
  const bool by_float = in.type(1) == Type::f32, ftz = in.has("ftz");
  if (!by_float && in.type(1) != Type::s32) return {};
  return by_width<uint16_t, uint32_t, uint64_t>(in.type(), [=]<class T>() -> Handler {
    if (by_float) return ftz ? slct<T, float, true> : slct<T, float, false>;
    return slct<T, int32_t, false>;
  });
}

}  // namespace ptxvm::PTXVM_ISA
