// What single and double precision share: NaN rules, flushing, saturation, rounding modes. PTX
// ISA 9.0, section 9.7.3.
//
// An f32 result that is NaN is 0x7fffffff (CUDA C++ Programming Guide, floating-point standard);
// f64 keeps payloads.
#pragma once

#include <cfenv>

#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {

inline constexpr uint32_t kNan32 = 0x7fffffffu;

template <class V>
inline constexpr auto kSignOf = ElementOf<BitsOf<V>>{1} << (8 * sizeof(ElementOf<V>) - 1);

template <class V>
PTXVM_INLINE V canonical(V v) {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<V, Vec<float, 16>>)
    return V(_mm512_mask_mov_ps(__m512(v), _mm512_cmp_ps_mask(__m512(v), __m512(v), _CMP_UNORD_Q),
                                _mm512_castsi512_ps(_mm512_set1_epi32(int(kNan32)))));
#endif
  if constexpr (sizeof(ElementOf<V>) == 4)
    return select<V>(v != v, as<V>(splat<BitsOf<V>>(kNan32)), v);
  else
    return v;
}
template <class V>
PTXVM_INLINE V magnitude(V v) {
  return as<V>(as<BitsOf<V>>(v) & ~kSignOf<V>);
}
/// Subnormal f32 values become zeros of the same sign.
template <class V>
PTXVM_INLINE V flush(V v) {
  const BitsOf<V> bits = as<BitsOf<V>>(v);
  return as<V>(select<BitsOf<V>>((bits & 0x7f800000u) == 0, bits & kSignOf<V>, bits));
}
template <bool ftz, class V>
PTXVM_INLINE V flush_if(V v) {
  if constexpr (ftz)
    return flush(v);
  else
    return v;
}
/// To [0, 1], NaN to +0.
template <class V>
PTXVM_INLINE V saturate(V v) {
  const V one = V{} + 1;
  return v > 0 ? (v < one ? v : one) : V{};
}
/// What happens to every f32 result.
template <bool ftz, bool sat, class V>
PTXVM_INLINE V finish(V v) {
  v = flush_if<ftz>(v);
  if constexpr (sat)
    return saturate(v);
  else
    return canonical(v);
}

/// Smaller or larger of two; -0 < +0; a NaN loses, or wins under .NaN.
template <bool larger, bool nan_wins, class V>
PTXVM_INLINE V extreme(V a, V b) {
  const BitsOf<V> ua = as<BitsOf<V>>(a), ub = as<BitsOf<V>>(b);
  V r = larger ? (a > b ? a : b) : (a < b ? a : b);
  r = a == b ? as<V>(larger ? ua & ub : ua | ub) : r;
  return nan_wins ? (a != a ? a : b != b ? b : r) : (b != b ? a : r);
}

inline float flush(float x) {
  return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0.0f, x) : x;
}
inline float saturate(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

/// How an op that is not .rn finds its modifiers: Op::imm.
struct RoundingImm {
  enum : int64_t { kMode = 0xffffff, kFtz = 1 << 24, kSat = 1 << 25 };
};
/// The host's rounding mode of .rz, .rm or .rp; FE_TONEAREST if there is none.
inline int rounding_of(const ptx::Instruction& in) {
  if (in.has("rz")) return FE_TOWARDZERO;
  if (in.has("rm")) return FE_DOWNWARD;
  if (in.has("rp")) return FE_UPWARD;
  return FE_TONEAREST;
}

// rounding.cpp: IEEE operations with any rounding mode, .ftz and .sat; null if the type is neither
// f32 nor f64.
enum class Rounded { add, sub, mul, fma, div, rcp, sqrt };
Selected select_rounded(Rounded, const ptx::Instruction&);

}  // namespace ptxvm::PTXVM_ISA
