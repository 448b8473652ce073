// wgrad_atomic: wgrad_direct, with the sum over batch and space cut into parts that run side by
// side and are added to the weights atomically, in whatever order they finish. With a single part
// nothing meets: plain stores, and the result is deterministic. f16 and bf16 are added up in a
// float workspace and rounded once, in a launch of its own.
#include <algorithm>
#include <type_traits>

#include "kernels/detail/narrow.h"
#include "kernels/detail/wgrad_tile.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::WeightTile;

/// Grants 80 registers a thread: with 64, ptxas spills some of the unrolled sum.
constexpr int kBlocksPerSm = 3;
/// Inputs per part: eight multiply-adds a lane and weight for one atomic a weight.
constexpr int kPart = 256;

// w[ic][oc][t] += sum over a part of (n, i) of x[n][ic][i] * y[n][oc][i*s - crop + t*d]. Weight
// tiles fastest, then parts. Atomic additions are to floats: in a narrower type each would round.
template <class E, class Sum, Layout kLayout, int kChannels, bool kAtomic>
__global__ void __launch_bounds__(detail::kWgradThreads, kBlocksPerSm)
    wgrad_kernel(const __grid_constant__ Shape s, const E* __restrict__ x, const E* __restrict__ y,
                 Sum* __restrict__ w, int tiles, unsigned blocks_per_part, bool y_aligned,
                 bool w_aligned) {
  const int index =
      static_cast<int>(blockIdx.x % blocks_per_part) * detail::kTilesPerBlock<kLayout> +
      detail::tile_in_block<kLayout>();
  const WeightTile tile = detail::weight_tile<kLayout, kChannels>(s, index);
  const int first = static_cast<int>(blockIdx.x / blocks_per_part) * kPart;
  float sum[kChannels] = {};
  const bool mine = detail::reduce_tile<kLayout>(sum, s, tile, index < tiles, x, y, first,
                                                 first + kPart, y_aligned);

  if (!mine) return;
  w += detail::weight_at<kLayout>(s, tile);
  if constexpr (kAtomic) {
    const int64_t next = kLayout == Layout::nchw ? s.taps : 1;
#pragma unroll
    for (int c = 0; c < kChannels; ++c) atomicAdd(w + c * next, sum[c]);
  } else {
    detail::store_tile<kLayout>(w, s.taps, sum, w_aligned);
  }
}

/// Parts of the longest sum. At least one, which writes the zeros of a batch of 0.
int64_t parts(const Problem& p) {
  return std::max<int64_t>(detail::divide_up(p.batch * p.in_spatial(), int64_t{kPart}), 1);
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse_wgrad(p, c); !reason.empty()) return reason;
  return detail::refuse_grid(detail::wgrad_blocks(p, c.layout) * parts(p));
}

int64_t workspace(const Problem& p, const Config& c) {
  return parts(p) > 1 ? detail::float_sums(c.dtype, p.w_size()) : 0;
}

template <class E, class Sum, Layout kLayout, bool kAtomic>
void sum_up(const Call& call, Sum* w) {
  const Problem& p = call.problem;
  const auto* const y = static_cast<const E*>(call.y);
  const int64_t blocks = detail::wgrad_blocks(p, kLayout);
  detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
    detail::launch(wgrad_kernel<E, Sum, kLayout, tile(), kAtomic>, blocks * parts(p),
                   detail::kWgradThreads, call.stream, detail::make_shape(p),
                   static_cast<const E*>(call.x), y, w, static_cast<int>(detail::weight_tiles(p)),
                   static_cast<unsigned>(blocks), detail::lies_on<tile()>(y),
                   detail::lies_on<tile()>(w));
  });
}

void launch(const Call& call) {
  const int64_t size = call.problem.w_size();
  detail::with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    if (parts(call.problem) == 1)
      return sum_up<E, E, layout(), false>(call, static_cast<E*>(call.w));
    const bool in_place = std::is_same_v<E, float>;
    auto* const sums = static_cast<float*>(in_place ? call.w : call.workspace);
    TCONV_CUDA(cudaMemsetAsync(sums, 0, static_cast<size_t>(size) * sizeof(float), call.stream));
    sum_up<E, float, layout(), true>(call, sums);
    if (!in_place) detail::narrow_sums(call.config.dtype, sums, call.w, size, call.stream);
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "wgrad_atomic",
    .op = Op::wgrad,
    .summary = "wgrad_direct split over batch and space, parts added atomically; plain stores with "
               "one part",
    .supports = supports,
    .workspace = workspace,
    // One multiply-add per valid (input, tap) and channel pair, in whichever part it falls.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .deterministic = [](const Problem& p, const Config&) { return parts(p) == 1; },
    .launch = launch,
})

}  // namespace tconv
