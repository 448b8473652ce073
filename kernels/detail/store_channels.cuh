// How GEMMs store their sums: runs of neighbouring channels.
#pragma once

#include <cstdint>

#include "kernels/detail/neighbours.cuh"

namespace tconv::detail {

/// Stores the first `count` of kCount neighbouring channels. `vectors`: all of them exist or none,
/// neighbours in memory and aligned to their size.
template <class E, int kCount>
__device__ __forceinline__ void store_channels(E* to, int channel, const float (&value)[kCount],
                                               int count, bool vectors) {
  if (vectors) {
    if (count > 0) store(to, value, true);
    return;
  }
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    if (i < count) to[int64_t{i} * channel] = narrow<E>(value[i]);
  }
}

}  // namespace tconv::detail
