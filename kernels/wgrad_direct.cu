// wgrad_direct: each weight is summed over batch and space in a fixed order, by one warp or by
// eight threads of a block. Only inputs that the tap sends inside the output are visited. Simple
// and deterministic; starved where a layer has few weights.
#include "kernels/detail/wgrad_tile.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::WeightTile;

/// Grants 80 registers a thread: with 64, ptxas spills some of the unrolled sum.
constexpr int kBlocksPerSm = 3;

// w[ic][oc][t] = sum over n and i of x[n][ic][i] * y[n][oc][i*s - crop + t*d].
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(detail::kWgradThreads, kBlocksPerSm)
    wgrad_kernel(const __grid_constant__ Shape s, const E* __restrict__ x, const E* __restrict__ y,
                 E* __restrict__ w, int tiles, bool y_aligned, bool w_aligned) {
  const int index = static_cast<int>(blockIdx.x) * detail::kTilesPerBlock<kLayout> +
                    detail::tile_in_block<kLayout>();
  const WeightTile tile = detail::weight_tile<kLayout, kChannels>(s, index);
  float sum[kChannels] = {};
  const bool mine = detail::reduce_tile<kLayout>(sum, s, tile, index < tiles, x, y, 0,
                                                 s.batch * s.in_spatial, y_aligned);

  // Store: every weight, also those whose tap is cropped everywhere.
  if (!mine) return;
  w += detail::weight_at<kLayout>(s, tile);
  detail::store_tile<kLayout>(w, s.taps, sum, w_aligned);
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  detail::with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const y = static_cast<const E*>(call.y);
    auto* const w = static_cast<E*>(call.w);
    detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
      detail::launch(wgrad_kernel<E, layout(), tile()>, detail::wgrad_blocks(p, layout()),
                     detail::kWgradThreads, call.stream, detail::make_shape(p),
                     static_cast<const E*>(call.x), y, w, static_cast<int>(detail::weight_tiles(p)),
                     detail::lies_on<tile()>(y), detail::lies_on<tile()>(w));
    });
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "wgrad_direct",
    .op = Op::wgrad,
    .summary = "a few weights per warp or lane, summed over batch and space in a fixed order",
    .supports = detail::refuse_wgrad,  // fewer blocks than weights: they fit any grid
    // One multiply-add per valid (input, tap) and channel pair: the channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .launch = launch,
})

}  // namespace tconv
