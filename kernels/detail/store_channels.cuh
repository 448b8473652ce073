// How GEMMs store their sums: runs of neighbouring channels.
#pragma once

#include <cstdint>

#include "kernels/detail/element.cuh"

namespace tconv::detail {

/// Stores neighbours in memory at once; `to` is aligned to all of them.
template <class E, int kCount>
__device__ __forceinline__ void store_vector(E* to, const float (&value)[kCount]) {
  struct alignas(kCount * sizeof(E)) Run {
    E element[kCount];
  } run;
#pragma unroll
  for (int i = 0; i < kCount; ++i) run.element[i] = narrow<E>(value[i]);
  *reinterpret_cast<Run*>(to) = run;
}

/// Stores the first `count` of kCount neighbouring channels. `vectors`: all of them exist or none,
/// neighbours in memory and aligned to their size.
template <class E, int kCount>
__device__ __forceinline__ void store_channels(E* to, int channel, const float (&value)[kCount],
                                               int count, bool vectors) {
  if (vectors) {
    if (count > 0) store_vector(to, value);
    return;
  }
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    if (i < count) to[int64_t{i} * channel] = narrow<E>(value[i]);
  }
}

}  // namespace tconv::detail
