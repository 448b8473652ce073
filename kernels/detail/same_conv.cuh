// The stride-1 "same" convolution behind a resize. Where its pixels come from is a template
// argument (resize.cuh): stored by a launch before, or computed here.
#pragma once

#include "kernels/detail/resize.cuh"
#include "reference/alternatives.h"

namespace tconv::detail {

struct SameConv {
  Shape shape;
  Strides x, w, y;
  int64_t x_sample;  ///< elements of a sample of what is read
  int pad_d, pad_h, pad_w;
  bool channels_last;
};

// y[n][oc][o] = sum over ic, t of pixel(o + t*dilation - pad)[ic] * w[ic][oc][t]. One thread per
// output position and kChannels output channels; a pixel's place is found once per tap and read
// for all input channels.
template <class E, int kChannels, class Point>
__global__ void __launch_bounds__(kAnyLayoutThreads)
    same_conv_kernel(const __grid_constant__ SameConv c, const E* __restrict__ x,
                     const E* __restrict__ w, E* __restrict__ y) {
  // Where: this thread's output, its sample and its group.
  const Shape& s = c.shape;
  const Place p =
      place_of(global_thread(), s.out_spatial, s.oc / kChannels, s.groups, c.channels_last);
  if (p.sample >= s.batch) return;
  const int oc = p.tile * kChannels;
  const int od = p.position / (s.h.out * s.w.out) - c.pad_d;
  const int oh = p.position / s.w.out % s.h.out - c.pad_h;
  const int ow = p.position % s.w.out - c.pad_w;
  const int64_t w_stride = int64_t{s.oc} * s.taps;  // between input channels
  x += p.sample * c.x_sample + int64_t{p.group} * s.ic * c.x.channel;
  w += int64_t{p.group} * s.ic * w_stride + oc * c.w.channel;

  // Sum: taps inside of the resized tensor, each reduced over the input channels.
  float sum[kChannels] = {};
  for (int td = 0; td < s.d.kernel; ++td) {
    const int rd = od + td * s.d.dilation;
    for (int th = 0; th < s.h.kernel; ++th) {
      const int rh = oh + th * s.h.dilation;
      for (int tw = 0; tw < s.w.kernel; ++tw) {
        const int rw = ow + tw * s.w.dilation;
        const bool inside = static_cast<unsigned>(rd) < static_cast<unsigned>(s.d.out) &&
                            static_cast<unsigned>(rh) < static_cast<unsigned>(s.h.out) &&
                            static_cast<unsigned>(rw) < static_cast<unsigned>(s.w.out);
        if (!inside) continue;
        const Point point(s, c.x.position, rd, rh, rw);
        const E* w_tap = w + ((int64_t{td} * s.h.kernel + th) * s.w.kernel + tw) * c.w.position;
        const E* x_channel = x;
        for (int ic = 0; ic < s.ic; ++ic, x_channel += c.x.channel, w_tap += w_stride) {
          const float value = point(x_channel);
#pragma unroll
          for (int k = 0; k < kChannels; ++k)
            sum[k] = fmaf(value, widen(w_tap[k * c.w.channel]), sum[k]);
        }
      }
    }
  }

  // Store.
  y += p.sample * s.groups * s.oc * s.out_spatial;
  y += (int64_t{p.group} * s.oc + oc) * c.y.channel + p.position * c.y.position;
#pragma unroll
  for (int k = 0; k < kChannels; ++k) y[k * c.y.channel] = narrow<E>(sum[k]);
}

/// Convolves `x`, a tensor of `positions` pixels per channel.
template <class Point>
void launch_same_conv(const Call& call, Op op, const void* x, int64_t positions) {
  const Problem& p = call.problem;
  const Layout layout = call.config.layout;
  const auto padding = [&](size_t axis) {
    return static_cast<int>(same_padding(op, p.axes[axis]));
  };
  const SameConv c{.shape = make_shape(p),
                   .x = strides_of(layout, p.in_channels, positions),
                   .w = strides_of(layout, p.oc_per_group(), p.taps()),
                   .y = strides_of(layout, p.out_channels, p.out_spatial()),
                   .x_sample = p.in_channels * positions,
                   .pad_d = padding(0),
                   .pad_h = padding(1),
                   .pad_w = padding(2),
                   .channels_last = layout == Layout::nhwc};
  with_element_and_tile(call, [&](auto element, auto tile) {
    using E = decltype(element);
    launch(same_conv_kernel<E, tile(), Point>, any_layout_blocks(p.y_size() / tile()),
           kAnyLayoutThreads, call.stream, c, static_cast<const E*>(x),
           static_cast<const E*>(call.w), static_cast<E*>(call.y));
  });
}

/// Convolves what launch_resize() left in the workspace. Compiled once, in same_conv.cu.
void launch_stored_conv(const Call&, Op);

}  // namespace tconv::detail
