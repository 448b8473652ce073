// The inner loop of the direct kernels: one tap, reduced over the input channels of a group.
#pragma once

#include <cstdint>

namespace tconv::detail {

/// sum[c] += sum over ic of x[ic * x_stride] * w[ic * w_stride + c * w_channel], ic < channels. One
/// load of x serves kChannels multiply-adds.
template <int kChannels>
__device__ __forceinline__ void reduce_channels(float (&sum)[kChannels], const float* x,
                                                int64_t x_stride, const float* w, int64_t w_stride,
                                                int64_t w_channel, int channels) {
  for (int ic = 0; ic < channels; ++ic) {
    const float value = *x;
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, w[c * w_channel], sum[c]);
    x += x_stride;
    w += w_stride;
  }
}

}  // namespace tconv::detail
