// gemm_col2im: the matrix view. C^T x in two steps: one GEMM gives every input's contribution
// through every tap (columns, needed work only, as many bytes as taps), then col2im adds up, per
// output, the columns that belong to it. No atomics.
#include <utility>

#include "kernels/detail/col2im.h"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/neighbours.cuh"
#include "kernels/detail/tile_choice.cuh"
#include "kernels/detail/transposed_loader.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::TileSize;

/// The columns of a (sample, group) as a matrix: [oc*taps][i] in nchw, [i][taps*oc] in nhwc.
struct ColumnsShape {
  int rows, cols;
};

template <Layout kLayout>
__host__ __device__ ColumnsShape columns_shape(const Shape& s) {
  const int contributions = s.oc * s.taps;
  if (kLayout == Layout::nchw) return {contributions, s.in_spatial};
  return {s.in_spatial, contributions};
}

/// Stores a thread's part of a tile; four neighbours at once where rows start on 16 bytes.
template <class T>
__device__ __forceinline__ void store_columns(float* columns, const ColumnsShape& shape, int row,
                                              int col, const detail::Accumulator<T>& tile) {
#pragma unroll
  for (int r = 0; r < T::kThreadRows; ++r) {
    if (row + tile.row(r) >= shape.rows) continue;
    float* const to = columns + int64_t{row + tile.row(r)} * shape.cols;
#pragma unroll
    for (int c = 0; c < T::kThreadCols; c += 4) {
      const int i = col + tile.col(c);
      const float* const four = &tile.sum[r][c];
      if (shape.cols % 4 == 0) {
        const float4 all{four[0], four[1], four[2], four[3]};
        if (i < shape.cols) *reinterpret_cast<float4*>(to + i) = all;
      } else {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          if (i + j < shape.cols) to[i + j] = four[j];
        }
      }
    }
  }
}

// columns[n][g] = sum over ic of w[g][ic] times x[n][g][ic], in float. nchw: both operands are
// stored k-major, as the tile wants them. nhwc: x has k along memory and is turned while it is
// loaded. One block per (n, g) and tile of columns.
template <class T, class E, Layout kLayout>
__global__ void __launch_bounds__(T::kThreads)
    gemm_kernel(const __grid_constant__ Shape s, const E* __restrict__ x, const E* __restrict__ w,
                float* __restrict__ columns, bool x_aligned, bool w_aligned) {
  // Which: row tiles fastest, so that neighbouring blocks share their part of the other operand.
  const ColumnsShape shape = columns_shape<kLayout>(s);
  const unsigned row_tiles = static_cast<unsigned>(detail::divide_up(shape.rows, T::kRows));
  const unsigned col_tiles = static_cast<unsigned>(detail::divide_up(shape.cols, T::kCols));
  const int row = static_cast<int>(blockIdx.x % row_tiles) * T::kRows;
  const int col = static_cast<int>(blockIdx.x / row_tiles % col_tiles) * T::kCols;
  const unsigned sample_group = blockIdx.x / row_tiles / col_tiles;
  const unsigned group = sample_group % s.groups;
  const int stages = detail::divide_up(s.ic, detail::kStageDepth);
  w += int64_t{group} * s.ic * s.oc * s.taps;

  // Product.
  detail::Accumulator<T> tile;
  if constexpr (kLayout == Layout::nchw) {
    x += int64_t{sample_group} * s.ic * s.in_spatial + col;
    detail::RowLoader<T::kRows, T::kThreads, E> load_w(w + row, shape.rows, s.ic, shape.rows - row,
                                                       w_aligned);
    detail::RowLoader<T::kCols, T::kThreads, E> load_x(x, s.in_spatial, s.ic, s.in_spatial - col,
                                                       x_aligned);
    detail::multiply_stages(tile, load_w, load_x, stages);
  } else {
    const int channels = s.groups * s.ic;
    x += (int64_t{sample_group / s.groups} * s.in_spatial + row) * channels + int64_t{group} * s.ic;
    detail::TransposedLoader<T, E> load_x(x, channels, 0, s.in_spatial - row, 0, s.ic);
    detail::RowLoader<T::kCols, T::kThreads, E> load_w(w + col, shape.cols, s.ic, shape.cols - col,
                                                       w_aligned);
    detail::multiply_stages(tile, load_x, load_w, stages);
  }
  store_columns(columns + int64_t{sample_group} * shape.rows * shape.cols, shape, row, col, tile);
}

/// Tiles of the nhwc product: rows are positions there, and loading them turned wants 16 at least,
/// and padded rows in shared memory.
constexpr size_t kTurnedTiles = 3;
template <class T>
using Turned = detail::Tile<T::kRows, T::kCols, T::kThreadRows, T::kThreadCols, 4>;

/// Multiply-adds of the GEMM for one (sample, group): whole tiles, whole stages; every thread
/// computes its padding too.
int64_t tile_macs(const Problem& p, Layout layout, const TileSize& t) {
  int64_t rows = p.oc_per_group() * p.taps(), cols = p.in_spatial();
  if (layout == Layout::nhwc) std::swap(rows, cols);
  return detail::round_up(rows, t.rows) * detail::round_up(cols, t.cols) *
         detail::round_up(p.ic_per_group(), detail::kStageDepth);
}

int tile_of(const Problem& p, Layout layout) {
  const size_t count = layout == Layout::nchw ? detail::kTileSizes.size() : kTurnedTiles;
  return detail::cheapest_tile([&](const TileSize& t) { return tile_macs(p, layout, t); }, count);
}

TileSize tile_size(const Problem& p, Layout layout) {
  return detail::kTileSizes[static_cast<size_t>(tile_of(p, layout))];
}

int64_t tiles_per_sample(const Problem& p, Layout layout) {
  const TileSize t = tile_size(p, layout);
  int64_t rows = p.oc_per_group() * p.taps(), cols = p.in_spatial();
  if (layout == Layout::nhwc) std::swap(rows, cols);
  return p.groups * detail::divide_up(rows, int64_t{t.rows}) *
         detail::divide_up(cols, int64_t{t.cols});
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kFmaFusing); !reason.empty()) return reason;
  if (std::string reason = detail::refuse_columns(p, c.layout); !reason.empty()) return reason;
  return detail::refuse_grid(detail::samples_at_once(p) * tiles_per_sample(p, c.layout));
}

/// True if rows of `stride` elements from `base` on all start on four elements.
template <class E>
bool rows_aligned(const E* base, int64_t stride) {
  return stride % 4 == 0 && detail::lies_on<4>(base);
}

/// Calls body(Tile{}).
template <Layout kLayout, class Body>
void with_gemm_tile(int index, Body body) {
  if constexpr (kLayout == Layout::nchw) {
    detail::with_tile(index, body);
  } else {
    switch (index) {
      case 0:
        return body(Turned<detail::SquareTile>{});
      case 1:
        return body(Turned<detail::TallTile>{});
      default:
        return body(Turned<detail::WideTile>{});
    }
  }
}

/// The columns of `samples` samples from `first` on.
template <class E, Layout kLayout>
void multiply(const Call& call, int64_t first, int64_t samples) {
  const Problem& p = call.problem;
  const Shape s = detail::make_shape(p);
  const auto* const x = static_cast<const E*>(call.x) + first * p.in_channels * s.in_spatial;
  const auto* const w = static_cast<const E*>(call.w);
  auto* const columns = static_cast<float*>(call.workspace);
  with_gemm_tile<kLayout>(tile_of(p, kLayout), [&](auto tile) {
    using T = decltype(tile);
    detail::launch(gemm_kernel<T, E, kLayout>, samples * tiles_per_sample(p, kLayout), T::kThreads,
                   call.stream, s, x, w, columns, rows_aligned(x, s.in_spatial),
                   rows_aligned(w, int64_t{s.oc} * s.taps));
  });
}

void launch(const Call& call) {
  detail::with_storage(call.config, [&](auto element, auto layout) {
    detail::through_columns(call, multiply<decltype(element), layout()>);
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "gemm_col2im",
    .summary = "one GEMM gives every tap's contribution, col2im adds up what overlaps",
    .supports = supports,
    .workspace = [](const Problem& p, const Config&) { return detail::columns_workspace(p); },
    .macs_executed =
        [](const Problem& p, const Config& c) {
          return p.batch * p.groups * tile_macs(p, c.layout, tile_size(p, c.layout));
        },
    .launch = launch,
})

}  // namespace tconv
