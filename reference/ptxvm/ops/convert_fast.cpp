// cvt between the formats that programs are made of, in vectors. Same results as convert.cpp, which
// the tests compare.
#include "reference/ptxvm/ops/convert.h"
#include "reference/ptxvm/ops/half.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

/// Integer to integer is: take the low bits as E, extend to D. A is what the source's lanes hold.
template <class D, class E, class A>
PTXVM_INLINE auto extended(A a) {
  if constexpr (sizeof(ElementOf<A>) == 4 && sizeof(D) == 8) {
    return widen<D>(a);
  } else if constexpr (sizeof(ElementOf<A>) == 4 || sizeof(E) == 8) {
    return a;
  } else {
    constexpr int shift = 32 - kNarrowBits<E>;
    const auto low = convert<int32_t>(a);
    using U = Vec<uint32_t, kLanesOf<A>>;
    if constexpr (std::is_signed_v<E>)
      return as<U>(low << shift >> shift);
    else
      return as<U>(low) & (~0u >> shift);
  }
}
template <class D, class E, class Slot>
const Op* extend(Warp& w, const Op* op) {
  using A = std::conditional_t<sizeof(Slot) == 8, uint64_t, E>;
  return map1<D, A>(
      w, op, [](auto a) { return as<Vec<Wide<D>, kLanesOf<decltype(a)>>>(extended<D, E>(a)); });
}
/// To s8 and s16, whose sign fills the register, be it 16 or 32 bits wide.
template <class E, class Slot>
const Op* extend_sign(Warp& w, const Op* op) {
  using A = std::conditional_t<sizeof(Slot) == 8, uint64_t, E>;
  const uint32_t kept = op->dst_bytes < 4 ? 0xffff : ~0u;
  return map1<uint32_t, A>(w, op, [=](auto a) {
    return as<Vec<uint32_t, kLanesOf<decltype(a)>>>(extended<uint32_t, E>(a)) & kept;
  });
}

template <class D, class Slot>
Handler extend_of(Type element) {
  switch (element) {
    case Type::u8:
      return extend<D, uint8_t, Slot>;
    case Type::s8:
      return extend<D, int8_t, Slot>;
    case Type::u16:
      return extend<D, uint16_t, Slot>;
    case Type::s16:
      return extend<D, int16_t, Slot>;
    case Type::u32:
      return extend<D, uint32_t, Slot>;
    case Type::s32:
      return extend<D, int32_t, Slot>;
    default:
      return nullptr;
  }
}
template <class Slot>
Handler extend_sign_of(Type element) {
  switch (element) {
    case Type::u8:
      return extend_sign<uint8_t, Slot>;
    case Type::s8:
      return extend_sign<int8_t, Slot>;
    default:
      return extend_sign<int16_t, Slot>;
  }
}
/// The low bits that matter are the narrower type's.
Handler integer_form(Type to, Type from) {
  const int d = ptx::bytes_of(to), a = ptx::bytes_of(from);
  const Type element = d <= a ? to : from;
  const bool wide = a == 8;
  if (d == 8)
    return wide ? extend<uint64_t, uint64_t, uint64_t> : extend_of<uint64_t, uint32_t>(element);
  if (d == 4)
    return wide ? extend_of<uint32_t, uint64_t>(element) : extend_of<uint32_t, uint32_t>(element);
  if (to == Type::s8 || to == Type::s16)
    return wide ? extend_sign_of<uint64_t>(element) : extend_sign_of<uint32_t>(element);
  return wide ? extend_of<uint16_t, uint64_t>(element) : extend_of<uint16_t, uint32_t>(element);
}

template <class D, class A>
constexpr auto kConvert = [](auto a) { return convert<D>(a); };

/// f32 -> s32 or u32, clamped, NaN to 0.
template <class D, int direction, bool ftz>
const Op* integer_from_float(Warp& w, const Op* op) {
  return map1<D, float>(w, op, [](auto a) {
    using V = Vec<D, kLanesOf<decltype(a)>>;
    using F = decltype(a);
    constexpr float low = std::is_signed_v<D> ? -0x1p31f : 0.0f,
                    high = std::is_signed_v<D> ? 0x1p31f : 0x1p32f;
    const F x = integral<direction>(flush_if<ftz>(a));
    const F inside = select<F>((x >= low) & (x < high), x, F{});
    V r = convert<D>(inside);
    r = select<V>(x >= high, splat<V>(D(std::is_signed_v<D> ? 0x7fffffffu : 0xffffffffu)), r);
    return select<V>(x < low, splat<V>(D(std::is_signed_v<D> ? 0x80000000u : 0u)), r);
  });
}
template <int direction, bool ftz>
const Op* integral_float(Warp& w, const Op* op) {
  return map1<float, float>(
      w, op, [](auto a) { return canonical(integral<direction>(flush_if<ftz>(a))); });
}
template <bool ftz, bool sat>
const Op* same_float(Warp& w, const Op* op) {
  return map1<float, float>(w, op, [](auto a) { return finish<ftz, sat>(a); });
}
const Op* float_from_double(Warp& w, const Op* op) {
  return map1<float, double>(w, op, [](auto a) { return canonical(convert<float>(a)); });
}

constexpr int64_t kRelu = 1;  // in Op::imm
template <class Format>
const Op* half_from_float(Warp& w, const Op* op) {
  return map1<uint32_t, float>(w, op, [relu = op->imm & kRelu](auto a) {
    return Format::from_float(relu ? (a <= 0 ? decltype(a){} : a) : a);
  });
}
template <class Format>
const Op* float_from_half(Warp& w, const Op* op) {
  return map1<float, uint16_t>(w, op, [](auto a) { return canonical(Format::to_float(a)); });
}
/// Two f32 to a pair, a in the upper half.
template <class Format>
const Op* pair_from_floats(Warp& w, const Op* op) {
  return map2<uint32_t, float, float>(w, op, [relu = op->imm & kRelu](auto a, auto b) {
    const auto one = [=](auto x) {
      return Format::from_float(relu ? (x <= 0 ? decltype(x){} : x) : x);
    };
    return one(a) << 16 | one(b);
  });
}

int direction_of(const Instruction& in) {
  return in.has("rni") ? 0 : in.has("rmi") ? 1 : in.has("rpi") ? 2 : 3;
}

template <class D>
Handler from_float_of(const Instruction& in) {
  static constexpr Handler kForms[4][2] = {
      {integer_from_float<D, 0, false>, integer_from_float<D, 0, true>},
      {integer_from_float<D, 1, false>, integer_from_float<D, 1, true>},
      {integer_from_float<D, 2, false>, integer_from_float<D, 2, true>},
      {integer_from_float<D, 3, false>, integer_from_float<D, 3, true>},
  };
  return kForms[direction_of(in)][in.has("ftz")];
}
Handler same_float_of(const Instruction& in) {
  static constexpr Handler kForms[4][2] = {{integral_float<0, false>, integral_float<0, true>},
                                           {integral_float<1, false>, integral_float<1, true>},
                                           {integral_float<2, false>, integral_float<2, true>},
                                           {integral_float<3, false>, integral_float<3, true>}};
  const bool ftz = in.has("ftz"), sat = in.has("sat");
  if (in.has("rni") || in.has("rzi") || in.has("rmi") || in.has("rpi"))
    return sat ? nullptr : kForms[direction_of(in)][ftz];
  if (ftz) return sat ? same_float<true, true> : same_float<true, false>;
  return sat ? same_float<false, true> : same_float<false, false>;
}

struct Row {
  Type to, from;
  size_t operands;
  Handler handler;
};
// Rounded to nearest where rounding applies; .ftz and .sat go to the general form, .relu is
// Op::imm.
constexpr Row kRows[] = {
    {Type::f32, Type::s32, 2, unary<float, int32_t, kConvert<float, int32_t>>},
    {Type::f32, Type::u32, 2, unary<float, uint32_t, kConvert<float, uint32_t>>},
    {Type::f64, Type::s32, 2, unary<double, int32_t, kConvert<double, int32_t>>},
    {Type::f64, Type::u32, 2, unary<double, uint32_t, kConvert<double, uint32_t>>},
    {Type::f64, Type::s64, 2, unary<double, int64_t, kConvert<double, int64_t>>},
    {Type::f64, Type::u64, 2, unary<double, uint64_t, kConvert<double, uint64_t>>},
    {Type::f64, Type::f32, 2, unary<double, float, kConvert<double, float>>},
    {Type::f32, Type::f64, 2, float_from_double},
    {Type::f32, Type::f16, 2, float_from_half<F16>},
    {Type::f32, Type::bf16, 2, float_from_half<BF16>},
    {Type::f16, Type::f32, 2, half_from_float<F16>},
    {Type::bf16, Type::f32, 2, half_from_float<BF16>},
    {Type::f16x2, Type::f32, 3, pair_from_floats<F16>},
    {Type::bf16x2, Type::f32, 3, pair_from_floats<BF16>},
};

bool is_integer(Type t) { return t >= Type::u8 && t <= Type::s64; }

}  // namespace

Selected select_cvt_fast(const Instruction& in) {
  const Type to = in.type(0), from = in.type(1);
  if (is_integer(to) && is_integer(from)) return {in.has("sat") ? nullptr : integer_form(to, from)};
  if (from == Type::f32 && to == Type::s32) return {from_float_of<int32_t>(in)};
  if (from == Type::f32 && to == Type::u32) return {from_float_of<uint32_t>(in)};
  if (from == Type::f32 && to == Type::f32) return {same_float_of(in)};
  for (const char* word : {"rz", "rm", "rp", "sat", "satfinite", "ftz", "rna"})
    if (in.has(word)) return {};
  for (const Row& row : kRows)
    if (row.to == to && row.from == from && row.operands == in.operands.size())
      return {row.handler, in.has("relu") ? kRelu : 0};
  return {};
}

}  // namespace ptxvm::PTXVM_ISA
