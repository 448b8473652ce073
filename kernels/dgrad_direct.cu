// dgrad_direct: the gradient of the input is a convolution of y's gradient. One thread per input
// position: the taps that stay inside the output form one range per axis, found in closed form, so
// that nothing is tested in the loop and nothing cropped is multiplied.
#include "kernels/detail/direct.cuh"

namespace tconv {
namespace {

using detail::DirectTile;
using detail::Shape;
using detail::Span;

/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

// x[n][ic][i] = sum over oc and taps t of y[n][oc][i*s - crop + t*d] * w[ic][oc][t].
// One thread per input position and kChannels input channels. In nhwc both operands are read along
// oc.
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(detail::kDirectThreads, kBlocksPerSm)
    dgrad_kernel(const __grid_constant__ Shape s, const E* __restrict__ y, const E* __restrict__ w,
                 E* __restrict__ x, detail::DirectAlignment aligned, detail::DirectPart part) {
  // Where: this thread's input, and the taps through which it reaches an output.
  const DirectTile tile =
      detail::direct_tile<kLayout, kChannels>(s.groups, s.ic, s.in_spatial, part);
  if (tile.none) return;
  const int i = tile.position;
  const int id = i / (s.h.in * s.w.in), ih = i / s.w.in % s.h.in, iw = i % s.w.in;
  const Span td = detail::taps_from(s.d, id), th = detail::taps_from(s.h, ih);
  const Span tw = detail::taps_from(s.w, iw);
  const int64_t w_channel = int64_t{s.oc} * s.taps;  // between input channels
  y += detail::group_start<kLayout>(s.groups, s.oc, s.out_spatial, tile);
  w += (int64_t{tile.group} * s.ic + tile.channel) * w_channel;

  // Sum: each tap reduced over the output channels.
  float sum[kChannels] = {};
  for (int jd = td.first; jd < td.first + td.count; ++jd) {
    const int od = id * s.d.stride - s.d.crop + jd * s.d.dilation;
    for (int jh = th.first; jh < th.first + th.count; ++jh) {
      const int oh = ih * s.h.stride - s.h.crop + jh * s.h.dilation;
      for (int jw = tw.first; jw < tw.first + tw.count; ++jw) {
        const int ow = iw * s.w.stride - s.w.crop + jw * s.w.dilation;
        const int o = (od * s.h.out + oh) * s.w.out + ow;
        const int t = (jd * s.h.kernel + jh) * s.w.kernel + jw;
        if constexpr (kLayout == Layout::nchw) {
          detail::reduce_channels(sum, y + o, s.out_spatial, w + t, s.taps, w_channel, s.oc);
        } else {
          detail::reduce_along(sum, y + o * detail::pixel_stride<kLayout>(s.groups, s.oc),
                               w + int64_t{t} * s.oc, w_channel, s.oc, aligned.y, aligned.w);
        }
      }
    }
  }

  // Store: every input, also those of which all taps are cropped.
  detail::store_tile<kLayout>(x + tile.output, s.in_spatial, sum, aligned.x);
}

detail::DirectGrid grid(const Problem& p, Layout layout) {
  return detail::direct_grid(layout, p.batch, p.in_channels, detail::channel_tile(p.ic_per_group()),
                             p.in_spatial());
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const detail::DirectGrid blocks = grid(p, call.config.layout);
  detail::with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const y = static_cast<const E*>(call.y);
    const auto* const w = static_cast<const E*>(call.w);
    auto* const x = static_cast<E*>(call.x);
    const bool whole = p.oc_per_group() % detail::kReadAtOnce == 0;
    detail::with_channel_tile(p.ic_per_group(), [&](auto tile) {
      const detail::DirectAlignment aligned{detail::lies_on<tile()>(x),
                                            whole && detail::lies_on<detail::kReadAtOnce>(w),
                                            whole && detail::lies_on<detail::kReadAtOnce>(y)};
      detail::launch(dgrad_kernel<E, layout(), tile()>, blocks.blocks, detail::kDirectThreads,
                     call.stream, detail::make_shape(p), y, w, x, aligned, blocks.part());
    });
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "dgrad_direct",
    .op = Op::dgrad,
    .summary = "one thread per input position: only the taps that stay inside the output",
    .supports =
        [](const Problem& p, const Config& c) {
          const std::string reason = detail::refuse(p, c, detail::kFma);
          return reason.empty() ? detail::refuse_grid(grid(p, c.layout)) : reason;
        },
    // One multiply-add per valid (input, tap) and channel pair: the channel tile divides ic/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .launch = launch,
})

}  // namespace tconv
