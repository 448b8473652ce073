// Resizing x to the output's size by the half-pixel rule (reference/alternatives.h), as points that
// a convolution can read: one pixel of the resized tensor, made where it is needed or read where it
// was stored.
#pragma once

#include "kernels/detail/any_layout.cuh"

namespace tconv::detail {

/// A pixel of a tensor that has the output's size already.
struct StoredPoint {
  int64_t at;

  __device__ __forceinline__ StoredPoint(const Shape& s, int64_t stride, int d, int h, int w)
      : at(((int64_t{d} * s.h.out + h) * s.w.out + w) * stride) {}

  template <class E>
  __device__ __forceinline__ float operator()(const E* x) const {
    return widen(x[at]);
  }
};

/// The input whose cell holds the centre of the pixel: floor((r + 1/2)*in/out), in whole numbers.
struct NearestPoint {
  int64_t at;

  __device__ __forceinline__ NearestPoint(const Shape& s, int64_t stride, int d, int h, int w)
      : at(((int64_t{source(s.d, d)} * s.h.in + source(s.h, h)) * s.w.in + source(s.w, w)) *
           stride) {}

  template <class E>
  __device__ __forceinline__ float operator()(const E* x) const {
    return widen(x[at]);
  }

  static __device__ __forceinline__ int source(const AxisIndex& a, int r) {
    return static_cast<int>((2 * int64_t{r} + 1) * a.in / (2 * int64_t{a.out}));
  }
};

/// The two inputs whose centres are around the pixel's, per axis. Both weights come from whole
/// numbers, so that neither inherits the rounding of the other.
struct LinearPoint {
  struct Ends {
    int low, step;  ///< of the second: low + step
    float weight[2];
  };
  Ends d, h, w;
  int64_t at, d_stride, h_stride, w_stride;
  int depth, height;  ///< ends that differ: 1 for an axis of one input

  __device__ __forceinline__ LinearPoint(const Shape& s, int64_t stride, int rd, int rh, int rw)
      : d(ends(s.d, rd)), h(ends(s.h, rh)), w(ends(s.w, rw)) {
    at = ((int64_t{d.low} * s.h.in + h.low) * s.w.in + w.low) * stride;
    w_stride = w.step * stride;
    h_stride = int64_t{h.step} * s.w.in * stride;
    d_stride = int64_t{d.step} * s.h.in * s.w.in * stride;
    depth = s.d.in > 1 ? 2 : 1;
    height = s.h.in > 1 ? 2 : 1;
  }

  template <class E>
  __device__ __forceinline__ float operator()(const E* x) const {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        if (i >= depth || j >= height) continue;
        const E* const row = x + at + i * d_stride + j * h_stride;
        const float line = fmaf(w.weight[1], widen(row[w_stride]), w.weight[0] * widen(row[0]));
        sum = fmaf(d.weight[i] * h.weight[j], line, sum);
      }
    }
    return sum;
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

// resized[n][ic][r] = Point of x at r. One thread per element.
template <class E, class Point>
__global__ void __launch_bounds__(kAnyLayoutThreads)
    resize_kernel(const __grid_constant__ Shape s, const E* __restrict__ x, E* __restrict__ resized,
                  Strides from, Strides to, bool channels_last) {
  const int channels = s.groups * s.ic;
  const Place p = place_of(global_thread(), s.out_spatial, channels, 1, channels_last);
  if (p.sample >= s.batch) return;
  const int w = p.position % s.w.out, h = p.position / s.w.out % s.h.out;
  const Point point(s, from.position, p.position / s.w.out / s.h.out, h, w);
  x += p.sample * channels * s.in_spatial + p.tile * from.channel;
  resized += p.sample * channels * s.out_spatial + p.tile * to.channel;
  resized[p.position * to.position] = narrow<E>(point(x));
}

/// Bytes of the resized x.
inline int64_t resized_bytes(const Problem& p, const Config& config) {
  return p.batch * p.in_channels * p.out_spatial() * size_of(config.dtype);
}

template <class Point>
void launch_resize(const Call& call) {
  const Problem& p = call.problem;
  const Layout layout = call.config.layout;
  with_element(call.config.dtype, [&](auto element) {
    using E = decltype(element);
    launch(resize_kernel<E, Point>, any_layout_blocks(p.batch * p.in_channels * p.out_spatial()),
           kAnyLayoutThreads, call.stream, make_shape(p), static_cast<const E*>(call.x),
           static_cast<E*>(call.workspace), strides_of(layout, p.in_channels, p.in_spatial()),
           strides_of(layout, p.in_channels, p.out_spatial()), layout == Layout::nhwc);
  });
}

/// Multiply-adds of the interpolation of one pixel by LinearPoint.
inline int64_t corners(const Problem& p) {
  return int64_t{p.axes[0].in > 1 ? 2 : 1} * (p.axes[1].in > 1 ? 2 : 1) * 2;
}

}  // namespace tconv::detail
