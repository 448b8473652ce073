// dgrad_implicit_gemm: the gradient of the input is a convolution with stride s, here as one GEMM.
// Rows are input channels, columns are input positions over the whole batch, k runs over (tap,
// output channel). `prepare` transposes the weights and makes a table of where each row of the
// gradient lies, so that the main loop has no index arithmetic beyond one addition. Taps that fall
// outside of the output are multiplied as zeros.
#include <algorithm>

#include "kernels/detail/device_buffer.h"
#include "kernels/detail/input_loader.cuh"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/store_channels.cuh"
#include "kernels/detail/strides.cuh"
#include "kernels/detail/tile_choice.cuh"

namespace tconv {
namespace {

using detail::ChannelStrides;
using detail::ColumnStart;
using detail::GatherPath;
using detail::InputRow;
using detail::kStageDepth;
using detail::Shape;
using detail::TileSize;

constexpr int kThreads = 256;
/// Input channels are padded to this: rows of packed weights then start on 16 bytes and are read
/// as float4.
constexpr int kWeightAlignment = 4;

// packed[g][t][oc][ic padded] = the weight of ic, oc and t, 0 for ic >= s.ic. One thread per
// element.
__global__ void __launch_bounds__(kThreads)
    pack_kernel(const __grid_constant__ Shape s, const float* __restrict__ w,
                float* __restrict__ packed, int ic_padded, Layout layout) {
  const int64_t element = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (element >= int64_t{s.groups} * s.taps * s.oc * ic_padded) return;
  const int ic = static_cast<int>(element % ic_padded);
  const int oc = static_cast<int>(element / ic_padded % s.oc);
  const int t = static_cast<int>(element / ic_padded / s.oc % s.taps);
  const int64_t group = element / ic_padded / s.oc / s.taps;
  packed[element] = ic < s.ic ? w[detail::weight_at(s, layout, group * s.ic + ic, oc, t)] : 0.0F;
}

// table[t][oc / spacing], for every `spacing`-th channel oc: how far tap t of that channel lies
// from tap 0 of channel 0. One thread per entry.
__global__ void __launch_bounds__(kThreads)
    table_kernel(const __grid_constant__ Shape s, const __grid_constant__ ChannelStrides y,
                 InputRow* __restrict__ table, int spacing) {
  const int rows = s.oc / spacing;
  const int64_t entry = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (entry >= int64_t{s.taps} * rows) return;
  const int t = static_cast<int>(entry / rows), oc = static_cast<int>(entry % rows) * spacing;
  const int d = t / (s.h.kernel * s.w.kernel) * s.d.dilation;
  const int h = t / s.w.kernel % s.h.kernel * s.h.dilation, w = t % s.w.kernel * s.w.dilation;
  table[entry] = {oc * y.channel + ((d * s.h.out + h) * s.w.out + w) * y.pixel, -d, -h, -w};
}

// What tap 0 of channel 0 reads for input position m of the batch.
__device__ ColumnStart column_start(const Shape& s, const ChannelStrides& y, int m) {
  if (m >= s.batch * s.in_spatial) return detail::no_column();
  const int i = m % s.in_spatial;
  const int d = i / (s.h.in * s.w.in) * s.d.stride - s.d.crop;
  const int h = i / s.w.in % s.h.in * s.h.stride - s.h.crop;
  const int w = i % s.w.in * s.w.stride - s.w.crop;
  const int64_t pixel = (int64_t{d} * s.h.out + h) * s.w.out + w;
  return {m / s.in_spatial * y.sample + pixel * y.pixel, d, h, w};
}

// x[n][ic][i] = sum over (t, oc) of packed[(t, oc)][ic] * y[n][oc][i*s - crop + t*d]. One block per
// group, tile of channels (rows) and tile of positions over the batch (columns).
template <class T, GatherPath kPath>
__global__ void __launch_bounds__(T::kThreads)
    dgrad_kernel(const __grid_constant__ Shape s, const __grid_constant__ ChannelStrides in,
                 const __grid_constant__ ChannelStrides out, const float* __restrict__ y,
                 const float* __restrict__ packed, const InputRow* __restrict__ table,
                 float* __restrict__ x, int ic_padded, bool store_vectors) {
  // Which: channel tiles fastest, so that neighbouring blocks read the same gradients.
  const unsigned row_tiles = static_cast<unsigned>(detail::divide_up(s.ic, T::kRows));
  const int row = static_cast<int>(blockIdx.x % row_tiles) * T::kRows;
  const unsigned group = blockIdx.x / row_tiles % s.groups;
  const int col = static_cast<int>(blockIdx.x / row_tiles / s.groups) * T::kCols;

  // Product.
  const int depth = s.taps * s.oc;
  const float* const w = packed + int64_t{group} * depth * ic_padded + row;
  detail::RowLoader<T::kRows, T::kThreads> load_w(w, ic_padded, depth, ic_padded - row, true);
  auto load_y = detail::gather_loader<T, kPath>(
      {s.d.out, s.h.out, s.w.out}, in.channel, y + in.group(group), table, depth,
      [&](int c) { return column_start(s, in, col + c); });
  detail::Accumulator<T> tile;
  detail::multiply_stages(tile, load_w, load_y, detail::divide_up(depth, kStageDepth));

  // Store: where a column lies in x is worked out once for all its rows.
#pragma unroll
  for (int c = 0; c < T::kThreadCols; ++c) {
    const int m = col + tile.col(c);
    if (m >= s.batch * s.in_spatial) continue;
    float* const to = x + m / s.in_spatial * out.sample + out.group(group) +
                      int64_t{m % s.in_spatial} * out.pixel;
#pragma unroll
    for (int r = 0; r < T::kThreadRows; r += 4) {
      const int ic = row + tile.row(r);
      const float four[4] = {tile.sum[r][c], tile.sum[r + 1][c], tile.sum[r + 2][c],
                             tile.sum[r + 3][c]};
      detail::store_channels(to + int64_t{ic} * out.channel, out.channel, four, s.ic - ic,
                             store_vectors);
    }
  }
}

/// Whole tiles and whole stages; every thread computes its padding and cropped taps too.
int64_t tile_macs(const Problem& p, const TileSize& t) {
  return p.groups * detail::round_up(p.ic_per_group(), t.rows) *
         detail::round_up(p.batch * p.in_spatial(), t.cols) *
         detail::round_up(p.taps() * p.oc_per_group(), kStageDepth);
}

int tile_of(const Problem& p) {
  return detail::cheapest_tile([&](const TileSize& t) { return tile_macs(p, t); });
}

int64_t blocks(const Problem& p, const TileSize& t) {
  return p.groups * detail::divide_up(p.ic_per_group(), int64_t{t.rows}) *
         detail::divide_up(p.batch * p.in_spatial(), int64_t{t.cols});
}

int64_t padded_channels(const Problem& p) {
  return detail::round_up(p.ic_per_group(), kWeightAlignment);
}

int64_t packed_size(const Problem& p) {
  return p.groups * p.taps() * p.oc_per_group() * padded_channels(p);
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kF32); !reason.empty()) return reason;
  const auto beyond = [](const char* what) {
    return std::string(what) + " must be at most " + std::to_string(detail::kIndexLimit);
  };
  if (p.batch > detail::kIndexLimit / p.in_spatial())
    return beyond("batch times input size per channel");
  if (p.taps() > detail::kIndexLimit / p.oc_per_group())
    return beyond("taps times output channels per group");
  if (detail::reach_in(detail::y_strides(p, c.layout), detail::tap_reach_forward(p)) >
      detail::kIndexLimit)
    return beyond("output of one group of one sample, and the reach of the kernel in it,");
  const int64_t packing = detail::divide_up(packed_size(p), int64_t{kThreads});
  return detail::refuse_grid(
      std::max(packing, blocks(p, detail::kTileSizes[static_cast<size_t>(tile_of(p))])));
}

/// Weights transposed, the table of gradient rows, and the tile that wastes least.
struct Plan : Prepared {
  Plan(const Problem& p, const Shape& s, const Call& call)
      : tile(tile_of(p)),
        whole_taps(s.oc % kStageDepth == 0),
        ic_padded(static_cast<int>(padded_channels(p))),
        packed(packed_size(p)),
        table(int64_t{s.taps} * s.oc / (whole_taps ? kStageDepth : 1)) {
    detail::launch(pack_kernel, detail::divide_up(packed.size(), int64_t{kThreads}), kThreads,
                   call.stream, s, static_cast<const float*>(call.w), packed.data(), ic_padded,
                   call.config.layout);
    detail::launch(table_kernel, detail::divide_up(table.size(), int64_t{kThreads}), kThreads,
                   call.stream, s, detail::y_strides(call.problem, call.config.layout),
                   table.data(), whole_taps ? kStageDepth : 1);
  }
  std::string note() const override {
    return "tile " + detail::kTileSizes[static_cast<size_t>(tile)].str();
  }

  int tile;
  bool whole_taps;
  int ic_padded;
  DeviceBuffer<float> packed;
  DeviceBuffer<InputRow> table;
};

void launch(const Call& call) {
  const Problem& p = call.problem;
  const auto& plan = static_cast<const Plan&>(*call.prepared);
  const ChannelStrides in = detail::y_strides(p, call.config.layout);
  const ChannelStrides out = detail::x_strides(p, call.config.layout);
  const bool store_vectors =
      detail::has_vectors(call.config, out.channels) && detail::is_aligned(call.x);
  detail::with_path(detail::gather_path(call.config, in, call.y), [&](auto path) {
    detail::with_tile(plan.tile, [&](auto tile) {
      using T = decltype(tile);
      detail::launch(dgrad_kernel<T, path()>, blocks(p, detail::size_of_tile<T>()), T::kThreads,
                     call.stream, detail::make_shape(p), in, out, static_cast<const float*>(call.y),
                     static_cast<const float*>(plan.packed.data()),
                     static_cast<const InputRow*>(plan.table.data()), static_cast<float*>(call.x),
                     plan.ic_padded, store_vectors);
    });
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "dgrad_implicit_gemm",
    .op = Op::dgrad,
    .summary = "one tiled GEMM over (tap, output channel), the gradient addressed through a table",
    .supports = supports,
    .macs_executed =
        [](const Problem& p, const Config&) {
          return tile_macs(p, detail::kTileSizes[static_cast<size_t>(tile_of(p))]);
        },
    .prepare = [](const Call& call) -> std::unique_ptr<Prepared> {
      return std::make_unique<Plan>(call.problem, detail::make_shape(call.problem), call);
    },
    .launch = launch,
})

}  // namespace tconv
