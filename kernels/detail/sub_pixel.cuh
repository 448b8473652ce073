// The sub-pixel convolution: a stride-1 convolution at input resolution, once per phase of the
// outputs. Its results go where they belong, or in the order of a convolution with stride^rank
// times as many channels, which a second launch shuffles.
#pragma once

#include "kernels/detail/alternative.cuh"

namespace tconv::detail {

/// One of the results of a channel.
struct SubPixel {
  Triple phase, pixel;
};

/// The o-th output.
__device__ __forceinline__ SubPixel sub_pixel_of_output(const Shape& s, int o) {
  const Triple at = triple_at(outputs_of(s), o);
  return {{at.d % s.d.stride, at.h % s.h.stride, at.w % s.w.stride},
          {at.d / s.d.stride, at.h / s.h.stride, at.w / s.w.stride}};
}

/// The q-th result before the shuffle, where phases are channels: [channel][phase][pixel] in nchw,
/// [pixel][phase][channel] in nhwc, so that either way a result's position decides where it lies as
/// an output's does.
template <Layout kLayout>
__device__ __forceinline__ SubPixel sub_pixel_of_channel(const Shape& s, int q) {
  constexpr bool kLast = kLayout == Layout::nhwc;
  const int phases = strides_of(s).volume();
  return {triple_at(strides_of(s), kLast ? q % phases : q / s.in_spatial),
          triple_at(inputs_of(s), kLast ? q / phases : q % s.in_spatial)};
}

/// The inverse: q.
template <Layout kLayout>
__device__ __forceinline__ int unshuffled(const Shape& s, const SubPixel& at) {
  const int phase = number_of(at.phase, strides_of(s)), pixel = number_of(at.pixel, inputs_of(s));
  return kLayout == Layout::nhwc ? pixel * strides_of(s).volume() + phase
                                 : phase * s.in_spatial + pixel;
}

// y[n][oc][i*s + r] = sum over ic, j of x[n][ic][i + j - pad] * w[ic][oc][j*s + r]. One thread per
// result and kChannels output channels.
template <class E, Layout kLayout, int kChannels, bool kShuffle>
__global__ void __launch_bounds__(kDirectThreads)
    sub_pixel_kernel(const __grid_constant__ Shape s, Triple pad, const E* __restrict__ x,
                     const E* __restrict__ w, E* __restrict__ y, DirectAlignment aligned,
                     DirectPart part) {
  DirectTile tile = direct_tile<kLayout, kChannels>(s.groups, s.oc, s.out_spatial, part);
  if (tile.none) return;
  const int next_pixel = kShuffle ? s.w.stride : strides_of(s).volume();
  take_apart<kLayout, kChannels>(tile, s, s.w.in * next_pixel, next_pixel);

  // Where: what the phase's tap 0 reads, maybe outside, and its taps that stay inside of x.
  const SubPixel at = kShuffle ? sub_pixel_of_output(s, tile.position)
                               : sub_pixel_of_channel<kLayout>(s, tile.position);
  const int id = at.pixel.d - pad.d, ih = at.pixel.h - pad.h, iw = at.pixel.w - pad.w;
  const Span td = steps_inside(id, 1, s.d.in, s.d.kernel / s.d.stride);
  const Span th = steps_inside(ih, 1, s.h.in, s.h.kernel / s.h.stride);
  const Span tw = steps_inside(iw, 1, s.w.in, s.w.kernel / s.w.stride);
  const TapOperands<E, kLayout, kChannels> operands(s, s.in_spatial, x, w, tile, aligned);

  // Sum: those taps, each reduced over the input channels.
  float sum[kChannels] = {};
  for (int jd = td.first; jd < td.first + td.count; ++jd) {
    for (int jh = th.first; jh < th.first + th.count; ++jh) {
      for (int jw = tw.first; jw < tw.first + tw.count; ++jw) {
        const Triple tap{at.phase.d + jd * s.d.stride, at.phase.h + jh * s.h.stride,
                         at.phase.w + jw * s.w.stride};
        operands.reduce(sum, number_of({id + jd, ih + jh, iw + jw}, inputs_of(s)),
                        number_of(tap, kernel_of(s)));
      }
    }
  }
  store_tile<kLayout>(y + tile.output, s.out_spatial, sum, aligned.y);
}

// y[n][oc][o] = z[n][oc][phase of o][pixel of o]. One thread per position and kChannels channels.
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(kDirectThreads)
    shuffle_kernel(const __grid_constant__ Shape s, const E* __restrict__ z, E* __restrict__ y,
                   bool aligned, DirectPart part) {
  const int channels = s.groups * s.oc;
  const DirectTile tile = direct_tile<kLayout, kChannels>(1, channels, s.out_spatial, part);
  if (tile.none) return;
  const int from = unshuffled<kLayout>(s, sub_pixel_of_output(s, tile.position));
  z += element_at<kLayout>(1, channels, s.out_spatial, tile, from);
  float value[kChannels];
  load_tile<kLayout>(value, z, s.out_spatial, aligned);
  store_tile<kLayout>(y + tile.output, s.out_spatial, value, aligned);
}

/// The convolution: to y, shuffled, or to the workspace.
template <bool kShuffle>
void launch_sub_pixel(const Call& call) {
  const Problem& p = call.problem;
  const DirectGrid grid = convolution_grid(p, call.config.layout);
  with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const x = static_cast<const E*>(call.x);
    const auto* const w = static_cast<const E*>(call.w);
    auto* const to = static_cast<E*>(kShuffle ? call.y : call.workspace);
    with_channel_tile(p.oc_per_group(), [&](auto tile) {
      launch(sub_pixel_kernel<E, layout(), tile(), kShuffle>, grid.blocks, kDirectThreads,
             call.stream, make_shape(p), same_padding(Op::pixel_shuffle, p), x, w, to,
             direct_alignment<tile()>(x, w, to, p.ic_per_group()), grid.part());
    });
  });
}

/// Depth to space: from the workspace to y.
inline void launch_shuffle(const Call& call) {
  const Problem& p = call.problem;
  const DirectGrid grid = pixel_grid(p, call.config.layout, p.out_channels);
  with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const z = static_cast<const E*>(call.workspace);
    auto* const y = static_cast<E*>(call.y);
    with_channel_tile(p.out_channels, [&](auto tile) {
      launch(shuffle_kernel<E, layout(), tile()>, grid.blocks, kDirectThreads, call.stream,
             make_shape(p), z, y, lies_on<tile()>(z) && lies_on<tile()>(y), grid.part());
    });
  });
}

}  // namespace tconv::detail
