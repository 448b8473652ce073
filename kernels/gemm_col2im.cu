// gemm_col2im: the matrix view. C^T x in two steps: one GEMM gives every input's contribution
// through every tap (columns, needed work only, as many bytes as taps), then col2im adds up, per
// output, the columns that belong to it. No atomics.
#include <algorithm>
#include <utility>

#include "kernels/detail/direct.cuh"
#include "kernels/detail/tile_choice.cuh"
#include "kernels/detail/transposed_loader.cuh"

namespace tconv {
namespace {

using detail::DirectTile;
using detail::Shape;
using detail::TapRun;
using detail::TileSize;

/// Above this many bytes of columns the batch is taken in parts, one after the other through the
/// same workspace.
constexpr int64_t kWorkspaceGoal = int64_t{1} << 30;

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

// y[n][oc][o] = sum of columns[n][oc][t][i] over the (i, t) that reach o: a gather over valid taps.
// One thread per output; in nhwc per kChannels neighbouring ones.
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(detail::kDirectThreads)
    col2im_kernel(const __grid_constant__ Shape s, const float* __restrict__ columns,
                  E* __restrict__ y, detail::OutputEpilogue epilogue, bool y_aligned,
                  detail::DirectPart part) {
  const int64_t thread = detail::direct_thread(part);
  if (thread >= part.threads) return;
  const DirectTile tile = detail::direct_tile<kLayout, kChannels>(s.groups, s.oc, s.out_spatial,
                                                                  part, static_cast<int>(thread));
  const TapRun rd = detail::taps_of(s.d, tile.position / (s.h.out * s.w.out));
  const TapRun rh = detail::taps_of(s.h, tile.position / s.w.out % s.h.out);
  const TapRun rw = detail::taps_of(s.w, tile.position % s.w.out);
  const int64_t sample_group = int64_t{tile.sample} * s.groups + tile.group;
  if constexpr (kLayout == Layout::nchw) {
    columns += (sample_group * s.oc + tile.channel) * s.taps * s.in_spatial;
  } else {
    columns += sample_group * s.in_spatial * s.taps * s.oc + tile.channel;
  }

  float sum[kChannels] = {};
  for (int jd = 0; jd < rd.count; ++jd) {
    const int id = rd.input - jd * s.d.step, td = rd.tap + jd * s.d.classes;
    for (int jh = 0; jh < rh.count; ++jh) {
      const int ih = id * s.h.in + rh.input - jh * s.h.step;
      const int th = td * s.h.kernel + rh.tap + jh * s.h.classes;
      for (int jw = 0; jw < rw.count; ++jw) {
        const int i = ih * s.w.in + rw.input - jw * s.w.step;
        const int t = th * s.w.kernel + rw.tap + jw * s.w.classes;
        float part_of[kChannels];
        detail::load(part_of,
                     columns + (kLayout == Layout::nchw ? int64_t{t} * s.in_spatial + i
                                                        : (int64_t{i} * s.taps + t) * s.oc),
                     true);
#pragma unroll
        for (int c = 0; c < kChannels; ++c) sum[c] += part_of[c];
      }
    }
  }
  detail::apply(epilogue, sum, tile.group * s.oc + tile.channel);
  detail::store_tile<kLayout>(y + tile.output, s.out_spatial, sum, y_aligned);
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

int64_t bytes_per_sample(const Problem& p) {
  return p.out_channels * p.taps() * p.in_spatial() * static_cast<int64_t>(sizeof(float));
}

/// Samples that go through the workspace at a time.
int64_t batch_part(const Problem& p) {
  return std::clamp(kWorkspaceGoal / bytes_per_sample(p), int64_t{1},
                    std::max<int64_t>(p.batch, 1));
}

/// Output channels per thread of col2im.
int col2im_tile(const Problem& p, Layout layout) {
  return layout == Layout::nchw ? 1 : detail::channel_tile(p.oc_per_group());
}

detail::DirectGrid col2im_grid(const Problem& p, Layout layout, int64_t samples) {
  return detail::direct_grid(layout, samples, p.out_channels, col2im_tile(p, layout),
                             p.out_spatial());
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kFmaFusing); !reason.empty()) return reason;
  if (p.oc_per_group() * p.taps() > detail::kIndexLimit) {
    return "output channels per group times taps must be at most " +
           std::to_string(detail::kIndexLimit);
  }
  const int64_t samples = batch_part(p);
  std::string reason = detail::refuse_grid(col2im_grid(p, c.layout, samples));
  return reason.empty() ? detail::refuse_grid(samples * tiles_per_sample(p, c.layout)) : reason;
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

/// `samples` samples from `first` on.
template <class E, Layout kLayout>
void run_part(const Call& call, const Shape& s, int64_t first, int64_t samples) {
  const Problem& p = call.problem;
  const auto* const x = static_cast<const E*>(call.x) + first * p.in_channels * s.in_spatial;
  const auto* const w = static_cast<const E*>(call.w);
  auto* const y = static_cast<E*>(call.y) + first * p.out_channels * s.out_spatial;
  auto* const columns = static_cast<float*>(call.workspace);
  with_gemm_tile<kLayout>(tile_of(p, kLayout), [&](auto tile) {
    using T = decltype(tile);
    detail::launch(gemm_kernel<T, E, kLayout>, samples * tiles_per_sample(p, kLayout), T::kThreads,
                   call.stream, s, x, w, columns, rows_aligned(x, s.in_spatial),
                   rows_aligned(w, int64_t{s.oc} * s.taps));
  });
  const detail::DirectGrid grid = col2im_grid(p, kLayout, samples);
  const auto col2im = [&](auto tile) {
    detail::launch(col2im_kernel<E, kLayout, tile()>, grid.blocks, detail::kDirectThreads,
                   call.stream, s, static_cast<const float*>(columns), y, detail::epilogue_of(call),
                   detail::lies_on<tile()>(y), grid.part());
  };
  if constexpr (kLayout == Layout::nchw) {
    col2im(std::integral_constant<int, 1>{});
  } else {
    detail::with_channel_tile(s.oc, col2im);
  }
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const Shape s = detail::make_shape(p);
  detail::with_storage(call.config, [&](auto element, auto layout) {
    for (int64_t first = 0; first < p.batch; first += batch_part(p)) {
      const int64_t samples = std::min(batch_part(p), p.batch - first);
      run_part<decltype(element), layout()>(call, s, first, samples);
    }
  });
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
        [](const Problem& p, const Config& c) {
          return p.batch * p.groups * tile_macs(p, c.layout, tile_size(p, c.layout));
        },
    .launch = launch,
})

}  // namespace tconv
