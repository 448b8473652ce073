// From PTX types to handlers: which C++ type stands for which PTX type, and how a selector picks
// one handler per type.
#pragma once

#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/ops/simd.h"

namespace ptxvm::PTXVM_ISA {

/// True if T is how registers of this PTX type are computed on. Untyped bits are unsigned.
template <class T>
constexpr bool stands_for(ptx::Type type) {
  using ptx::Type;
  if constexpr (std::is_same_v<T, uint8_t>) return type == Type::u8 || type == Type::b8;
  if constexpr (std::is_same_v<T, int8_t>) return type == Type::s8;
  if constexpr (std::is_same_v<T, uint16_t>) return type == Type::u16 || type == Type::b16;
  if constexpr (std::is_same_v<T, int16_t>) return type == Type::s16;
  if constexpr (std::is_same_v<T, uint32_t>) return type == Type::u32 || type == Type::b32;
  if constexpr (std::is_same_v<T, int32_t>) return type == Type::s32;
  if constexpr (std::is_same_v<T, uint64_t>) return type == Type::u64 || type == Type::b64;
  if constexpr (std::is_same_v<T, int64_t>) return type == Type::s64;
  if constexpr (std::is_same_v<T, float>) return type == Type::f32;
  if constexpr (std::is_same_v<T, double>) return type == Type::f64;
  return false;
}

constexpr bool is_float(ptx::Type t) {
  using ptx::Type;
  return t == Type::f16 || t == Type::f16x2 || t == Type::bf16 || t == Type::bf16x2 ||
         t == Type::f32 || t == Type::f64 || t == Type::f32x2 || t == Type::tf32;
}

/// The handler for a type: by_type<uint32_t, int32_t>(type, []<class T>() -> Handler { return
/// add<T>; }).
template <class... T, class Make>
Selected by_type(ptx::Type type, Make make) {
  Selected s;
  ((stands_for<T>(type) ? void(s.handler = make.template operator()<T>()) : void()), ...);
  return s;
}
/// As by_type, by the width alone: signed and unsigned share the unsigned handler.
template <class... T, class Make>
Selected by_width(ptx::Type type, Make make) {
  Selected s;
  ((ptx::bytes_of(type) == int(sizeof(T)) ? void(s.handler = make.template operator()<T>())
                                          : void()),
   ...);
  return s;
}

/// Handlers made of one element-wise lambda without captures.
template <class D, class A, auto f>
const Op* unary(Warp& w, const Op* op) {
  return map1<D, A>(w, op, f);
}
template <class D, class A, class B, auto f>
const Op* binary(Warp& w, const Op* op) {
  return map2<D, A, B>(w, op, f);
}
template <class D, class A, class B, class C, auto f>
const Op* ternary(Warp& w, const Op* op) {
  return map3<D, A, B, C>(w, op, f);
}

// Float forms of mnemonics that integers have too; the integer selectors hand on to these.
Selected select_float_add(const ptx::Instruction&);
Selected select_float_sub(const ptx::Instruction&);
Selected select_float_mul(const ptx::Instruction&);
Selected select_float_div(const ptx::Instruction&);
Selected select_float_abs(const ptx::Instruction&);
Selected select_float_neg(const ptx::Instruction&);
Selected select_float_min(const ptx::Instruction&);
Selected select_float_max(const ptx::Instruction&);

// Forms with the carry flag (carry.cpp).
Selected select_add_carry(const ptx::Instruction&, bool carry_in);
Selected select_sub_carry(const ptx::Instruction&, bool carry_in);
Selected select_mad_carry(const ptx::Instruction&, bool carry_in);

/// d = high half of a * b, element-wise.
template <class T, class V>
PTXVM_INLINE V mul_high(V a, V b) {
  if constexpr (sizeof(T) <= 2) {
    return a * b >> kNarrowBits<T>;
  } else if constexpr (sizeof(T) == 4) {
    using W = Vec<uint64_t, kLanesOf<V> / 2>;
    const W even = mul_low_halves<T>(as<W>(a), as<W>(b)) >> 32;
    const W odd = mul_low_halves<T>(W(as<W>(a) >> 32), W(as<W>(b) >> 32)) & 0xffffffff00000000u;
    return as<V>(even | odd);
  } else {
    using Wide128 = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
    V r{};
    for (int i = 0; i < kLanesOf<V>; ++i) r[i] = T(Wide128(a[i]) * b[i] >> 64);
    return r;
  }
}

}  // namespace ptxvm::PTXVM_ISA
