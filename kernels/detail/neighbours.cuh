// Neighbours in memory, read and written in one access where they are aligned. Whether they are is
// the same for all threads, so that the branch costs next to nothing.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/detail/element.cuh"

namespace tconv::detail {

inline constexpr int kAccessBytes = 16;  ///< of the widest access

template <class E, int kCount>
struct alignas(kCount * sizeof(E)) Vector {
  E value[kCount];
};

/// Elements per access when kCount neighbours are read: kCount, less if that is too wide, 1 if it
/// is no power of two.
template <class E, int kCount>
inline constexpr int kPerAccess = (kCount & (kCount - 1)) != 0         ? 1
                                  : kCount * sizeof(E) <= kAccessBytes ? kCount
                                                                       : kAccessBytes / sizeof(E);

/// True if kCount neighbours at `base`, and at any multiple of kCount from there, can be accessed
/// like that.
template <int kCount, class E>
bool lies_on(const E* base) {
  return reinterpret_cast<uintptr_t>(base) % (kPerAccess<E, kCount> * sizeof(E)) == 0;
}

template <int kCount, class E>
__device__ __forceinline__ void load(float (&to)[kCount], const E* from, bool aligned) {
  constexpr int kStep = kPerAccess<E, kCount>;
  if (kStep > 1 && aligned) {
#pragma unroll
    for (int i = 0; i < kCount; i += kStep) {
      const auto held = *reinterpret_cast<const Vector<E, kStep>*>(from + i);
#pragma unroll
      for (int j = 0; j < kStep; ++j) to[i + j] = widen(held.value[j]);
    }
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) to[i] = widen(from[i]);
  }
}

template <int kCount, class E>
__device__ __forceinline__ void store(E* to, const float (&from)[kCount], bool aligned) {
  constexpr int kStep = kPerAccess<E, kCount>;
  if (kStep > 1 && aligned) {
#pragma unroll
    for (int i = 0; i < kCount; i += kStep) {
      Vector<E, kStep> held;
#pragma unroll
      for (int j = 0; j < kStep; ++j) held.value[j] = narrow<E>(from[i + j]);
      *reinterpret_cast<Vector<E, kStep>*>(to + i) = held;
    }
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) to[i] = narrow<E>(from[i]);
  }
}

/// Reads one number for each of a few neighbouring channels, which in nchw lie `next` apart.
template <Layout kLayout, int kCount, class X>
__device__ __forceinline__ void load_tile(float (&to)[kCount], X from, int next, bool aligned) {
  if constexpr (kLayout == Layout::nchw) {
#pragma unroll
    for (int c = 0; c < kCount; ++c) to[c] = widen(*(from + int64_t{c} * next));
  } else {
    load(to, from, aligned);
  }
}

/// Stores one number for each of a few neighbouring channels, which in nchw lie `next` apart.
template <Layout kLayout, int kCount, class E>
__device__ __forceinline__ void store_tile(E* to, int next, const float (&from)[kCount],
                                           bool aligned) {
  if constexpr (kLayout == Layout::nchw) {
#pragma unroll
    for (int c = 0; c < kCount; ++c) to[int64_t{c} * next] = narrow<E>(from[c]);
  } else {
    store(to, from, aligned);
  }
}

}  // namespace tconv::detail
