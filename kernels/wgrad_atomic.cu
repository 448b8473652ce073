// wgrad_atomic: wgrad_direct, with the sum over batch and space cut into parts that run side by
// side and are added to the weights atomically, in whatever order they finish. With a single part
// nothing meets: plain stores, and the result is deterministic.
#include <algorithm>

#include "kernels/detail/wgrad_tile.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::WeightTile;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / detail::kWarp;
/// Grants 80 registers a thread: with 64, ptxas spills some of the unrolled sum.
constexpr int kBlocksPerSm = 3;
/// Inputs per part: eight multiply-adds a lane and weight for one atomic a weight.
constexpr int kPart = 256;

// w[ic][oc][t] += sum over a part of (n, i) of x[n][ic][i] * y[n][oc][i*s - crop + t*d]. One warp
// per weight tile and part, tiles fastest.
template <int kChannels, bool kAtomic>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    wgrad_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                 const float* __restrict__ y, float* __restrict__ w, int tiles,
                 unsigned blocks_per_part) {
  const int index =
      static_cast<int>(blockIdx.x % blocks_per_part * kWarps + threadIdx.x / detail::kWarp);
  if (index >= tiles) return;  // whole warps: the reduction below has all its lanes
  const WeightTile tile = detail::weight_tile<kChannels>(s, index);
  const int first = static_cast<int>(blockIdx.x / blocks_per_part) * kPart;
  float sum[kChannels] = {};
  detail::reduce_positions(sum, s, tile, x, y, first, first + kPart);

  if (threadIdx.x % detail::kWarp != 0) return;
  w += ((int64_t{tile.group} * s.ic + tile.ic) * s.oc + tile.oc) * s.taps + tile.tap;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) {
    if constexpr (kAtomic) {
      atomicAdd(w + int64_t{c} * s.taps, sum[c]);
    } else {
      w[int64_t{c} * s.taps] = sum[c];
    }
  }
}

/// Parts of the longest sum. At least one, which writes the zeros of a batch of 0.
int64_t parts(const Problem& p) {
  return std::max<int64_t>(detail::divide_up(p.batch * p.in_spatial(), int64_t{kPart}), 1);
}

int64_t blocks_per_part(const Problem& p) {
  return detail::divide_up(detail::weight_tiles(p), int64_t{kWarps});
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse_wgrad(p, c); !reason.empty()) return reason;
  return detail::refuse_grid(blocks_per_part(p) * parts(p));
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const bool atomic = parts(p) > 1;
  if (atomic) {
    const size_t bytes = static_cast<size_t>(p.w_size()) * sizeof(float);
    TCONV_CUDA(cudaMemsetAsync(call.w, 0, bytes, call.stream));
  }
  detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
    const auto kernel = atomic ? wgrad_kernel<tile(), true> : wgrad_kernel<tile(), false>;
    detail::launch(kernel, blocks_per_part(p) * parts(p), kThreads, call.stream,
                   detail::make_shape(p), static_cast<const float*>(call.x),
                   static_cast<const float*>(call.y), static_cast<float*>(call.w),
                   static_cast<int>(detail::weight_tiles(p)),
                   static_cast<unsigned>(blocks_per_part(p)));
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "wgrad_atomic",
    .op = Op::wgrad,
    .summary = "wgrad_direct split over batch and space, parts added atomically; plain stores with "
               "one part",
    .supports = supports,
    // One multiply-add per valid (input, tap) and channel pair, in whichever part it falls.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .deterministic = [](const Problem& p, const Config&) { return parts(p) == 1; },
    .launch = launch,
})

}  // namespace tconv
