// implicit_gemm: one GEMM per phase, none of its operands materialised. Rows are output channels,
// columns are the outputs of a phase over the whole batch, k runs over (tap of the phase, input
// channel): no multiplication by an inserted zero. Where a row of the input lies is looked up in a
// table that `prepare` makes with the repacked weights, so that the main loop has no index
// arithmetic beyond one addition.
#include <algorithm>

#include "kernels/detail/input_loader.cuh"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/phase.cuh"
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
using detail::OutputEpilogue;
using detail::Phase;
using detail::PhasePoint;
using detail::PhaseWeights;
using detail::Shape;
using detail::TileSize;

/// Output channels are padded to this: rows of packed weights then start on 16 bytes and are read
/// as float4.
constexpr int kWeightAlignment = 4;

// table[packed tap][ic / spacing], for every `spacing`-th channel ic. One thread per entry.
__global__ void table_kernel(const __grid_constant__ Shape s,
                             const __grid_constant__ ChannelStrides x, InputRow* __restrict__ table,
                             int spacing) {
  const int rows = s.ic / spacing;
  const int64_t entry = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (entry >= int64_t{s.taps} * rows) return;
  const int t = static_cast<int>(entry / rows), ic = static_cast<int>(entry % rows) * spacing;
  const int td = t / (s.h.kernel * s.w.kernel), th = t / s.w.kernel % s.h.kernel;
  const int tw = t % s.w.kernel;
  const int jd = td / s.d.classes, jh = th / s.h.classes, jw = tw / s.w.classes;
  const int pixels = (jd * s.d.step * s.h.in + jh * s.h.step) * s.w.in + jw * s.w.step;
  const InputRow row{ic * x.channel - pixels * x.pixel, jd * s.d.step, jh * s.h.step,
                     jw * s.w.step};
  table[int64_t{detail::packed_tap(s, t)} * rows + ic / spacing] = row;
}

// What tap 0 of channel 0 reads for the m-th output of a phase.
__device__ ColumnStart column_start(const Shape& s, const ChannelStrides& x, const Phase& p,
                                    int m) {
  if (m >= s.batch * p.outputs()) return {0, -1, -1, -1};  // outside, whatever is subtracted
  const PhasePoint at = detail::point_at(s, p, m);
  const int64_t pixel = (int64_t{at.d} * s.h.in + at.h) * s.w.in + at.w;
  return {at.sample * x.sample + pixel * x.pixel, at.d, at.h, at.w};
}

// y[n][oc][o of phase] = sum over (tap j, ic) of packed[phase][(j, ic)][oc] * x[n][ic][input -
// j*step]. One block per phase, group, tile of channels (rows) and tile of outputs over the batch
// (columns).
template <class T, GatherPath kPath>
__global__ void __launch_bounds__(T::kThreads)
    implicit_gemm_kernel(const __grid_constant__ Shape s, const __grid_constant__ ChannelStrides in,
                         const __grid_constant__ ChannelStrides out, const float* __restrict__ x,
                         const float* __restrict__ packed, const InputRow* __restrict__ table,
                         float* __restrict__ y, int oc_padded, unsigned tiles_per_phase,
                         bool store_vectors, OutputEpilogue epilogue) {
  // Which: channel tiles fastest, so that neighbouring blocks read the same inputs.
  const unsigned row_tiles = static_cast<unsigned>(detail::divide_up(s.oc, T::kRows));
  const int row = static_cast<int>(blockIdx.x % row_tiles) * T::kRows;
  const unsigned group = blockIdx.x / row_tiles % s.groups;
  const unsigned block = blockIdx.x / row_tiles / s.groups;
  const Phase p = detail::phase_at(s, static_cast<int>(block / tiles_per_phase));
  const int cols = s.batch * p.outputs();
  const int64_t first_col = int64_t{block % tiles_per_phase} * T::kCols;
  if (first_col >= cols) return;
  const int col = static_cast<int>(first_col);

  // Product. A phase without taps has no stages, and its sums stay zero.
  const int depth = p.taps() * s.ic;
  const int64_t first_row = depth > 0 ? int64_t{detail::first_packed_tap(s, p)} * s.ic : 0;
  const float* const w = packed + (int64_t{group} * s.taps * s.ic + first_row) * oc_padded + row;
  const InputRow* const rows =
      table + (kPath == GatherPath::any_tap ? first_row : first_row / kStageDepth);
  detail::RowLoader<T::kRows, T::kThreads> load_w(w, oc_padded, depth, oc_padded - row, true);
  auto load_x = detail::gather_loader<T, kPath>(
      {s.d.in, s.h.in, s.w.in}, in.channel, x + in.group(group), rows, depth,
      [&](int c) { return column_start(s, in, p, col + c); });
  detail::Accumulator<T> tile;
  detail::multiply_stages(tile, load_w, load_x, detail::divide_up(depth, kStageDepth));

  // Store: where a column lies in y is worked out once for all its rows.
#pragma unroll
  for (int c = 0; c < T::kThreadCols; ++c) {
    if (col + tile.col(c) >= cols) continue;
    const PhasePoint at = detail::point_at(s, p, col + tile.col(c));
    float* const to =
        y + at.sample * out.sample + out.group(group) + int64_t{at.output} * out.pixel;
#pragma unroll
    for (int r = 0; r < T::kThreadRows; r += 4) {
      const int oc = row + tile.row(r);
      float four[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        four[i] = tile.sum[r + i][c];
        if (oc + i < s.oc) four[i] = epilogue(four[i], static_cast<int>(group) * s.oc + oc + i);
      }
      detail::store_channels(to + int64_t{oc} * out.channel, out.channel, four, s.oc - oc,
                             store_vectors);
    }
  }
}

/// Tiles of columns that the longest phase needs; phase 0 has the most outputs on every axis.
/// Blocks beyond the end of a shorter phase leave at once.
int64_t tiles_per_phase(const Problem& p, const TileSize& t) {
  return detail::divide_up(p.batch * detail::phase_at(detail::make_shape(p), 0).outputs(),
                           int64_t{t.cols});
}

/// Whole tiles and whole stages of every phase with taps; every thread computes its padding too.
int64_t tile_macs(const Problem& p, const TileSize& t) {
  const Shape s = detail::make_shape(p);
  int64_t area = 0;  // columns times depth, over all phases
  for (int i = 0; i < detail::phase_count(s); ++i) {
    const Phase phase = detail::phase_at(s, i);
    area += detail::round_up(p.batch * phase.outputs(), t.cols) *
            detail::round_up(int64_t{phase.taps()} * s.ic, kStageDepth);
  }
  return p.groups * detail::round_up(s.oc, t.rows) * area;
}

int tile_of(const Problem& p) {
  return detail::cheapest_tile([&](const TileSize& t) { return tile_macs(p, t); });
}

int64_t blocks(const Problem& p, const TileSize& t) {
  return tiles_per_phase(p, t) * detail::phase_count(detail::make_shape(p)) * p.groups *
         detail::divide_up(p.oc_per_group(), int64_t{t.rows});
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kF32Fusing); !reason.empty()) return reason;
  if (std::string reason = detail::refuse_batched_outputs(p); !reason.empty()) return reason;
  if (std::string reason = PhaseWeights::refuse(p, kWeightAlignment); !reason.empty())
    return reason;
  if (detail::reach_in(detail::x_strides(p, c.layout), detail::tap_reach_back(p)) >
      detail::kIndexLimit) {
    return "input of one group of one sample, and the reach of the kernel in it, must have at "
           "most " +
           std::to_string(detail::kIndexLimit) + " elements";
  }
  if (p.taps() > detail::kIndexLimit / p.ic_per_group()) {
    return "taps times input channels per group must be at most " +
           std::to_string(detail::kIndexLimit);
  }
  return detail::refuse_grid(blocks(p, detail::kTileSizes[static_cast<size_t>(tile_of(p))]));
}

/// Weights by phase, the table of input rows, and the tile that wastes least.
struct Plan : PhaseWeights {
  Plan(const Problem& p, const Shape& s, const Call& call)
      : PhaseWeights(s, call.config, call.w, kWeightAlignment, call.stream),
        tile(tile_of(p)),
        whole_taps(s.ic % kStageDepth == 0),
        table(int64_t{s.taps} * s.ic / (whole_taps ? kStageDepth : 1)) {
    constexpr int kThreads = 256;
    detail::launch(table_kernel, detail::divide_up(table.size(), int64_t{kThreads}), kThreads,
                   call.stream, s, detail::x_strides(p, call.config.layout), table.data(),
                   whole_taps ? kStageDepth : 1);
  }
  std::string note() const override {
    return "tile " + detail::kTileSizes[static_cast<size_t>(tile)].str();
  }

  int tile;
  bool whole_taps;
  DeviceBuffer<InputRow> table;
};

void launch(const Call& call) {
  const Problem& p = call.problem;
  const auto& plan = static_cast<const Plan&>(*call.prepared);
  const ChannelStrides in = detail::x_strides(p, call.config.layout);
  const ChannelStrides out = detail::y_strides(p, call.config.layout);
  const bool store_vectors =
      detail::has_vectors(call.config, out.channels) && detail::is_aligned(call.y);
  detail::with_path(detail::gather_path(call.config, in, call.x), [&](auto path) {
    detail::with_tile(plan.tile, [&](auto tile) {
      using T = decltype(tile);
      constexpr TileSize kSize = detail::size_of_tile<T>();
      detail::launch(implicit_gemm_kernel<T, path()>, blocks(p, kSize), T::kThreads, call.stream,
                     detail::make_shape(p), in, out, static_cast<const float*>(call.x),
                     plan.as<float>(), static_cast<const InputRow*>(plan.table.data()),
                     static_cast<float*>(call.y), plan.oc_padded,
                     static_cast<unsigned>(tiles_per_phase(p, kSize)), store_vectors,
                     detail::epilogue_of(call));
    });
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "implicit_gemm",
    .summary = "one tiled GEMM per phase, operands addressed through a table, never materialised",
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
