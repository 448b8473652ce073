// What the direct weight-gradient kernels share: which weights a thread sums, over which inputs,
// and how threads that share a weight put their sums together.
#pragma once

#include <cstdint>
#include <string>

#include <cuda_runtime.h>

#include "kernels/detail/index.cuh"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/neighbours.cuh"

namespace tconv::detail {

inline constexpr int kWarp = 32;
inline constexpr unsigned kAllLanes = 0xFFFFFFFF;
inline constexpr int kWgradThreads = 256;
inline constexpr int kWgradWarps = kWgradThreads / kWarp;

/// A weight tile: tap t of one input channel and kChannels neighbouring output channels.
struct WeightTile {
  int group, ic, oc, tap;
};

/// Weight tiles of a block. In nchw a warp has one, its lanes are inputs: neighbours of x and y. In
/// nhwc a lane has one and so have its peers in the other warps: neighbours of w and y.
template <Layout kLayout>
inline constexpr int kTilesPerBlock = kLayout == Layout::nchw ? kWgradWarps : kWarp;

/// This thread's tile in its block.
template <Layout kLayout>
__device__ __forceinline__ int tile_in_block() {
  const int thread = static_cast<int>(threadIdx.x);
  return kLayout == Layout::nchw ? thread / kWarp : thread % kWarp;
}

/// The order of the weights in memory, but in nchw taps before tiles of output channels: there
/// neighbouring warps read the same channels of x and y.
template <Layout kLayout, int kChannels>
__device__ __forceinline__ WeightTile weight_tile(const Shape& s, int index) {
  const int tiles = s.oc / kChannels;
  const int channel = index / s.taps / tiles;  // over all groups
  if constexpr (kLayout == Layout::nchw) {
    return {channel / s.ic, channel % s.ic, index / s.taps % tiles * kChannels, index % s.taps};
  } else {
    return {channel / s.ic, channel % s.ic, index % tiles * kChannels, index / tiles % s.taps};
  }
}

/// Where the first weight of a tile lies.
template <Layout kLayout>
__device__ __forceinline__ int64_t weight_at(const Shape& s, const WeightTile& tile) {
  const int64_t channel = int64_t{tile.group} * s.ic + tile.ic;
  if constexpr (kLayout == Layout::nchw) {
    return (channel * s.oc + tile.oc) * s.taps + tile.tap;
  } else {
    return (channel * s.taps + tile.tap) * s.oc + tile.oc;
  }
}

/// The valid inputs (n, i) of a tap, samples slowest: items 0 .. count-1.
struct TapItems {
  int td, th, tw;
  Span d, h, w;
  int per_sample, count;

  __device__ __forceinline__ TapItems(const Shape& s, int tap)
      : td(tap / (s.h.kernel * s.w.kernel)),
        th(tap / s.w.kernel % s.h.kernel),
        tw(tap % s.w.kernel),
        d(inputs_through(s.d, td)),
        h(inputs_through(s.h, th)),
        w(inputs_through(s.w, tw)),
        per_sample(d.count * h.count * w.count),
        count(s.batch * per_sample) {}
};

/// Where an item lies: its sample, and its places in a channel of x and of y.
struct ItemPlace {
  int sample, input, output, iw;
};

__device__ __forceinline__ ItemPlace place_of(const Shape& s, const TapItems& items, int m) {
  const int at = m % items.per_sample;
  const int id = items.d.first + at / (items.h.count * items.w.count);
  const int ih = items.h.first + at / items.w.count % items.h.count;
  const int iw = items.w.first + at % items.w.count;
  const int od = id * s.d.stride - s.d.crop + items.td * s.d.dilation;
  const int oh = ih * s.h.stride - s.h.crop + items.th * s.h.dilation;
  const int ow = iw * s.w.stride - s.w.crop + items.tw * s.w.dilation;
  return {m / items.per_sample, (id * s.h.in + ih) * s.w.in + iw,
          (od * s.h.out + oh) * s.w.out + ow, iw};
}

/// sum[c] of lane 0 = sum of x[n][ic][i] * y[n][oc+c][i*s - crop + t*d] over items [first, last).
/// Lanes take every 32nd item, then a tree adds them up: the order is fixed, so the result is the
/// same in every run. The whole warp calls it: the tree wants all its lanes.
template <int kChannels, class E>
__device__ __forceinline__ void reduce_by_lanes(float (&sum)[kChannels], const Shape& s,
                                                const WeightTile& tile, const TapItems& items,
                                                const E* __restrict__ x, const E* __restrict__ y,
                                                int first, int last) {
  x += (int64_t{tile.group} * s.ic + tile.ic) * s.in_spatial;
  y += (int64_t{tile.group} * s.oc + tile.oc) * s.out_spatial;
  for (int m = first + static_cast<int>(threadIdx.x) % kWarp; m < last; m += kWarp) {
    const ItemPlace at = place_of(s, items, m);
    const int64_t sample = int64_t{at.sample} * s.groups;
    const float value = widen(x[sample * s.ic * s.in_spatial + at.input]);
    const E* const from = y + sample * s.oc * s.out_spatial + at.output;
#pragma unroll
    for (int c = 0; c < kChannels; ++c)
      sum[c] = fmaf(value, widen(from[int64_t{c} * s.out_spatial]), sum[c]);
  }
#pragma unroll
  for (int c = 0; c < kChannels; ++c) {
#pragma unroll
    for (int step = kWarp / 2; step > 0; step /= 2)
      sum[c] += __shfl_down_sync(kAllLanes, sum[c], step);
  }
}

/// The same sum in warp 0: each warp takes a part of the items, run by run along w, and the parts
/// are added up in the order of the warps. The whole block calls it.
template <int kChannels, class E>
__device__ __forceinline__ void reduce_by_warps(float (&sum)[kChannels], const Shape& s,
                                                const WeightTile& tile, const TapItems& items,
                                                const E* __restrict__ x, const E* __restrict__ y,
                                                int first, int last, bool y_aligned) {
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int64_t next_x = int64_t{s.groups} * s.ic, next_y = int64_t{s.groups} * s.oc;
  x += int64_t{tile.group} * s.ic + tile.ic;
  y += int64_t{tile.group} * s.oc + tile.oc;

  const int share = last > first ? divide_up(last - first, kWgradWarps) : 0;
  const int end = first + (warp + 1) * share < last ? first + (warp + 1) * share : last;
  for (int m = first + warp * share; m < end;) {
    const ItemPlace at = place_of(s, items, m);
    const int row_end = m + items.w.first + items.w.count - at.iw;
    const int run_end = row_end < end ? row_end : end;
    const E* from_x = x + (int64_t{at.sample} * s.in_spatial + at.input) * next_x;
    const E* from_y = y + (int64_t{at.sample} * s.out_spatial + at.output) * next_y;
    for (; m < run_end; ++m, from_x += next_x, from_y += s.w.stride * next_y) {
      const float value = widen(*from_x);
      float gradient[kChannels];
      load(gradient, from_y, y_aligned);
#pragma unroll
      for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, gradient[c], sum[c]);
    }
  }

  __shared__ float parts[kWgradWarps][kChannels][kWarp];
#pragma unroll
  for (int c = 0; c < kChannels; ++c) parts[warp][c][lane] = sum[c];
  __syncthreads();  // every warp's part is there before the first one adds them up
  if (warp != 0) return;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) {
    for (int other = 1; other < kWgradWarps; ++other) sum[c] += parts[other][c][lane];
  }
}

/// Sums tile `index` over items [first, last) of its tap. True in the one thread that then has the
/// sum; `index` may be beyond `tiles`. The whole block calls it.
template <Layout kLayout, int kChannels, class E>
__device__ __forceinline__ bool reduce_tile(float (&sum)[kChannels], const Shape& s,
                                            const WeightTile& tile, bool exists,
                                            const E* __restrict__ x, const E* __restrict__ y,
                                            int first, int last, bool y_aligned) {
  const TapItems items(s, tile.tap);
  if (last > items.count) last = items.count;
  if constexpr (kLayout == Layout::nchw) {
    if (!exists) return false;  // whole warps: the tree has all its lanes
    reduce_by_lanes(sum, s, tile, items, x, y, first, last);
    return threadIdx.x % kWarp == 0;
  } else {
    reduce_by_warps(sum, s, tile, items, x, y, first, exists ? last : first, y_aligned);
    return exists && threadIdx.x < kWarp;
  }
}

inline int64_t weight_tiles(const Problem& p) {
  return p.w_size() / channel_tile(p.oc_per_group());
}

/// Blocks that have all of them.
inline int64_t wgrad_blocks(const Problem& p, Layout layout) {
  const int per_block =
      layout == Layout::nchw ? kTilesPerBlock<Layout::nchw> : kTilesPerBlock<Layout::nhwc>;
  return divide_up(weight_tiles(p), int64_t{per_block});
}

/// Empty, or why the kernels above cannot number the weights, or the inputs that a weight is
/// summed over.
inline std::string refuse_wgrad(const Problem& p, const Config& c) {
  if (std::string reason = refuse(p, c, kFma); !reason.empty()) return reason;
  const auto beyond = [](const char* what) {
    return std::string(what) + " must be at most " + std::to_string(kIndexLimit);
  };
  if (p.w_size() > kIndexLimit) return beyond("number of weights");
  if (p.batch > kIndexLimit / p.in_spatial()) return beyond("batch times input size per channel");
  return {};
}

}  // namespace tconv::detail
