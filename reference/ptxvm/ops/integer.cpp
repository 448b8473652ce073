// Integer arithmetic: add, sub, mul, mad, mul24, mad24, sad, abs, neg, min, max. PTX ISA 9.0,
// section 9.7.1.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

/// add.sat.s32 and sub.sat.s32: overflow gives the largest value of a's sign.
template <bool subtract>
const Op* add_saturated(Warp& w, const Op* op) {
  return map2<int32_t, int32_t, int32_t>(w, op, [](auto a, auto b) {
    using V = decltype(a);
    using U = BitsOf<V>;
    const V sum = as<V>(subtract ? as<U>(a) - as<U>(b) : as<U>(a) + as<U>(b));
    const V overflow = subtract ? (a ^ b) & (a ^ sum) : ~(a ^ b) & (a ^ sum);
    return select<V>(overflow < 0, (a >> 31) ^ 0x7fffffff, sum);
  });
}

/// Two 16-bit values in one 32-bit register.
template <class H, auto f>
const Op* packed(Warp& w, const Op* op) {
  return map2<uint32_t, uint32_t, uint32_t>(w, op, [](auto a, auto b) {
    using P = Vec<H, 2 * kLanesOf<decltype(a)>>;
    return as<decltype(a)>(P(f(as<P>(a), as<P>(b))));
  });
}

template <class T>
const Op* mul_lo(Warp& w, const Op* op) {
  return map2<T, T, T>(w, op, [](auto a, auto b) { return a * b; });
}
template <class T>
const Op* mul_hi(Warp& w, const Op* op) {
  return map2<T, T, T>(w, op, [](auto a, auto b) { return mul_high<T>(a, b); });
}
/// Wide products: 16 x 16 -> 32 and 32 x 32 -> 64.
template <class T>
using Twice = std::conditional_t<sizeof(T) == 2, Wide<T>,
                                 std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;
template <class T, class V>
PTXVM_INLINE auto wide_product(V a, V b) {
  if constexpr (sizeof(T) == 2)
    return a * b;
  else
    return mul_low_halves<T>(widen<Twice<T>>(a), widen<Twice<T>>(b));
}
template <class T>
const Op* mul_wide(Warp& w, const Op* op) {
  return map2<Twice<T>, T, T>(w, op, [](auto a, auto b) { return wide_product<T>(a, b); });
}
template <class T>
const Op* mad_lo(Warp& w, const Op* op) {
  return map3<T, T, T, T>(w, op, [](auto a, auto b, auto c) { return a * b + c; });
}
template <class T>
const Op* mad_hi(Warp& w, const Op* op) {
  return map3<T, T, T, T>(w, op, [](auto a, auto b, auto c) { return mul_high<T>(a, b) + c; });
}
template <class T>
const Op* mad_wide(Warp& w, const Op* op) {
  return map3<Twice<T>, T, T, Twice<T>>(
      w, op, [](auto a, auto b, auto c) { return wide_product<T>(a, b) + c; });
}
const Op* mad_hi_saturated(Warp& w, const Op* op) {
  return scalar3<int32_t, int32_t, int32_t, int32_t>(w, op, [](int64_t a, int64_t b, int64_t c) {
    const int64_t sum = (a * b >> 32) + c;
    return int32_t(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  });
}

/// 24-bit operands: their upper 8 bits are not looked at. .hi is bits 47..16 of the product.
template <class T, bool high>
PTXVM_INLINE T product24(T a, T b) {
  using L = std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>;
  const L product = L(T(uint32_t(a) << 8) >> 8) * L(T(uint32_t(b) << 8) >> 8);
  return high ? T(product >> 16) : T(product);
}
template <class T, bool high>
const Op* mul24(Warp& w, const Op* op) {
  return scalar2<T, T, T>(w, op, [](T a, T b) { return product24<T, high>(a, b); });
}
template <class T, bool high>
const Op* mad24(Warp& w, const Op* op) {
  return scalar3<T, T, T, T>(
      w, op, [](T a, T b, T c) { return T(uint32_t(product24<T, high>(a, b)) + uint32_t(c)); });
}
const Op* mad24_hi_saturated(Warp& w, const Op* op) {
  return scalar3<int32_t, int32_t, int32_t, int32_t>(w, op, [](int32_t a, int32_t b, int32_t c) {
    const int64_t sum = int64_t{product24<int32_t, true>(a, b)} + c;
    return int32_t(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  });
}

template <class T>
const Op* sad(Warp& w, const Op* op) {
  return map3<T, T, T, T>(w, op, [](auto a, auto b, auto c) {
    using V = decltype(a);
    return c + select<V>(a < b, b - a, a - b);
  });
}

constexpr auto kAdd = [](auto a, auto b) { return a + b; };
constexpr auto kSub = [](auto a, auto b) { return a - b; };
constexpr auto kNeg = [](auto a) { return 0 - a; };
constexpr auto kAbs = [](auto a) { return a < 0 ? 0 - a : a; };
constexpr auto kMin = [](auto a, auto b) { return a < b ? a : b; };
constexpr auto kMax = [](auto a, auto b) { return a < b ? b : a; };
template <auto f>
constexpr auto kRelu = [](auto a, auto b) {
  const decltype(a) r = f(a, b);
  return r < 0 ? decltype(a){} : r;
};

template <auto f>
Selected add_or_sub(const Instruction& in) {
  const Type t = in.type();
  if (t == Type::u16x2 || t == Type::s16x2) return {packed<uint16_t, f>};
  return by_width<uint16_t, uint32_t, uint64_t>(
      t, []<class T>() -> Handler { return binary<T, T, T, f>; });
}

template <auto f>
Selected min_or_max(const Instruction& in) {
  const Type t = in.type();
  if (in.has("relu")) {
    if (t == Type::s32) return {binary<int32_t, int32_t, int32_t, kRelu<f>>};
    if (t == Type::s16x2) return {packed<int16_t, kRelu<f>>};
    return {};
  }
  if (t == Type::u16x2) return {packed<uint16_t, f>};
  if (t == Type::s16x2) return {packed<int16_t, f>};
  return by_type<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(
      t, []<class T>() -> Handler { return binary<T, T, T, f>; });
}

}  // namespace

Selected select_add(const Instruction& in) {
  if (is_float(in.last_type())) return select_float_add(in);
  if (in.has("cc")) return select_add_carry(in, false);
  if (in.has("sat")) return in.type() == Type::s32 ? Selected{add_saturated<false>} : Selected{};
  return add_or_sub<kAdd>(in);
}

Selected select_sub(const Instruction& in) {
  if (is_float(in.last_type())) return select_float_sub(in);
  if (in.has("cc")) return select_sub_carry(in, false);
  if (in.has("sat")) return in.type() == Type::s32 ? Selected{add_saturated<true>} : Selected{};
  return add_or_sub<kSub>(in);
}

Selected select_mul(const Instruction& in) {
  const Type t = in.type();
  if (is_float(t)) return select_float_mul(in);
  if (in.has("wide"))
    return by_type<uint16_t, int16_t, uint32_t, int32_t>(
        t, []<class T>() -> Handler { return mul_wide<T>; });
  if (in.has("hi"))
    return by_type<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(
        t, []<class T>() -> Handler { return mul_hi<T>; });
  return by_width<uint16_t, uint32_t, uint64_t>(t, []<class T>() -> Handler { return mul_lo<T>; });
}

Selected select_mad(const Instruction& in) {
  const Type t = in.type();
  if (is_float(t)) return select_fma(in);
  if (in.has("cc")) return select_mad_carry(in, false);
  if (in.has("sat"))
    return in.has("hi") && t == Type::s32 ? Selected{mad_hi_saturated} : Selected{};
  if (in.has("wide"))
    return by_type<uint16_t, int16_t, uint32_t, int32_t>(
        t, []<class T>() -> Handler { return mad_wide<T>; });
  if (in.has("hi"))
    return by_type<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(
        t, []<class T>() -> Handler { return mad_hi<T>; });
  return by_width<uint16_t, uint32_t, uint64_t>(t, []<class T>() -> Handler { return mad_lo<T>; });
}

Selected select_mul24(const Instruction& in) {
  const bool high = in.has("hi");
  return by_type<uint32_t, int32_t>(
      in.type(), [&]<class T>() -> Handler { return high ? mul24<T, true> : mul24<T, false>; });
}

Selected select_mad24(const Instruction& in) {
  const bool high = in.has("hi");
  if (in.has("sat"))
    return high && in.type() == Type::s32 ? Selected{mad24_hi_saturated} : Selected{};
  return by_type<uint32_t, int32_t>(
      in.type(), [&]<class T>() -> Handler { return high ? mad24<T, true> : mad24<T, false>; });
}

Selected select_sad(const Instruction& in) {
  return by_type<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(
      in.type(), []<class T>() -> Handler { return sad<T>; });
}

Selected select_abs(const Instruction& in) {
  if (is_float(in.last_type())) return select_float_abs(in);
  return by_type<int16_t, int32_t, int64_t>(in.type(),
                                            []<class T>() -> Handler { return unary<T, T, kAbs>; });
}

Selected select_neg(const Instruction& in) {
  if (is_float(in.last_type())) return select_float_neg(in);
  return by_width<uint16_t, uint32_t, uint64_t>(
      in.type(), []<class T>() -> Handler { return unary<T, T, kNeg>; });
}

Selected select_min(const Instruction& in) {
  return is_float(in.last_type()) ? select_float_min(in) : min_or_max<kMin>(in);
}
Selected select_max(const Instruction& in) {
  return is_float(in.last_type()) ? select_float_max(in) : min_or_max<kMax>(in);
}

}  // namespace ptxvm::PTXVM_ISA
