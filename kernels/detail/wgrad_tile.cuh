// What one warp does in the direct weight-gradient kernels: a few weights, summed over a range of
// the inputs that their tap sends to an output.
#pragma once

#include <cstdint>
#include <string>

#include <cuda_runtime.h>

#include "kernels/detail/index.cuh"
#include "kernels/detail/launch.cuh"

namespace tconv::detail {

inline constexpr int kWarp = 32;
inline constexpr unsigned kAllLanes = 0xFFFFFFFF;

/// A weight tile: tap t of one input channel and kChannels neighbouring output channels.
struct WeightTile {
  int group, ic, oc, tap;
};

/// Taps fastest, then tiles of output channels: neighbouring warps read the same channels of x and
/// y.
template <int kChannels>
__device__ __forceinline__ WeightTile weight_tile(const Shape& s, int index) {
  const int tiles = s.oc / kChannels;
  const int tap = index % s.taps;
  const int oc = index / s.taps % tiles * kChannels;
  const int channel = index / s.taps / tiles;  // over all groups
  return {channel / s.ic, channel % s.ic, oc, tap};
}

/// sum[c] of lane 0 = sum of x[n][ic][i] * y[n][oc+c][i*s - crop + t*d] over items [first, last) of
/// the valid (n, i), samples slowest. Lanes take every 32nd item, then a tree adds them up: the
/// order is fixed, so the result is the same in every run. The whole warp calls it: the tree wants
/// all its lanes.
template <int kChannels>
__device__ __forceinline__ void reduce_positions(float (&sum)[kChannels], const Shape& s,
                                                 const WeightTile& tile,
                                                 const float* __restrict__ x,
                                                 const float* __restrict__ y, int first, int last) {
  const int td = tile.tap / (s.h.kernel * s.w.kernel), th = tile.tap / s.w.kernel % s.h.kernel;
  const int tw = tile.tap % s.w.kernel;
  const Span d = inputs_through(s.d, td), h = inputs_through(s.h, th);
  const Span w = inputs_through(s.w, tw);
  const int per_sample = d.count * h.count * w.count;
  const int items = s.batch * per_sample;
  if (last > items) last = items;
  x += (int64_t{tile.group} * s.ic + tile.ic) * s.in_spatial;
  y += (int64_t{tile.group} * s.oc + tile.oc) * s.out_spatial;

  for (int m = first + static_cast<int>(threadIdx.x) % kWarp; m < last; m += kWarp) {
    const int at = m % per_sample;
    const int64_t sample = int64_t{m / per_sample} * s.groups;
    const int id = d.first + at / (h.count * w.count);
    const int ih = h.first + at / w.count % h.count, iw = w.first + at % w.count;
    const int od = id * s.d.stride - s.d.crop + td * s.d.dilation;
    const int oh = ih * s.h.stride - s.h.crop + th * s.h.dilation;
    const int ow = iw * s.w.stride - s.w.crop + tw * s.w.dilation;
    const float value = x[sample * s.ic * s.in_spatial + (id * s.h.in + ih) * s.w.in + iw];
    const float* const from =
        y + sample * s.oc * s.out_spatial + (od * s.h.out + oh) * s.w.out + ow;
#pragma unroll
    for (int c = 0; c < kChannels; ++c)
      sum[c] = fmaf(value, from[int64_t{c} * s.out_spatial], sum[c]);
  }
#pragma unroll
  for (int c = 0; c < kChannels; ++c) {
#pragma unroll
    for (int step = kWarp / 2; step > 0; step /= 2)
      sum[c] += __shfl_down_sync(kAllLanes, sum[c], step);
  }
}

inline int64_t weight_tiles(const Problem& p) {
  return p.w_size() / channel_tile(p.oc_per_group());
}

/// Empty, or why the kernels above cannot number the weights, or the inputs that a weight is
/// summed over.
inline std::string refuse_wgrad(const Problem& p, const Config& c) {
  if (std::string reason = refuse(p, c, kF32Nchw); !reason.empty()) return reason;
  const auto beyond = [](const char* what) {
    return std::string(what) + " must be at most " + std::to_string(kIndexLimit);
  };
  if (p.w_size() > kIndexLimit) return beyond("number of weights");
  if (p.batch > kIndexLimit / p.in_spatial()) return beyond("batch times input size per channel");
  return {};
}

}  // namespace tconv::detail
