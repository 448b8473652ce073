// The inner loops of the direct kernels: one tap, reduced over the channels of a group.
#pragma once

#include <cstdint>

#include "kernels/detail/neighbours.cuh"

namespace tconv::detail {

/// Channels to reduce over that are read at once where they are neighbours. Eight of two bytes
/// would need more registers than the kernels have.
inline constexpr int kReadAtOnce = 4;

/// add(x[0]), add(x[1]), ...: neighbours in memory. Aligned: read kAtOnce at a time.
template <int kAtOnce, class X, class Add>
__device__ __forceinline__ void for_each_neighbour(X x, int channels, bool aligned, Add add) {
  int ic = 0;
  for (; ic + kAtOnce <= channels; ic += kAtOnce) {
    float values[kAtOnce];
    load(values, x + ic, aligned);
#pragma unroll
    for (int j = 0; j < kAtOnce; ++j) add(values[j]);
  }
  for (; ic < channels; ++ic) add(widen(*(x + ic)));
}

/// sum[c] += sum over ic of x[ic * x_stride] * w[ic * w_stride + c * w_channel], ic < channels. One
/// load of x serves kChannels multiply-adds. X: const E*, or what is read like one.
template <int kChannels, class X, class E>
__device__ __forceinline__ void reduce_channels(float (&sum)[kChannels], X x, int64_t x_stride,
                                                const E* w, int64_t w_stride, int64_t w_channel,
                                                int channels) {
  for (int ic = 0; ic < channels; ++ic) {
    const float value = widen(*x);
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, widen(w[c * w_channel]), sum[c]);
    x += x_stride;
    w += w_stride;
  }
}

/// The same with x[ic] and w[ic * w_stride + c]: both have neighbouring channels (nhwc). Aligned:
/// in vectors of kReadAtOnce of x and kChannels of w.
template <int kChannels, class X, class E>
__device__ __forceinline__ void reduce_neighbours(float (&sum)[kChannels], X x, const E* w,
                                                  int64_t w_stride, int channels, bool x_aligned,
                                                  bool w_aligned) {
  for_each_neighbour<kReadAtOnce>(x, channels, x_aligned, [&](float value) {
    float weights[kChannels];
    load(weights, w, w_aligned);
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, weights[c], sum[c]);
    w += w_stride;
  });
}

/// sum[c] += sum over oc of y[oc] * w[c * w_channel + oc], oc < channels: both are read along their
/// neighbours. Aligned: in vectors of kReadAtOnce.
template <int kChannels, class E>
__device__ __forceinline__ void reduce_along(float (&sum)[kChannels], const E* y, const E* w,
                                             int64_t w_channel, int channels, bool y_aligned,
                                             bool w_aligned) {
  int oc = 0;
  for (; oc + kReadAtOnce <= channels; oc += kReadAtOnce) {
    float values[kReadAtOnce], weights[kReadAtOnce];
    load(values, y + oc, y_aligned);
#pragma unroll
    for (int c = 0; c < kChannels; ++c) {
      load(weights, w + c * w_channel + oc, w_aligned);
#pragma unroll
      for (int j = 0; j < kReadAtOnce; ++j) sum[c] = fmaf(values[j], weights[j], sum[c]);
    }
  }
  for (; oc < channels; ++oc) {
    const float value = widen(y[oc]);
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, widen(w[c * w_channel + oc]), sum[c]);
  }
}

}  // namespace tconv::detail
