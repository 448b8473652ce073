// Bitwise logic and shifts: and, or, xor, not, cnot, lop3, shl, shr, shf. PTX ISA 9.0,
// section 9.7.8.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

constexpr auto kAnd = [](auto a, auto b) { return a & b; };
constexpr auto kOr = [](auto a, auto b) { return a | b; };
constexpr auto kXor = [](auto a, auto b) { return a ^ b; };
constexpr auto kNot = [](auto a) { return ~a; };
constexpr auto kCnot = [](auto a) {
  return select<decltype(a)>(a == 0, decltype(a){} + 1, decltype(a){});
};

template <auto f>
const Op* on_predicates(Warp& w, const Op* op) {
  set_predicate(w, op->dst, f(predicate(w, op->a), predicate(w, op->b)));
  return op + 1;
}
const Op* not_predicate(Warp& w, const Op* op) {
  set_predicate(w, op->dst, ~predicate(w, op->a));
  return op + 1;
}

template <auto f>
Selected bitwise(const Instruction& in) {
  if (in.type() == Type::pred) return {on_predicates<f>};
  return by_width<uint16_t, uint32_t, uint64_t>(
      in.type(), []<class T>() -> Handler { return binary<T, T, T, f>; });
}

template <class V>
PTXVM_INLINE V pick(V bit, V one, V zero) {
  return (bit & one) | (~bit & zero);
}
/// The truth table as a tree of choices: bit 4a + 2b + c of it is the result.
template <class V>
PTXVM_INLINE V look_up(uint32_t table, V a, V b, V c) {
  const auto entry = [=](int i) { return splat<V>(0u - (table >> i & 1)); };
  const V a0 = pick(b, pick(c, entry(3), entry(2)), pick(c, entry(1), entry(0)));
  const V a1 = pick(b, pick(c, entry(7), entry(6)), pick(c, entry(5), entry(4)));
  return pick(a, a1, a0);
}
const Op* lop3(Warp& w, const Op* op) {
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(
      w, op,
      [table = uint32_t(op->imm)](auto a, auto b, auto c) { return look_up(table, a, b, c); });
}
/// d|p: p = (d != 0) BoolOp q. Op::imm: the table, and 256 for .or.
const Op* lop3_predicate(Warp& w, const Op* op) {
  const uint32_t *a = lanes<uint32_t>(w, op->a), *b = lanes<uint32_t>(w, op->b),
                 *c = lanes<uint32_t>(w, op->c);
  const uint32_t q = predicate(w, op->d);
  uint32_t nonzero = 0;
  each_lane(w.mask, [&](int l) {
    using V = Vec<uint32_t, 1>;
    const uint32_t r = look_up(uint32_t(op->imm), V{a[l]}, V{b[l]}, V{c[l]})[0];
    nonzero |= uint32_t{r != 0} << l;
    if (op->dst != kNoOperand) lanes<uint32_t>(w, op->dst)[l] = r;
  });
  if (op->second != kNoOperand)
    set_predicate(w, op->second, op->imm & 256 ? nonzero | q : nonzero & q);
  return op + 1;
}

/// The shift count of a T-wide instruction, clamped to `most`. Counts are 32-bit registers.
template <class T, class U>
PTXVM_INLINE auto count_of(U v, uint32_t most) {
  const U n = select<U>(v < most, v, splat<U>(most));
  if constexpr (sizeof(T) == 8)
    return widen<uint64_t>(n);
  else
    return n;
}
template <class T>
const Op* shl(Warp& w, const Op* op) {
  return map2<T, T, uint32_t>(w, op, [](auto a, auto b) {
    constexpr uint32_t width = 8 * sizeof(T);
    const auto n = count_of<T>(b, width);
    return select<decltype(a)>(n < width, a << (n & (width - 1)), decltype(a){});
  });
}
template <class T>
const Op* shr(Warp& w, const Op* op) {
  return map2<T, T, uint32_t>(w, op, [](auto a, auto b) {
    using V = decltype(a);
    constexpr uint32_t width = 8 * sizeof(T);
    const V n = as<V>(count_of<T>(b, std::is_signed_v<T> ? width - 1 : width));
    if constexpr (std::is_signed_v<T>)
      return a >> n;
    else
      return select<V>(n < width, a >> (n & (width - 1)), V{});
  });
}

template <bool left, bool clamp>
const Op* shf(Warp& w, const Op* op) {
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(w, op, [](auto low, auto high, auto c) {
    using V = decltype(low);
    const V n = c & 31;  // x << 1 << (31 - n) is x << (32 - n) without a count of 32
    const V r = left ? high << n | low >> 1 >> (31 - n) : low >> n | high << 1 << (31 - n);
    return clamp ? select<V>(c < 32, r, left ? low : high) : r;
  });
}

}  // namespace

Selected select_and(const Instruction& in) { return bitwise<kAnd>(in); }
Selected select_or(const Instruction& in) { return bitwise<kOr>(in); }
Selected select_xor(const Instruction& in) { return bitwise<kXor>(in); }

Selected select_not(const Instruction& in) {
  if (in.type() == Type::pred) return {not_predicate};
  return by_width<uint16_t, uint32_t, uint64_t>(
      in.type(), []<class T>() -> Handler { return unary<T, T, kNot>; });
}
Selected select_cnot(const Instruction& in) {
  return by_width<uint16_t, uint32_t, uint64_t>(
      in.type(), []<class T>() -> Handler { return unary<T, T, kCnot>; });
}

Selected select_lop3(const Instruction& in) {
  if (in.operands.size() < 5) return {};
  const int64_t table = int64_t(in.operands[4].bits & 255);
  if (in.has("or")) return {lop3_predicate, table | 256};
  if (in.has("and")) return {lop3_predicate, table};
  return {lop3, table};
}

Selected select_shl(const Instruction& in) {
  return by_width<uint16_t, uint32_t, uint64_t>(in.type(),
                                                []<class T>() -> Handler { return shl<T>; });
}
Selected select_shr(const Instruction& in) {
  return by_type<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(
      in.type(), []<class T>() -> Handler { return shr<T>; });
}
Selected select_shf(const Instruction& in) {
  if (in.has("l")) return {in.has("clamp") ? shf<true, true> : shf<true, false>};
  return {in.has("clamp") ? shf<false, true> : shf<false, false>};
}

}  // namespace ptxvm::PTXVM_ISA
