// wgrad_direct: one warp per weight tile (a tap of one input channel and a few output channels),
// which sums over batch and space in a fixed order. Only inputs that the tap sends inside the
// output are visited. Simple and deterministic; starved where a layer has few weights.
#include "kernels/detail/wgrad_tile.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::WeightTile;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / detail::kWarp;
/// Grants 80 registers a thread: with 64, ptxas spills some of the unrolled sum.
constexpr int kBlocksPerSm = 3;

// w[ic][oc][t] = sum over n and i of x[n][ic][i] * y[n][oc][i*s - crop + t*d].
template <int kChannels>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    wgrad_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                 const float* __restrict__ y, float* __restrict__ w, int tiles) {
  const int index = static_cast<int>(blockIdx.x * kWarps + threadIdx.x / detail::kWarp);
  if (index >= tiles) return;  // whole warps: the reduction below has all its lanes
  const WeightTile tile = detail::weight_tile<kChannels>(s, index);
  float sum[kChannels] = {};
  detail::reduce_positions(sum, s, tile, x, y, 0, s.batch * s.in_spatial);

  // Store: every weight, also those whose tap is cropped everywhere.
  if (threadIdx.x % detail::kWarp != 0) return;
  w += ((int64_t{tile.group} * s.ic + tile.ic) * s.oc + tile.oc) * s.taps + tile.tap;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) w[int64_t{c} * s.taps] = sum[c];
}

int64_t blocks(const Problem& p) {
  return detail::divide_up(detail::weight_tiles(p), int64_t{kWarps});
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
    detail::launch(wgrad_kernel<tile()>, blocks(p), kThreads, call.stream, detail::make_shape(p),
                   static_cast<const float*>(call.x), static_cast<const float*>(call.y),
                   static_cast<float*>(call.w), static_cast<int>(detail::weight_tiles(p)));
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "wgrad_direct",
    .op = Op::wgrad,
    .summary = "one warp per few weights, summing over batch and space in a fixed order",
    .supports = detail::refuse_wgrad,  // fewer blocks than weights: they fit any grid
    // One multiply-add per valid (input, tap) and channel pair: the channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .launch = launch,
})

}  // namespace tconv
