#include <algorithm>
#include <type_traits>

#include "kernels/detail/col2im.h"
#include "kernels/detail/direct.cuh"

namespace tconv::detail {
namespace {

/// Above this many bytes of columns the batch is taken in parts, one after the other through the
/// same workspace.
constexpr int64_t kWorkspaceGoal = int64_t{1} << 30;

// y[n][oc][o] = sum of columns[n][oc][t][i] over the (i, t) that reach o: a gather over valid taps.
// One thread per output; in nhwc per kChannels neighbouring ones.
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(kDirectThreads)
    col2im_kernel(const __grid_constant__ Shape s, const float* __restrict__ columns,
                  E* __restrict__ y, OutputEpilogue epilogue, bool y_aligned, DirectPart part) {
  const DirectTile tile = direct_tile<kLayout, kChannels>(s.groups, s.oc, s.out_spatial, part);
  if (tile.none) return;
  const int64_t sample_group = int64_t{tile.sample} * s.groups + tile.group;
  if constexpr (kLayout == Layout::nchw) {
    columns += (sample_group * s.oc + tile.channel) * s.taps * s.in_spatial;
  } else {
    columns += sample_group * s.in_spatial * s.taps * s.oc + tile.channel;
  }

  float sum[kChannels] = {};
  for_each_reaching(s, tile.position, [&](int i, int t) {
    float part_of[kChannels];
    load(part_of,
         columns + (kLayout == Layout::nchw ? int64_t{t} * s.in_spatial + i
                                            : (int64_t{i} * s.taps + t) * s.oc),
         true);
#pragma unroll
    for (int c = 0; c < kChannels; ++c) sum[c] += part_of[c];
  });
  apply(epilogue, sum, tile.group * s.oc + tile.channel);
  store_tile<kLayout>(y + tile.output, s.out_spatial, sum, y_aligned);
}

/// Output channels per thread.
int col2im_tile(const Problem& p, Layout layout) {
  return layout == Layout::nchw ? 1 : channel_tile(p.oc_per_group());
}

DirectGrid col2im_grid(const Problem& p, Layout layout, int64_t samples) {
  return direct_grid(layout, samples, p.out_channels, col2im_tile(p, layout), p.out_spatial(),
                     kOnePosition);
}

int64_t bytes_per_sample(const Problem& p) {
  return p.out_channels * p.taps() * p.in_spatial() * static_cast<int64_t>(sizeof(float));
}

/// `samples` samples from `first` on.
template <class E, Layout kLayout>
void add_up(const Call& call, int64_t first, int64_t samples) {
  const Problem& p = call.problem;
  const Shape s = make_shape(p);
  auto* const y = static_cast<E*>(call.y) + first * p.out_channels * s.out_spatial;
  const DirectGrid grid = col2im_grid(p, kLayout, samples);
  const auto run = [&](auto tile) {
    launch(col2im_kernel<E, kLayout, tile()>, grid.blocks, kDirectThreads, call.stream, s,
           static_cast<const float*>(call.workspace), y, epilogue_of(call), lies_on<tile()>(y),
           grid.part());
  };
  if constexpr (kLayout == Layout::nchw) {
    run(std::integral_constant<int, 1>{});
  } else {
    with_channel_tile(s.oc, run);
  }
}

}  // namespace

std::string refuse_columns(const Problem& p, Layout layout) {
  if (p.oc_per_group() * p.taps() > kIndexLimit) {
    return "output channels per group times taps must be at most " + std::to_string(kIndexLimit);
  }
  return refuse_grid(col2im_grid(p, layout, samples_at_once(p)));
}

int64_t samples_at_once(const Problem& p) {
  return std::clamp(kWorkspaceGoal / bytes_per_sample(p), int64_t{1},
                    std::max<int64_t>(p.batch, 1));
}

int64_t columns_workspace(const Problem& p) {
  return p.batch == 0 ? 0 : samples_at_once(p) * bytes_per_sample(p);
}

void through_columns(const Call& call,
                     const std::function<void(const Call&, int64_t, int64_t)>& multiply) {
  const Problem& p = call.problem;
  with_storage(call.config, [&](auto element, auto layout) {
    for (int64_t first = 0; first < p.batch; first += samples_at_once(p)) {
      const int64_t samples = std::min(samples_at_once(p), p.batch - first);
      multiply(call, first, samples);
      add_up<decltype(element), layout()>(call, first, samples);
    }
  });
}

}  // namespace tconv::detail
