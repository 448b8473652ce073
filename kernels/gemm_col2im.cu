// gemm_col2im: the matrix view. C^T x in two steps: one GEMM gives every input's contribution
// through every tap (columns, needed work only, as many bytes as taps), then col2im adds up, per
// output, the columns that belong to it. No atomics.
#include <algorithm>

#include "kernels/detail/launch.cuh"
#include "kernels/detail/tile_choice.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::TapRun;
using detail::TileSize;

constexpr int kCol2imThreads = 256;
/// Above this many bytes of columns the batch is taken in parts, one after the other through the
/// same workspace.
constexpr int64_t kWorkspaceGoal = int64_t{1} << 30;

// columns[n][g][oc*taps][i] = sum over ic of w[g][ic][oc*taps] * x[n][g][ic][i]: both operands are
// stored k-major, as the tile wants them. One block per (n, g) and tile of columns.
template <class T>
__global__ void __launch_bounds__(T::kThreads)
    gemm_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                const float* __restrict__ w, float* __restrict__ columns, bool x_aligned,
                bool w_aligned) {
  // Which: row tiles fastest, so that neighbouring blocks share their part of x.
  const int rows = s.oc * s.taps;
  const unsigned row_tiles = static_cast<unsigned>(detail::divide_up(rows, T::kRows));
  const unsigned col_tiles = static_cast<unsigned>(detail::divide_up(s.in_spatial, T::kCols));
  const int row = static_cast<int>(blockIdx.x % row_tiles) * T::kRows;
  const int col = static_cast<int>(blockIdx.x / row_tiles % col_tiles) * T::kCols;
  const unsigned sample_group = blockIdx.x / row_tiles / col_tiles;
  const unsigned group = sample_group % s.groups;

  // Product.
  w += int64_t{group} * s.ic * rows + row;
  x += int64_t{sample_group} * s.ic * s.in_spatial + col;
  detail::RowLoader<T::kRows, T::kThreads> load_w(w, rows, s.ic, rows - row, w_aligned);
  detail::RowLoader<T::kCols, T::kThreads> load_x(x, s.in_spatial, s.ic, s.in_spatial - col,
                                                  x_aligned);
  detail::Accumulator<T> tile;
  detail::multiply_stages(tile, load_w, load_x, detail::divide_up(s.ic, detail::kStageDepth));

  // Store: four neighbours at once where rows of columns start on 16 bytes, which is where rows of
  // x do.
  columns += int64_t{sample_group} * rows * s.in_spatial;
#pragma unroll
  for (int r = 0; r < T::kThreadRows; ++r) {
    if (row + tile.row(r) >= rows) continue;
    float* const to = columns + int64_t{row + tile.row(r)} * s.in_spatial;
#pragma unroll
    for (int c = 0; c < T::kThreadCols; c += 4) {
      const int i = col + tile.col(c);
      const float* const four = &tile.sum[r][c];
      if (s.in_spatial % 4 == 0) {
        const float4 all{four[0], four[1], four[2], four[3]};
        if (i < s.in_spatial) *reinterpret_cast<float4*>(to + i) = all;
      } else {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          if (i + j < s.in_spatial) to[i + j] = four[j];
        }
      }
    }
  }
}

// y[n][oc][o] = sum of columns[n][oc][t][i] over the (i, t) that reach o. One thread per output: a
// gather over valid taps.
__global__ void __launch_bounds__(kCol2imThreads)
    col2im_kernel(const __grid_constant__ Shape s, const float* __restrict__ columns,
                  float* __restrict__ y, unsigned blocks_per_channel) {
  const unsigned channel = blockIdx.x / blocks_per_channel;  // (batch, oc)
  const int64_t position = int64_t{blockIdx.x % blocks_per_channel} * kCol2imThreads + threadIdx.x;
  if (position >= s.out_spatial) return;
  const int o = static_cast<int>(position);
  const TapRun rd = detail::taps_of(s.d, o / (s.h.out * s.w.out));
  const TapRun rh = detail::taps_of(s.h, o / s.w.out % s.h.out);
  const TapRun rw = detail::taps_of(s.w, o % s.w.out);
  columns += int64_t{channel} * s.taps * s.in_spatial;

  float sum = 0;
  for (int jd = 0; jd < rd.count; ++jd) {
    const int id = rd.input - jd * s.d.step, td = rd.tap + jd * s.d.classes;
    for (int jh = 0; jh < rh.count; ++jh) {
      const int ih = id * s.h.in + rh.input - jh * s.h.step;
      const int th = td * s.h.kernel + rh.tap + jh * s.h.classes;
      for (int jw = 0; jw < rw.count; ++jw) {
        const int i = ih * s.w.in + rw.input - jw * s.w.step;
        const int t = th * s.w.kernel + rw.tap + jw * s.w.classes;
        sum += columns[int64_t{t} * s.in_spatial + i];
      }
    }
  }
  y[int64_t{channel} * s.out_spatial + position] = sum;
}

int64_t rows(const Problem& p) { return p.oc_per_group() * p.taps(); }

/// Multiply-adds of the GEMM for one (sample, group): whole tiles, whole stages; every thread
/// computes its padding too.
int64_t tile_macs(const Problem& p, const TileSize& t) {
  return detail::round_up(rows(p), t.rows) * detail::round_up(p.in_spatial(), t.cols) *
         detail::round_up(p.ic_per_group(), detail::kStageDepth);
}

int tile_of(const Problem& p) {
  return detail::cheapest_tile([&](const TileSize& t) { return tile_macs(p, t); });
}

int64_t tiles_per_sample(const Problem& p) {
  const TileSize t = detail::kTileSizes[static_cast<size_t>(tile_of(p))];
  return p.groups * detail::divide_up(rows(p), int64_t{t.rows}) *
         detail::divide_up(p.in_spatial(), int64_t{t.cols});
}

int64_t blocks_per_channel(const Problem& p) {
  return detail::divide_up(p.out_spatial(), int64_t{kCol2imThreads});
}

int64_t bytes_per_sample(const Problem& p) {
  return p.out_channels * p.taps() * p.in_spatial() * static_cast<int64_t>(sizeof(float));
}

/// Samples that go through the workspace at a time.
int64_t batch_part(const Problem& p) {
  return std::clamp(kWorkspaceGoal / bytes_per_sample(p), int64_t{1},
                    std::max<int64_t>(p.batch, 1));
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kF32Nchw); !reason.empty()) return reason;
  if (rows(p) > detail::kIndexLimit) {
    return "output channels per group times taps must be at most " +
           std::to_string(detail::kIndexLimit);
  }
  const int64_t col2im = p.out_channels * blocks_per_channel(p);
  return detail::refuse_grid(batch_part(p) * std::max(tiles_per_sample(p), col2im));
}

/// True if rows of `stride` floats from `base` on all start on 16 bytes.
bool rows_aligned(const float* base, int64_t stride) {
  return stride % 4 == 0 && reinterpret_cast<uintptr_t>(base) % 16 == 0;
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const Shape s = detail::make_shape(p);
  const auto* const w = static_cast<const float*>(call.w);
  auto* const columns = static_cast<float*>(call.workspace);
  for (int64_t first = 0; first < p.batch; first += batch_part(p)) {
    const int64_t samples = std::min(batch_part(p), p.batch - first);
    const float* const x = static_cast<const float*>(call.x) + first * p.in_channels * s.in_spatial;
    float* const y = static_cast<float*>(call.y) + first * p.out_channels * s.out_spatial;
    detail::with_tile(tile_of(p), [&](auto tile) {
      using T = decltype(tile);
      detail::launch(gemm_kernel<T>, samples * tiles_per_sample(p), T::kThreads, call.stream, s, x,
                     w, columns, rows_aligned(x, s.in_spatial), rows_aligned(w, rows(p)));
    });
    detail::launch(col2im_kernel, samples * p.out_channels * blocks_per_channel(p), kCol2imThreads,
                   call.stream, s, static_cast<const float*>(columns), y,
                   static_cast<unsigned>(blocks_per_channel(p)));
  }
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "gemm_col2im",
    .summary = "one GEMM gives every tap's contribution, col2im adds up what overlaps",
    .supports = supports,
    .workspace =
        [](const Problem& p, const Config&) {
          return p.batch == 0 ? 0 : batch_part(p) * bytes_per_sample(p);
        },
    .macs_executed =
        [](const Problem& p, const Config&) {
          const TileSize tile = detail::kTileSizes[static_cast<size_t>(tile_of(p))];
          return p.batch * p.groups * tile_macs(p, tile);
        },
    .launch = launch,
})

}  // namespace tconv
