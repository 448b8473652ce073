// The sub-pixel convolution: a stride-1 convolution at input resolution, once per phase of the
// outputs. Its results go where they belong, or in the order of a convolution with stride^rank
// times as many channels, which a second launch shuffles.
#pragma once

#include "kernels/detail/any_layout.cuh"
#include "reference/alternatives.h"

namespace tconv::detail {

/// One of the results of a channel: its phase and pixel, numbered d slowest, and its place in the
/// output.
struct SubPixel {
  int phase, pixel, output;
};

/// The o-th output.
__device__ __forceinline__ SubPixel sub_pixel_of_output(const Shape& s, int o) {
  const int w = o % s.w.out, h = o / s.w.out % s.h.out, d = o / s.w.out / s.h.out;
  const int phase = (d % s.d.stride * s.h.stride + h % s.h.stride) * s.w.stride + w % s.w.stride;
  const int pixel = (d / s.d.stride * s.h.in + h / s.h.stride) * s.w.in + w / s.w.stride;
  return {phase, pixel, o};
}

/// The q-th result in the order [phase][pixel]; its output is not asked for.
__device__ __forceinline__ SubPixel sub_pixel_of_channel(const Shape& s, int q) {
  return {q / s.in_spatial, q % s.in_spatial, 0};
}

/// Before the shuffle, a channel has `phases` channels: [channel][phase][pixel], or channels last.
struct Unshuffled {
  int64_t channel, phase, pixel;
};

inline Unshuffled unshuffled(const Problem& p, Layout layout) {
  const int64_t phases = p.out_spatial() / p.in_spatial();
  if (layout == Layout::nchw) return {p.out_spatial(), p.in_spatial(), 1};
  return {phases, 1, p.out_channels * phases};
}

struct SubPixelConv {
  Shape shape;
  Strides x, w, y;
  Unshuffled z;
  int pad_d, pad_h, pad_w;
  bool channels_last;
};

// y[n][oc][i*s + r] = sum over ic, j of x[n][ic][i + j - pad] * w[ic][oc][j*s + r]. One thread per
// result and kChannels output channels.
template <class E, int kChannels, bool kShuffle>
__global__ void __launch_bounds__(kAnyLayoutThreads)
    sub_pixel_kernel(const __grid_constant__ SubPixelConv c, const E* __restrict__ x,
                     const E* __restrict__ w, E* __restrict__ y) {
  // Where: this thread's result, its sample and its group.
  const Shape& s = c.shape;
  const Place p =
      place_of(global_thread(), s.out_spatial, s.oc / kChannels, s.groups, c.channels_last);
  if (p.sample >= s.batch) return;
  const SubPixel at =
      kShuffle ? sub_pixel_of_output(s, p.position) : sub_pixel_of_channel(s, p.position);
  const int rw = at.phase % s.w.stride, rh = at.phase / s.w.stride % s.h.stride;
  const int rd = at.phase / (s.w.stride * s.h.stride);
  const int first_w = at.pixel % s.w.in - c.pad_w, first_h = at.pixel / s.w.in % s.h.in - c.pad_h;
  const int first_d = at.pixel / (s.w.in * s.h.in) - c.pad_d;
  const int oc = p.tile * kChannels;
  const int64_t w_stride = int64_t{s.oc} * s.taps;  // between input channels
  x += p.sample * s.groups * s.ic * s.in_spatial + int64_t{p.group} * s.ic * c.x.channel;
  w += int64_t{p.group} * s.ic * w_stride + oc * c.w.channel;

  // Sum: taps of this phase whose input exists.
  float sum[kChannels] = {};
  for (int td = rd; td < s.d.kernel; td += s.d.stride) {
    const int id = first_d + td / s.d.stride;
    for (int th = rh; th < s.h.kernel; th += s.h.stride) {
      const int ih = first_h + th / s.h.stride;
      for (int tw = rw; tw < s.w.kernel; tw += s.w.stride) {
        const int iw = first_w + tw / s.w.stride;
        const bool inside = static_cast<unsigned>(id) < static_cast<unsigned>(s.d.in) &&
                            static_cast<unsigned>(ih) < static_cast<unsigned>(s.h.in) &&
                            static_cast<unsigned>(iw) < static_cast<unsigned>(s.w.in);
        if (!inside) continue;
        const E* from = x + ((int64_t{id} * s.h.in + ih) * s.w.in + iw) * c.x.position;
        const E* w_tap = w + ((int64_t{td} * s.h.kernel + th) * s.w.kernel + tw) * c.w.position;
        for (int ic = 0; ic < s.ic; ++ic, from += c.x.channel, w_tap += w_stride) {
          const float value = widen(*from);
#pragma unroll
          for (int k = 0; k < kChannels; ++k)
            sum[k] = fmaf(value, widen(w_tap[k * c.w.channel]), sum[k]);
        }
      }
    }
  }

  // Store.
  const int64_t channel = int64_t{p.group} * s.oc + oc;
  const int64_t stride = kShuffle ? c.y.channel : c.z.channel;
  y += p.sample * s.groups * s.oc * s.out_spatial + channel * stride;
  y += kShuffle ? at.output * c.y.position : at.phase * c.z.phase + at.pixel * c.z.pixel;
#pragma unroll
  for (int k = 0; k < kChannels; ++k) y[k * stride] = narrow<E>(sum[k]);
}

// y[n][oc][o] = z[n][oc][phase of o][pixel of o]. One thread per element of y.
template <class E>
__global__ void __launch_bounds__(kAnyLayoutThreads)
    shuffle_kernel(const __grid_constant__ SubPixelConv c, const E* __restrict__ z,
                   E* __restrict__ y) {
  const Shape& s = c.shape;
  const Place p = place_of(global_thread(), s.out_spatial, s.oc, s.groups, c.channels_last);
  if (p.sample >= s.batch) return;
  const SubPixel at = sub_pixel_of_output(s, p.position);
  const int64_t sample = p.sample * s.groups * s.oc * s.out_spatial;
  const int64_t channel = int64_t{p.group} * s.oc + p.tile;
  y[sample + channel * c.y.channel + at.output * c.y.position] =
      z[sample + channel * c.z.channel + at.phase * c.z.phase + at.pixel * c.z.pixel];
}

inline SubPixelConv sub_pixel_conv(const Call& call) {
  const Problem& p = call.problem;
  const Layout layout = call.config.layout;
  const auto padding = [&](size_t axis) {
    return static_cast<int>(same_padding(Op::pixel_shuffle, p.axes[axis]));
  };
  return {.shape = make_shape(p),
          .x = strides_of(layout, p.in_channels, p.in_spatial()),
          .w = strides_of(layout, p.oc_per_group(), p.taps()),
          .y = strides_of(layout, p.out_channels, p.out_spatial()),
          .z = unshuffled(p, layout),
          .pad_d = padding(0),
          .pad_h = padding(1),
          .pad_w = padding(2),
          .channels_last = layout == Layout::nhwc};
}

template <bool kShuffle>
void launch_sub_pixel(const Call& call, void* to) {
  const Problem& p = call.problem;
  with_element_and_tile(call, [&](auto element, auto tile) {
    using E = decltype(element);
    launch(sub_pixel_kernel<E, tile(), kShuffle>, any_layout_blocks(p.y_size() / tile()),
           kAnyLayoutThreads, call.stream, sub_pixel_conv(call), static_cast<const E*>(call.x),
           static_cast<const E*>(call.w), static_cast<E*>(to));
  });
}

inline void launch_shuffle(const Call& call, const void* from) {
  with_element(call.config.dtype, [&](auto element) {
    using E = decltype(element);
    launch(shuffle_kernel<E>, any_layout_blocks(call.problem.y_size()), kAnyLayoutThreads,
           call.stream, sub_pixel_conv(call), static_cast<const E*>(from), static_cast<E*>(call.y));
  });
}

}  // namespace tconv::detail
