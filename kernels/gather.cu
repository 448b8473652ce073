// gather: output-stationary. Each output asks which taps reach it, computes the first by residue,
// and steps from valid tap to valid tap; nothing is scanned and nothing is multiplied by an
// inserted zero.
#include "kernels/detail/direct.cuh"

namespace tconv {
namespace {

using detail::DirectTile;
using detail::Shape;

/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

// y[n][oc][o] = sum over (i, t) with i*s - crop + t*d = o of x[n][ic][i] * w[ic][oc][t].
// One thread per output position and kChannels output channels.
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(detail::kDirectThreads, kBlocksPerSm)
    gather_kernel(const __grid_constant__ Shape s, const E* __restrict__ x, const E* __restrict__ w,
                  E* __restrict__ y, detail::OutputEpilogue epilogue,
                  detail::DirectAlignment aligned, detail::DirectPart part) {
  DirectTile tile = detail::direct_tile<kLayout, kChannels>(s.groups, s.oc, s.out_spatial, part);
  if (tile.none) return;
  detail::take_apart<kLayout, kChannels>(tile, s, s.w.out, s.w.stride);

  // Sum: the taps that reach this thread's output, each reduced over the input channels.
  const detail::TapOperands<E, kLayout, kChannels> operands(s, s.in_spatial, x, w, tile, aligned);
  float sum[kChannels] = {};
  detail::for_each_reaching(s, tile.position,
                            [&](int position, int tap) { operands.reduce(sum, position, tap); });

  // Store: every output, also those that no tap reaches.
  detail::apply(epilogue, sum, tile.group * s.oc + tile.channel);
  detail::store_tile<kLayout>(y + tile.output, s.out_spatial, sum, aligned.y);
}

detail::DirectGrid grid(const Problem& p, Layout layout) {
  return detail::direct_grid(layout, p.batch, p.out_channels,
                             detail::channel_tile(p.oc_per_group()), p.out_spatial());
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const detail::DirectGrid blocks = grid(p, call.config.layout);
  detail::with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const x = static_cast<const E*>(call.x);
    const auto* const w = static_cast<const E*>(call.w);
    auto* const y = static_cast<E*>(call.y);
    detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
      detail::launch(gather_kernel<E, layout(), tile()>, blocks.blocks, detail::kDirectThreads,
                     call.stream, detail::make_shape(p), x, w, y, detail::epilogue_of(call),
                     detail::direct_alignment<tile()>(x, w, y, p.ic_per_group()), blocks.part());
    });
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "gather",
    .summary = "one thread per output position: only the taps that reach it, found by residue",
    .supports =
        [](const Problem& p, const Config& c) {
          const std::string reason = detail::refuse(p, c, detail::kFmaFusing);
          return reason.empty() ? detail::refuse_grid(grid(p, c.layout)) : reason;
        },
    // One multiply-add per valid (input, tap) and channel pair: the channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .launch = launch,
})

}  // namespace tconv
