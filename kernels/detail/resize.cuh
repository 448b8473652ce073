// Resizing x to the output's size by the half-pixel rule (reference/alternatives.h), as rules that
// tell a convolution where it finds a pixel of the resized tensor: made where it is needed, or read
// where it was stored.
#pragma once

#include "kernels/detail/alternative.cuh"

namespace tconv::detail {

/// A tensor that has the output's size already.
struct StoredPixel {
  static __device__ __forceinline__ int positions(const Shape& s) { return s.out_spatial; }
  static __device__ __forceinline__ int at(const Shape& s, const Triple& r) {
    return number_of(r, outputs_of(s));
  }
};

/// The input whose cell holds the centre of the pixel: floor((r + 1/2)*in/out), in whole numbers.
struct NearestPixel {
  static __device__ __forceinline__ int positions(const Shape& s) { return s.in_spatial; }
  static __device__ __forceinline__ int at(const Shape& s, const Triple& r) {
    return number_of({source(s.d, r.d), source(s.h, r.h), source(s.w, r.w)}, inputs_of(s));
  }
  static __device__ __forceinline__ int source(const AxisIndex& a, int r) {
    return static_cast<int>((2 * int64_t{r} + 1) * a.in / (2 * int64_t{a.out}));
  }
};

/// The two inputs of an axis whose centres are around a pixel's. Both weights come from whole
/// numbers, so that neither inherits the rounding of the other.
struct Ends {
  int low, step;  ///< of the second: low + step
  float weight[2];
};

/// Between inputs: `first` is at the low end of each axis.
struct LinearPlace {
  int first;
  Triple step;        ///< positions from the low to the high end
  int depth, height;  ///< ends that differ: 1 for an axis of one input
  float d[2], h[2], w[2];
};

struct LinearPixel {
  static __device__ __forceinline__ int positions(const Shape& s) { return s.in_spatial; }
  static __device__ __forceinline__ LinearPlace at(const Shape& s, const Triple& r) {
    const Ends d = ends(s.d, r.d), h = ends(s.h, r.h), w = ends(s.w, r.w);
    return {number_of({d.low, h.low, w.low}, inputs_of(s)),
            {d.step * s.h.in * s.w.in, h.step * s.w.in, w.step},
            s.d.in > 1 ? 2 : 1,
            s.h.in > 1 ? 2 : 1,
            {d.weight[0], d.weight[1]},
            {h.weight[0], h.weight[1]},
            {w.weight[0], w.weight[1]}};
  }
  /// In units of 1/(2*out) input pixels, counted from the centre of input 0.
  static __device__ __forceinline__ Ends ends(const AxisIndex& a, int r) {
    const int64_t unit = 2 * int64_t{a.out}, centre = (2 * int64_t{r} + 1) * a.in - a.out;
    const int64_t from = centre > 0 ? centre : 0;
    const int low = static_cast<int>(from / unit);
    if (low + 1 >= a.in) return {a.in - 1, 0, {1, 0}};
    const auto rest = static_cast<float>(from % unit);
    return {low,
            1,
            {(static_cast<float>(unit) - rest) / static_cast<float>(unit),
             rest / static_cast<float>(unit)}};
  }
};

/// Reads like a pointer to the channels of a tensor that is interpolated as it is read.
template <class E>
struct Interpolated {
  const E* x;  ///< at place.first
  const LinearPlace& place;
  int64_t stride;  ///< between positions

  __device__ __forceinline__ Interpolated operator+(int64_t channels) const {
    return {x + channels, place, stride};
  }
  __device__ __forceinline__ void operator+=(int64_t channels) { x += channels; }
  __device__ __forceinline__ float operator*() const {
    float value[1];
    load(value, *this, false);
    return value[0];
  }
};

template <class E>
__device__ __forceinline__ Interpolated<E> pixel_at(const E* x, const LinearPlace& place,
                                                    int64_t stride) {
  return {x + place.first * stride, place, stride};
}

/// Interpolates kCount neighbouring channels. Aligned: in vectors of as many.
template <int kCount, class E>
__device__ __forceinline__ void load(float (&to)[kCount], const Interpolated<E>& from,
                                     bool aligned) {
  const LinearPlace& p = from.place;
#pragma unroll
  for (int c = 0; c < kCount; ++c) to[c] = 0;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      if (i >= p.depth || j >= p.height) continue;
      const E* const row = from.x + (i * p.step.d + j * p.step.h) * from.stride;
      float low[kCount], high[kCount];
      load(low, row, aligned);
      load(high, row + p.step.w * from.stride, aligned);
#pragma unroll
      for (int c = 0; c < kCount; ++c) {
        const float line = fmaf(p.w[1], high[c], p.w[0] * low[c]);
        to[c] = fmaf(p.d[i] * p.h[j], line, to[c]);
      }
    }
  }
}

// resized[n][ic][r] = x at r by Rule. One thread per position and kChannels channels.
template <class E, Layout kLayout, int kChannels, class Rule>
__global__ void __launch_bounds__(kDirectThreads)
    resize_kernel(const __grid_constant__ Shape s, const E* __restrict__ x, E* __restrict__ resized,
                  bool aligned, DirectPart part) {
  const int channels = s.groups * s.ic;
  const DirectTile tile = direct_tile<kLayout, kChannels>(1, channels, s.out_spatial, part);
  if (tile.none) return;
  const auto place = Rule::at(s, triple_at(outputs_of(s), tile.position));
  x += element_at<kLayout>(1, channels, s.in_spatial, tile, 0);
  float value[kChannels];
  load_tile<kLayout>(value, pixel_at(x, place, pixel_stride<kLayout>(1, channels)), s.in_spatial,
                     aligned);
  store_tile<kLayout>(resized + tile.output, s.out_spatial, value, aligned);
}

/// Bytes of the resized x.
inline int64_t resized_bytes(const Problem& p, const Config& config) {
  return p.batch * p.in_channels * p.out_spatial() * size_of(config.dtype);
}

/// Empty, or why a resize in a launch of its own and the convolution cannot.
inline std::string refuse_resized(const Problem& p, const Config& config) {
  return refuse_pair(p, config, p.in_channels);
}

/// Leaves the resized x in the workspace.
template <class Rule>
void launch_resize(const Call& call) {
  const Problem& p = call.problem;
  const DirectGrid grid = pixel_grid(p, call.config.layout, p.in_channels);
  with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const x = static_cast<const E*>(call.x);
    auto* const resized = static_cast<E*>(call.workspace);
    with_channel_tile(p.in_channels, [&](auto tile) {
      launch(resize_kernel<E, layout(), tile(), Rule>, grid.blocks, kDirectThreads, call.stream,
             make_shape(p), x, resized, lies_on<tile()>(x) && lies_on<tile()>(resized),
             grid.part());
    });
  });
}

/// Multiply-adds of the interpolation of one pixel by LinearPixel.
inline int64_t corners(const Problem& p) {
  return int64_t{p.axes[0].in > 1 ? 2 : 1} * (p.axes[1].in > 1 ? 2 : 1) * 2;
}

}  // namespace tconv::detail
