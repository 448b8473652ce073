// Vectors as wide as this file is compiled for: 64, 32 or 16 bytes. Everything is the compiler's
// vector extensions; the few intrinsics that matter stand behind names here (bits of a comparison,
// select by bits, fused multiply-add, widening, rounding to integers).
#pragma once

#if defined(__x86_64__)
#ifndef __clang__  // GCC 12 warns of its own _mm512_undefined
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#ifndef __clang__
#pragma GCC diagnostic pop
#endif
#endif

#include <type_traits>

#include "reference/ptxvm/warp.h"

#define PTXVM_INLINE inline __attribute__((always_inline))

namespace ptxvm::PTXVM_ISA {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

template <class T, int n>
struct VecOf {
  typedef T type __attribute__((vector_size(n * sizeof(T))));
  typedef type in_memory __attribute__((may_alias));
};
template <class T, int n>
using Vec = typename VecOf<T, n>::type;

template <class V>
inline constexpr int kLanesOf = sizeof(V) / sizeof(V{}[0]);
template <class V>
using ElementOf = std::remove_cvref_t<decltype(V{}[0])>;
/// The integer vector that a comparison of V gives, and its unsigned twin.
template <class V>
using MaskOf = Vec<std::conditional_t<sizeof(ElementOf<V>) == 8, int64_t, int32_t>, kLanesOf<V>>;
template <class V>
using BitsOf = Vec<std::conditional_t<sizeof(ElementOf<V>) == 8, uint64_t, uint32_t>, kLanesOf<V>>;

/// How a value of PTX type T lies in a register: 8 and 16 bits widen to 32.
template <class T>
using Wide = std::conditional_t<(sizeof(T) >= 4), T,
                                std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>;
template <class T>
inline constexpr int kNarrowBits = sizeof(T) < 4 ? 8 * int(sizeof(T)) : 32;

template <class T, class... Rest>
constexpr int step_of() {
  int bytes = sizeof(Wide<T>);
  ((bytes = bytes < int(sizeof(Wide<Rest>)) ? int(sizeof(Wide<Rest>)) : bytes), ...);
  return kVectorBytes / bytes;
}

template <class V, class U>
PTXVM_INLINE V as(U v) {
  static_assert(sizeof(V) == sizeof(U));
  return reinterpret_cast<V>(v);
}
template <class E, class U>
PTXVM_INLINE Vec<E, kLanesOf<U>> convert(U v) {
  return __builtin_convertvector(v, Vec<E, kLanesOf<U>>);
}
/// convert() of integers to 64 bits; spelled out because GCC 12 builds it from halves.
template <class E, class U>
PTXVM_INLINE Vec<E, kLanesOf<U>> widen(U v) {
  static_assert(sizeof(E) == 8);
#if defined(__AVX512F__)
  if constexpr (sizeof(U) == 32 && std::is_signed_v<ElementOf<U>>)
    return as<Vec<E, 8>>(_mm512_cvtepi32_epi64(as<__m256i>(v)));
  else if constexpr (sizeof(U) == 32)
    return as<Vec<E, 8>>(_mm512_cvtepu32_epi64(as<__m256i>(v)));
  else
#elif defined(__AVX2__)
  if constexpr (sizeof(U) == 16 && std::is_signed_v<ElementOf<U>>)
    return as<Vec<E, 4>>(_mm256_cvtepi32_epi64(as<__m128i>(v)));
  else if constexpr (sizeof(U) == 16)
    return as<Vec<E, 4>>(_mm256_cvtepu32_epi64(as<__m128i>(v)));
  else
#endif
    return convert<E>(v);
}
/// 64-bit products of the low 32 bits of each 64-bit lane, signed or not as S is.
template <class S, class W>
PTXVM_INLINE W mul_low_halves(W a, W b) {
#if defined(__AVX512F__)
  if constexpr (sizeof(W) == 64 && std::is_signed_v<S>)
    return as<W>(_mm512_mul_epi32(as<__m512i>(a), as<__m512i>(b)));
  else if constexpr (sizeof(W) == 64)
    return as<W>(_mm512_mul_epu32(as<__m512i>(a), as<__m512i>(b)));
  else
#endif
#if defined(__AVX2__)
      if constexpr (sizeof(W) == 32 && std::is_signed_v<S>)
    return as<W>(_mm256_mul_epi32(as<__m256i>(a), as<__m256i>(b)));
  else if constexpr (sizeof(W) == 32)
    return as<W>(_mm256_mul_epu32(as<__m256i>(a), as<__m256i>(b)));
  else
#endif
  {
    if constexpr (std::is_signed_v<S>)
      return as<W>((as<MaskOf<W>>(a) << 32 >> 32) * (as<MaskOf<W>>(b) << 32 >> 32));
    else
      return as<W>((as<BitsOf<W>>(a) & 0xffffffffu) * (as<BitsOf<W>>(b) & 0xffffffffu));
  }
}
template <class V>
PTXVM_INLINE V splat(ElementOf<V> x) {
  return V{} + x;
}
template <class V>
PTXVM_INLINE V select(MaskOf<V> mask, V yes, V no) {
  return mask ? yes : no;
}

template <class T, int n>
PTXVM_INLINE Vec<Wide<T>, n> load(const Wide<T>* p) {
  using V = Vec<Wide<T>, n>;
  V v = *reinterpret_cast<const typename VecOf<Wide<T>, n>::in_memory*>(p);
  if constexpr (sizeof(T) < 4) {
    constexpr int shift = 32 - kNarrowBits<T>;
    if constexpr (std::is_signed_v<T>)
      v = v << shift >> shift;
    else
      v = v & ((1u << kNarrowBits<T>)-1);
  }
  return v;
}

/// Lane masks of n lanes as all-ones integers.
template <class V>
PTXVM_INLINE MaskOf<V> expand(uint32_t bits) {
  using M = MaskOf<V>;
  constexpr int n = kLanesOf<V>;
  M bit{};
  for (int i = 0; i < n; ++i) bit[i] = ElementOf<M>{1} << i;
  return (bit & ElementOf<M>(bits)) != 0;
}

template <class V>
PTXVM_INLINE V select_bits(uint32_t bits, V yes, V no) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && sizeof(ElementOf<V>) == 4)
    return as<V>(_mm512_mask_blend_epi32(__mmask16(bits), as<__m512i>(no), as<__m512i>(yes)));
  else if constexpr (sizeof(V) == 64 && sizeof(ElementOf<V>) == 8)
    return as<V>(_mm512_mask_blend_epi64(__mmask8(bits), as<__m512i>(no), as<__m512i>(yes)));
#endif
  return select<V>(expand<V>(bits), yes, no);
}

/// Bit i of the result is lane i of a comparison's result.
template <class M>
PTXVM_INLINE uint32_t bits_of(M mask) {
  constexpr int size = sizeof(ElementOf<M>);
#if defined(__AVX512F__)
  if constexpr (sizeof(M) == 64 && size == 4)
    return _mm512_movepi32_mask(as<__m512i>(mask));
  else if constexpr (sizeof(M) == 64 && size == 8)
    return _mm512_movepi64_mask(as<__m512i>(mask));
  else
#endif
#if defined(__AVX2__)
      if constexpr (sizeof(M) == 32 && size == 4)
    return uint32_t(_mm256_movemask_ps(as<__m256>(mask)));
  else if constexpr (sizeof(M) == 32 && size == 8)
    return uint32_t(_mm256_movemask_pd(as<__m256d>(mask)));
  else
#endif
#if defined(__SSE2__)
      if constexpr (sizeof(M) == 16 && size == 4)
    return uint32_t(_mm_movemask_ps(as<__m128>(mask)));
  else if constexpr (sizeof(M) == 16 && size == 8)
    return uint32_t(_mm_movemask_pd(as<__m128d>(mask)));
  else
#endif
  {
    uint32_t bits = 0;
    for (int i = 0; i < kLanesOf<M>; ++i) bits |= uint32_t(mask[i] & 1) << i;
    return bits;
  }
}

/// bits_of(a OP b), in one instruction where comparisons give bits.
enum class Cmp { eq, lt, le, gt, ge, ordered, ne_ordered };
template <Cmp c, class V>
PTXVM_INLINE uint32_t compare(V a, V b) {
  using E [[maybe_unused]] = ElementOf<V>;
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && std::is_floating_point_v<E>) {
    constexpr int code = c == Cmp::eq        ? _CMP_EQ_OQ
                         : c == Cmp::lt      ? _CMP_LT_OQ
                         : c == Cmp::le      ? _CMP_LE_OQ
                         : c == Cmp::gt      ? _CMP_GT_OQ
                         : c == Cmp::ge      ? _CMP_GE_OQ
                         : c == Cmp::ordered ? _CMP_ORD_Q
                                             : _CMP_NEQ_OQ;
    if constexpr (sizeof(E) == 4)
      return _mm512_cmp_ps_mask(__m512(a), __m512(b), code);
    else
      return _mm512_cmp_pd_mask(__m512d(a), __m512d(b), code);
  } else if constexpr (sizeof(V) == 64) {
    constexpr auto code = c == Cmp::eq   ? _MM_CMPINT_EQ
                          : c == Cmp::lt ? _MM_CMPINT_LT
                          : c == Cmp::le ? _MM_CMPINT_LE
                          : c == Cmp::gt ? _MM_CMPINT_NLE
                                         : _MM_CMPINT_NLT;
    if constexpr (sizeof(E) == 4 && std::is_signed_v<E>)
      return _mm512_cmp_epi32_mask(as<__m512i>(a), as<__m512i>(b), code);
    else if constexpr (sizeof(E) == 4)
      return _mm512_cmp_epu32_mask(as<__m512i>(a), as<__m512i>(b), code);
    else if constexpr (std::is_signed_v<E>)
      return _mm512_cmp_epi64_mask(as<__m512i>(a), as<__m512i>(b), code);
    else
      return _mm512_cmp_epu64_mask(as<__m512i>(a), as<__m512i>(b), code);
  } else
#endif
  {
    if constexpr (c == Cmp::eq) return bits_of(a == b);
    if constexpr (c == Cmp::lt) return bits_of(a < b);
    if constexpr (c == Cmp::le) return bits_of(a <= b);
    if constexpr (c == Cmp::gt) return bits_of(a > b);
    if constexpr (c == Cmp::ge) return bits_of(a >= b);
    if constexpr (c == Cmp::ordered) return bits_of((a == a) & (b == b));
    if constexpr (c == Cmp::ne_ordered) return bits_of((a < b) | (a > b));
  }
}

/// a*b+c rounded once.
template <class V>
PTXVM_INLINE V fused(V a, V b, V c) {
  constexpr bool is_double = sizeof(ElementOf<V>) == 8;
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && !is_double)
    return V(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c)));
  else if constexpr (sizeof(V) == 64)
    return V(_mm512_fmadd_pd(__m512d(a), __m512d(b), __m512d(c)));
  else
#endif
#if defined(__FMA__)
      if constexpr (sizeof(V) == 32 && !is_double)
    return V(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c)));
  else if constexpr (sizeof(V) == 32)
    return V(_mm256_fmadd_pd(__m256d(a), __m256d(b), __m256d(c)));
  else
#endif
  {
    V r{};
    for (int i = 0; i < kLanesOf<V>; ++i) {
      if constexpr (is_double)
        r[i] = __builtin_fma(a[i], b[i], c[i]);
      else
        r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    }
    return r;
  }
}

/// Rounded to an integer; direction as SSE4.1 numbers it: 0 nearest even, 1 down, 2 up, 3 towards
/// zero.
template <int direction, class V>
PTXVM_INLINE V integral(V v) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && sizeof(ElementOf<V>) == 4)
    return V(_mm512_roundscale_ps(__m512(v), direction));
  else if constexpr (sizeof(V) == 64)
    return V(_mm512_roundscale_pd(__m512d(v), direction));
  else
#endif
#if defined(__AVX2__)
      if constexpr (sizeof(V) == 32 && sizeof(ElementOf<V>) == 4)
    return V(_mm256_round_ps(__m256(v), direction));
  else if constexpr (sizeof(V) == 32)
    return V(_mm256_round_pd(__m256d(v), direction));
  else
#endif
  {
    for (int i = 0; i < kLanesOf<V>; ++i) {
      const double x = v[i];
      v[i] = ElementOf<V>(direction == 0   ? __builtin_rint(x)
                          : direction == 1 ? __builtin_floor(x)
                          : direction == 2 ? __builtin_ceil(x)
                                           : __builtin_trunc(x));
    }
    return v;
  }
}

template <class T, int n>
PTXVM_INLINE void store(Wide<T>* p, Vec<Wide<T>, n> v) {
  if constexpr (sizeof(T) < 4) v = v & ((1u << kNarrowBits<T>)-1);
  *reinterpret_cast<typename VecOf<Wide<T>, n>::in_memory*>(p) = v;
}
template <class T, int n>
PTXVM_INLINE void store_active(Wide<T>* p, Vec<Wide<T>, n> v, uint32_t mask) {
  const Vec<Wide<T>, n> old = *reinterpret_cast<const typename VecOf<Wide<T>, n>::in_memory*>(p);
  if constexpr (sizeof(T) < 4) v = v & ((1u << kNarrowBits<T>)-1);
  *reinterpret_cast<typename VecOf<Wide<T>, n>::in_memory*>(p) = select_bits(mask, v, old);
}

}  // namespace ptxvm::PTXVM_ISA
