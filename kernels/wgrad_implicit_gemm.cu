// wgrad_implicit_gemm: the gradient of the weights as one GEMM per group. Rows are input channels,
// columns are (output channel, tap) in the order in which the weights lie in memory, k runs over
// all inputs of the batch. Where there are too few tiles to fill a GPU, k is split: each part
// writes its own sum to the workspace, and a second kernel adds the parts in order, so that the
// result is the same in every run.
#include <algorithm>

#include "kernels/detail/device_buffer.h"
#include "kernels/detail/input_loader.cuh"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/parts.cuh"
#include "kernels/detail/tile_choice.cuh"
#include "kernels/detail/transposed_loader.cuh"

namespace tconv {
namespace {

using detail::ChannelStrides;
using detail::ColumnStart;
using detail::InputRow;
using detail::kStageDepth;
using detail::Shape;

constexpr int kThreads = 256;
/// Rows of x are stored transposed, 8 deep and 4 wide at a time: the padding spreads them over the
/// banks.
using LargeTile = detail::Tile<64, 64, 8, 8, 4>;
/// For depthwise layers and image heads, which have next to no rows or columns.
using SmallTile = detail::Tile<16, 32, 4, 4, 4>;

// table[k]: how far, for input k of the batch, what tap 0 reaches lies from what tap 0 of input 0
// reaches. One thread per entry.
__global__ void __launch_bounds__(kThreads)
    table_kernel(const __grid_constant__ Shape s, const __grid_constant__ ChannelStrides y,
                 InputRow* __restrict__ table) {
  const int64_t k = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (k >= int64_t{s.batch} * s.in_spatial) return;
  const auto sample = static_cast<int>(k / s.in_spatial * y.sample);
  const int i = static_cast<int>(k % s.in_spatial);
  const int d = i / (s.h.in * s.w.in) * s.d.stride, h = i / s.w.in % s.h.in * s.h.stride;
  const int w = i % s.w.in * s.w.stride;
  table[k] = {sample + ((d * s.h.out + h) * s.w.out + w) * y.pixel, -d, -h, -w};
}

// What input 0 of sample 0 reaches for column m: (oc, t), or (t, oc) where channels are last.
template <Layout kLayout>
__device__ ColumnStart column_start(const Shape& s, const ChannelStrides& y, int m) {
  if (m >= s.oc * s.taps) return detail::no_column();
  const int t = kLayout == Layout::nhwc ? m / s.oc : m % s.taps;
  const int oc = kLayout == Layout::nhwc ? m % s.oc : m / s.taps;
  const int d = t / (s.h.kernel * s.w.kernel) * s.d.dilation - s.d.crop;
  const int h = t / s.w.kernel % s.h.kernel * s.h.dilation - s.h.crop;
  const int w = t % s.w.kernel * s.w.dilation - s.w.crop;
  const int64_t pixel = (int64_t{d} * s.h.out + h) * s.w.out + w;
  return {int64_t{oc} * y.channel + pixel * y.pixel, d, h, w};
}

// Rows of the product: the input channels from `row` on of a group, k from `first` on.
template <class T, Layout kLayout>
__device__ __forceinline__ auto rows_loader(const Shape& s, const ChannelStrides& x,
                                            const float* group, int row, int first, int depth,
                                            bool aligned) {
  if constexpr (kLayout == Layout::nhwc) {
    return detail::RowLoader<T::kRows, T::kThreads>(group + int64_t{first} * x.pixel + row, x.pixel,
                                                    depth, s.ic - row, aligned);
  } else {
    return detail::TransposedLoader<T>(group + int64_t{row} * x.channel, x.channel, x.sample,
                                       s.ic - row, first, depth);
  }
}

// sums[part][g*ic][oc*taps] = sum over k in part of x[k][g*ic] * y[g*oc at k through t]. One block
// per part, group, tile of input channels (rows) and tile of (oc, t) (columns).
template <class T, Layout kLayout>
__global__ void __launch_bounds__(T::kThreads)
    wgrad_kernel(const __grid_constant__ Shape s, const __grid_constant__ ChannelStrides in,
                 const __grid_constant__ ChannelStrides out, const float* __restrict__ x,
                 const float* __restrict__ y, const InputRow* __restrict__ table,
                 float* __restrict__ sums, int part_depth, bool x_aligned) {
  // Which: column tiles fastest, so that neighbouring blocks read the same inputs.
  const int cols = s.oc * s.taps;
  const unsigned col_tiles = static_cast<unsigned>(detail::divide_up(cols, T::kCols));
  const unsigned row_tiles = static_cast<unsigned>(detail::divide_up(s.ic, T::kRows));
  const int col = static_cast<int>(blockIdx.x % col_tiles) * T::kCols;
  const int row = static_cast<int>(blockIdx.x / col_tiles % row_tiles) * T::kRows;
  const unsigned group = blockIdx.x / col_tiles / row_tiles % s.groups;
  const int64_t part = blockIdx.x / col_tiles / row_tiles / s.groups;

  // Product. A batch of 0 has no stages, and its sums stay zero.
  const int64_t first = part * part_depth;
  const int64_t rest = int64_t{s.batch} * s.in_spatial - first;
  const int depth = rest < part_depth ? static_cast<int>(rest) : part_depth;
  auto load_x = rows_loader<T, kLayout>(s, in, x + in.group(group), row, static_cast<int>(first),
                                        depth, x_aligned);
  detail::InputLoader<T, false> load_y(
      {s.d.out, s.h.out, s.w.out}, out.channel, y + out.group(group), table + first, depth,
      [&](int c) { return column_start<kLayout>(s, out, col + c); });
  detail::Accumulator<T> tile;
  detail::multiply_stages(tile, load_x, load_y, detail::divide_up(depth, kStageDepth));

  // Store.
  sums += ((part * s.groups + group) * s.ic + row) * cols + col;
#pragma unroll
  for (int r = 0; r < T::kThreadRows; ++r) {
    if (row + tile.row(r) >= s.ic) continue;
    float* const to = sums + int64_t{tile.row(r)} * cols;
#pragma unroll
    for (int c = 0; c < T::kThreadCols; ++c) {
      if (col + tile.col(c) < cols) to[tile.col(c)] = tile.sum[r][c];
    }
  }
}

/// How a problem is cut up.
struct Cut {
  bool large;         ///< LargeTile, else SmallTile
  int64_t tiles;      ///< of all groups
  int64_t tile_size;  ///< multiply-adds per k
  detail::Parts parts;
};

template <class T>
int64_t tiles_of(const Problem& p) {
  return p.groups * detail::divide_up(p.ic_per_group(), int64_t{T::kRows}) *
         detail::divide_up(p.oc_per_group() * p.taps(), int64_t{T::kCols});
}

Cut cut(const Problem& p) {
  constexpr int64_t kLarge = LargeTile::kRows * LargeTile::kCols;
  constexpr int64_t kSmall = SmallTile::kRows * SmallTile::kCols;
  Cut c{};
  c.large = tiles_of<LargeTile>(p) * kLarge <= 2 * tiles_of<SmallTile>(p) * kSmall;
  c.tiles = c.large ? tiles_of<LargeTile>(p) : tiles_of<SmallTile>(p);
  c.tile_size = c.large ? kLarge : kSmall;
  c.parts = detail::cut_depth(p.batch * p.in_spatial(), c.tiles, kStageDepth);
  return c;
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
  if (p.y_size() + detail::reach_in(detail::y_strides(p, c.layout), detail::input_reach(p)) >
      detail::kIndexLimit)
    return beyond("elements of the output, and the reach of the inputs in it,");
  return detail::refuse_grid(std::max(cut(p).tiles * cut(p).parts.count,
                                      detail::divide_up(p.w_size(), int64_t{kThreads})));
}

struct Plan : Prepared {
  explicit Plan(const Call& call)
      : how(cut(call.problem)), table(call.problem.batch * call.problem.in_spatial()) {
    detail::launch(table_kernel, detail::divide_up(table.size(), int64_t{kThreads}), kThreads,
                   call.stream, detail::make_shape(call.problem),
                   detail::y_strides(call.problem, call.config.layout), table.data());
  }
  std::string note() const override {
    return std::string(how.large ? "tile 64x64" : "tile 16x32") + ", batch and space in " +
           std::to_string(how.parts.count) + (how.parts.count == 1 ? " part" : " parts");
  }

  Cut how;
  DeviceBuffer<InputRow> table;
};

template <class T, Layout kLayout>
void launch_tiles(const Call& call, const Plan& plan, float* sums) {
  const Problem& p = call.problem;
  const ChannelStrides in = detail::x_strides(p, kLayout);
  const bool x_aligned =
      detail::has_vectors(call.config, in.channels) && detail::is_aligned(call.x);
  detail::launch(wgrad_kernel<T, kLayout>, plan.how.tiles * plan.how.parts.count, T::kThreads,
                 call.stream, detail::make_shape(p), in, detail::y_strides(p, kLayout),
                 static_cast<const float*>(call.x), static_cast<const float*>(call.y),
                 static_cast<const InputRow*>(plan.table.data()), sums,
                 static_cast<int>(plan.how.parts.depth), x_aligned);
}

template <Layout kLayout>
void launch_in(const Call& call, const Plan& plan, float* sums) {
  if (plan.how.large) {
    launch_tiles<LargeTile, kLayout>(call, plan, sums);
  } else {
    launch_tiles<SmallTile, kLayout>(call, plan, sums);
  }
}

void launch(const Call& call) {
  const auto& plan = static_cast<const Plan&>(*call.prepared);
  auto* const w = static_cast<float*>(call.w);
  auto* const sums = plan.how.parts.count > 1 ? static_cast<float*>(call.workspace) : w;
  if (call.config.layout == Layout::nhwc) {
    launch_in<Layout::nhwc>(call, plan, sums);
  } else {
    launch_in<Layout::nchw>(call, plan, sums);
  }
  if (sums == w) return;
  detail::add_parts(sums, w, call.problem.w_size(), plan.how.parts.count, detail::WeightOrder{1, 1},
                    call.stream);
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "wgrad_implicit_gemm",
    .op = Op::wgrad,
    .summary = "one tiled GEMM over batch and space, split into parts that are added in order",
    .supports = supports,
    .workspace =
        [](const Problem& p, const Config&) {
          const int64_t parts = cut(p).parts.count;
          return parts > 1 ? parts * p.w_size() * static_cast<int64_t>(sizeof(float)) : 0;
        },
    // Whole tiles and whole stages; every thread computes its padding and cropped taps too.
    .macs_executed =
        [](const Problem& p, const Config&) {
          const Cut c = cut(p);
          return c.tiles * c.tile_size * detail::round_up(p.batch * p.in_spatial(), kStageDepth);
        },
    .prepare = [](const Call& call) -> std::unique_ptr<Prepared> {
      return std::make_unique<Plan>(call);
    },
    .launch = launch,
})

}  // namespace tconv
