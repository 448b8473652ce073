// Half precision: f16 and bf16, one or two to a register. PTX ISA 9.0, section 9.7.4. A NaN result
// is 0x7fff.
//
// Formats compute in f32: its 24 bits are at least 2p + 2, so that rounding the rounded sum,
// difference or product again is exact for both (Figueroa 1995). Only fma needs care (half.cpp).
#pragma once

#include "reference/ptxvm/ops/float.h"

namespace ptxvm::PTXVM_ISA {

inline constexpr uint32_t kNan16 = 0x7fff;

struct F16 {
  static constexpr uint32_t kExponent = 0x7c00, kOne = 0x3c00;

  template <class V>  // V: 32-bit lanes, value in the low half, upper half zero
  static PTXVM_INLINE auto to_float(V h) {
    using F = Vec<float, kLanesOf<V>>;
    const V shifted = (h & 0x7fff) << 13;
    const V scaled = as<V>(as<F>(shifted) * 0x1p112f);  // subnormals become normal
    const V special = shifted | 0x7f800000;
    return as<F>(select<V>((h & kExponent) == kExponent, special, scaled) | (h & 0x8000) << 16);
  }
  /// Nearest, ties to even.
  template <class F>
  static PTXVM_INLINE auto from_float(F f) {
    using V = BitsOf<F>;
    const V bits = as<V>(f), u = bits & 0x7fffffff;
    const V normal =
        (u + 0xc8000fffu + (u >> 13 & 1)) >> 13;           // exponent from bias 127 to 15, rounded
    const V small = as<V>(as<F>(u) + 0.5f) - 0x3f000000u;  // the adder rounds at 2^-24
    V r = select<V>(u < 0x38800000u, small, normal);
    r = select<V>(u >= 0x47800000u, splat<V>(kExponent), r) | (bits >> 16 & 0x8000);
    return select<V>(u > 0x7f800000u, splat<V>(kNan16), r);
  }
};

struct BF16 {
  static constexpr uint32_t kExponent = 0x7f80, kOne = 0x3f80;

  template <class V>
  static PTXVM_INLINE auto to_float(V h) {
    return as<Vec<float, kLanesOf<V>>>(V(h << 16));
  }
  template <class F>
  static PTXVM_INLINE auto from_float(F f) {
    using V = BitsOf<F>;
    const V bits = as<V>(f);
    return select<V>((bits & 0x7fffffff) > 0x7f800000u, splat<V>(kNan16),
                     (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
};

enum class HalfOp { add, sub, mul, fma, abs, neg, ex2, tanh };
Selected select_half(const ptx::Instruction&, HalfOp);
Selected select_half_extreme(const ptx::Instruction&, bool larger);

}  // namespace ptxvm::PTXVM_ISA
