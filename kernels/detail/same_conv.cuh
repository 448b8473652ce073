// The stride-1 "same" convolution behind a resize. Where its pixels come from is a template
// argument (resize.cuh): stored by a launch before, or computed here.
#pragma once

#include "kernels/detail/resize.cuh"

namespace tconv::detail {

// y[n][oc][o] = sum over ic, t of pixel(o + t*dilation - pad)[ic] * w[ic][oc][t]. One thread per
// output position and kChannels output channels; a pixel's place is found once per tap and read
// for all input channels.
template <class E, Layout kLayout, int kChannels, class Rule>
__global__ void __launch_bounds__(kDirectThreads)
    same_conv_kernel(const __grid_constant__ Shape s, Triple pad, const E* __restrict__ x,
                     const E* __restrict__ w, E* __restrict__ y, DirectAlignment aligned,
                     DirectPart part) {
  const DirectTile tile = direct_tile<kLayout, kChannels>(s.groups, s.oc, s.out_spatial, part);
  if (tile.none) return;

  // Where: what tap 0 reads, maybe outside, and the taps that stay inside of the resized tensor.
  const Triple o = triple_at(outputs_of(s), tile.position);
  const int rd = o.d - pad.d, rh = o.h - pad.h, rw = o.w - pad.w;
  const Span td = steps_inside(rd, s.d.dilation, s.d.out, s.d.kernel);
  const Span th = steps_inside(rh, s.h.dilation, s.h.out, s.h.kernel);
  const Span tw = steps_inside(rw, s.w.dilation, s.w.out, s.w.kernel);
  const TapOperands<E, kLayout, kChannels> operands(s, Rule::positions(s), x, w, tile, aligned);

  // Sum: those taps, each reduced over the input channels.
  float sum[kChannels] = {};
  for (int jd = td.first; jd < td.first + td.count; ++jd) {
    for (int jh = th.first; jh < th.first + th.count; ++jh) {
      for (int jw = tw.first; jw < tw.first + tw.count; ++jw) {
        const auto place =
            Rule::at(s, {rd + jd * s.d.dilation, rh + jh * s.h.dilation, rw + jw * s.w.dilation});
        operands.reduce(sum, place, number_of({jd, jh, jw}, kernel_of(s)));
      }
    }
  }
  store_tile<kLayout>(y + tile.output, s.out_spatial, sum, aligned.y);
}

/// Convolves `pixels`: x, or what launch_resize() made of it.
template <class Rule>
void launch_same_conv(const Call& call, Op op, const void* pixels) {
  const Problem& p = call.problem;
  const DirectGrid grid = convolution_grid(p, call.config.layout);
  with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const x = static_cast<const E*>(pixels);
    const auto* const w = static_cast<const E*>(call.w);
    auto* const y = static_cast<E*>(call.y);
    with_channel_tile(p.oc_per_group(), [&](auto tile) {
      launch(same_conv_kernel<E, layout(), tile(), Rule>, grid.blocks, kDirectThreads, call.stream,
             make_shape(p), same_padding(op, p), x, w, y,
             direct_alignment<tile()>(x, w, y, p.ic_per_group()), grid.part());
    });
  });
}

/// Convolves what launch_resize() left in the workspace. Compiled once, in same_conv.cu.
void launch_stored_conv(const Call&, Op);

}  // namespace tconv::detail
