// wgrad_implicit_gemm_mma: wgrad_implicit_gemm on tensor cores. Rows are input channels, columns
// (tap, output channel) in vectors of 16 bytes of channels, k runs over all inputs of the batch.
// Where there are too few tiles to fill a GPU, k is split into parts that are added in order.
#include <algorithm>
#include <array>

#include "kernels/detail/depth_loader.cuh"
#include "kernels/detail/device_buffer.h"
#include "kernels/detail/mma_support.h"
#include "kernels/detail/parts.cuh"

namespace tconv {
namespace {

using detail::ChannelStrides;
using detail::InputRow;
using detail::MmaTile;
using detail::Shape;
using detail::VectorStart;

constexpr int kThreads = 256;  // of the kernel of `prepare`

struct Operands {
  Shape s;
  ChannelStrides x, y;
  int vectors_per_tap;
  detail::WeightOrder order;
};

// Where input k of the batch lies in x, and how far what tap 0 of it reaches lies from what tap 0
// of input 0 reaches. One thread per input.
__global__ void __launch_bounds__(kThreads)
    table_kernel(const __grid_constant__ Operands o, InputRow* __restrict__ x_table,
                 InputRow* __restrict__ y_table) {
  const Shape& s = o.s;
  const int64_t k = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (k >= int64_t{s.batch} * s.in_spatial) return;
  const int64_t sample = k / s.in_spatial;
  const int i = static_cast<int>(k % s.in_spatial);
  const int d = i / (s.h.in * s.w.in) * s.d.stride, h = i / s.w.in % s.h.in * s.h.stride;
  const int w = i % s.w.in * s.w.stride;
  const int pixels = (d * s.h.out + h) * s.w.out + w;
  x_table[k] = {static_cast<int>(sample * o.x.sample) + i * o.x.pixel, 0, 0, 0};
  y_table[k] = {static_cast<int>(sample * o.y.sample) + pixels * o.y.pixel, -d, -h, -w};
}

constexpr VectorStart no_vector() { return {detail::no_column(), 0}; }

// Vector v of the input channels of a group: one position, x's own.
template <class E>
__device__ VectorStart x_vector(const Operands& o, int v) {
  const int channel = v * detail::kVector<E>;
  if (channel >= o.s.ic) return no_vector();
  return {{int64_t{channel} * o.x.channel, 0, 0, 0}, o.s.ic - channel};
}

// What input 0 of sample 0 reaches for vector v of the columns: (tap, output channels).
template <class E>
__device__ VectorStart y_vector(const Operands& o, int v) {
  const Shape& s = o.s;
  const int t = v / o.vectors_per_tap, channel = v % o.vectors_per_tap * detail::kVector<E>;
  if (t >= s.taps) return no_vector();
  const int d = t / (s.h.kernel * s.w.kernel) * s.d.dilation - s.d.crop;
  const int h = t / s.w.kernel % s.h.kernel * s.h.dilation - s.h.crop;
  const int w = t % s.w.kernel * s.w.dilation - s.w.crop;
  const int64_t pixels = (int64_t{d} * s.h.out + h) * s.w.out + w;
  return {{int64_t{channel} * o.y.channel + pixels * o.y.pixel, d, h, w}, s.oc - channel};
}

// sums[part][ic over all groups][tap][oc], or w itself if there is one part. One block per part,
// group, tile of input channels (rows) and tile of (tap, oc) (columns).
template <class E, class T, bool kVectors>
__global__ void __launch_bounds__(T::kThreads)
    wgrad_mma_kernel(const __grid_constant__ Operands o, const E* __restrict__ x,
                     const E* __restrict__ y, const InputRow* __restrict__ x_table,
                     const InputRow* __restrict__ y_table, E* __restrict__ w,
                     float* __restrict__ sums, int part_depth) {
  // Which: column tiles fastest, so that neighbouring blocks read the same inputs.
  constexpr int kVector = detail::kVector<E>;
  const Shape& s = o.s;
  const int columns = s.taps * o.vectors_per_tap * kVector;
  const auto col_tiles = static_cast<unsigned>(detail::divide_up(columns, T::kCols));
  const auto row_tiles = static_cast<unsigned>(detail::divide_up(s.ic, T::kRows));
  const int col = static_cast<int>(blockIdx.x % col_tiles) * T::kCols;
  const int row = static_cast<int>(blockIdx.x / col_tiles % row_tiles) * T::kRows;
  const int64_t group = blockIdx.x / col_tiles / row_tiles % s.groups;
  const int64_t part = blockIdx.x / col_tiles / row_tiles / s.groups;

  // Product. A batch of 0 has no stages, and its sums stay zero.
  using Stage = detail::DepthStage<E, T>;
  __shared__ Stage ring[T::kStages];
  const int64_t first = part * part_depth;
  const int64_t rest = int64_t{s.batch} * s.in_spatial - first;
  const int depth = rest < part_depth ? static_cast<int>(rest) : part_depth;
  detail::DepthLoader<E, Stage::kRowVectors, T::kThreads, kVectors> load_x(
      {1, 1, 1}, o.x.channel, x + o.x.group(group), x_table + first, depth,
      [&](int v) { return x_vector<E>(o, row / kVector + v); });
  detail::DepthLoader<E, Stage::kColVectors, T::kThreads, kVectors> load_y(
      {s.d.out, s.h.out, s.w.out}, o.y.channel, y + o.y.group(group), y_table + first, depth,
      [&](int v) { return y_vector<E>(o, col / kVector + v); });
  detail::DepthAccumulator<E, T> tile;
  detail::multiply_stages(tile, ring, load_x, load_y,
                          detail::divide_up(depth, detail::kStageRows<E>));

  // Store: which weight a column is gets worked out once for all its rows.
  const int64_t row_size = int64_t{s.taps} * s.oc;
  if (sums != nullptr) sums += part * s.groups * s.ic * row_size;
#pragma unroll
  for (int n = 0; n < tile.kColFragments; ++n) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int column = col + tile.column(n, i);
      const int t = column / (o.vectors_per_tap * kVector);
      const int oc = column % (o.vectors_per_tap * kVector);
      if (t >= s.taps || oc >= s.oc) continue;
#pragma unroll
      for (int m = 0; m < tile.kRowFragments; ++m) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int ic = row + tile.row(m, half);
          if (ic >= s.ic) continue;
          const int64_t sum = (group * s.ic + ic) * row_size + int64_t{t} * s.oc + oc;
          if (sums != nullptr) {
            sums[sum] = tile.sum[m][n][2 * half + i];
          } else {
            w[o.order.place(sum)] = detail::narrow<E>(tile.sum[m][n][2 * half + i]);
          }
        }
      }
    }
  }
}

/// The large tile has the fewest loads per multiply-add; the small one is for depthwise layers and
/// image heads, which have next to no rows or columns.
using LargeTile = MmaTile<128, 128, 64, 32, 3>;
using SquareTile = MmaTile<64, 64, 32, 32, 4>;
using FlatTile = MmaTile<16, 64, 16, 16, 4>;

constexpr std::array kSizes = {detail::mma_tile_size<LargeTile>(),
                               detail::mma_tile_size<SquareTile>(),
                               detail::mma_tile_size<FlatTile>()};

template <class Body>
void with_wgrad_tile(int index, Body body) {
  switch (index) {
    case 0:
      return body(LargeTile{});
    case 1:
      return body(SquareTile{});
    default:
      return body(FlatTile{});
  }
}

int64_t vectors_per_tap(const Problem& p, DType dtype) {
  return detail::divide_up(p.oc_per_group(), detail::vector_of(dtype));
}

int64_t tiles_of(const Problem& p, DType dtype, const detail::TileSize& t) {
  const int64_t columns = p.taps() * vectors_per_tap(p, dtype) * detail::vector_of(dtype);
  return p.groups * detail::divide_up(p.ic_per_group(), int64_t{t.rows}) *
         detail::divide_up(columns, int64_t{t.cols});
}

int64_t stage_rows(DType dtype) { return detail::kStageVectors * detail::vector_of(dtype); }

/// How a problem is cut up.
struct Cut {
  int tile;  ///< index into kSizes
  int64_t tiles;
  detail::Parts parts;
};

/// The tile that passes over shared memory least.
Cut cut(const Problem& p, DType dtype) {
  const auto best = std::min_element(kSizes.begin(), kSizes.end(), [&](auto& a, auto& b) {
    return tiles_of(p, dtype, a) * a.wavefronts < tiles_of(p, dtype, b) * b.wavefronts;
  });
  const int64_t tiles = tiles_of(p, dtype, *best);
  return {static_cast<int>(best - kSizes.begin()), tiles,
          detail::cut_depth(p.batch * p.in_spatial(), tiles, stage_rows(dtype))};
}

/// The largest offset in a table: the last input of the batch.
int64_t largest_offset(const Problem& p, const Config& c) {
  const int64_t in_y =
      p.y_size() + detail::reach_in(detail::y_strides(p, c.layout), detail::input_reach(p));
  return std::max(p.x_size(), in_y);
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse_without_mma(c); !reason.empty()) return reason;
  if (std::string reason = detail::refuse_epilogue(c); !reason.empty()) return reason;
  if (std::string reason = detail::index_limit_reason(p); !reason.empty()) return reason;
  const auto beyond = [](const char* what) {
    return std::string(what) + " must be at most " + std::to_string(detail::kIndexLimit);
  };
  if (p.batch > detail::kIndexLimit / p.in_spatial())
    return beyond("batch times input size per channel");
  if (p.taps() > detail::kIndexLimit / (p.oc_per_group() + detail::vector_of(c.dtype)))
    return beyond("taps times output channels per group");
  if (largest_offset(p, c) > detail::kIndexLimit)
    return beyond("elements of input or output, and the reach of the inputs in it,");
  const Cut how = cut(p, c.dtype);
  return detail::refuse_grid(
      std::max(how.tiles * how.parts.count, detail::divide_up(p.w_size(), int64_t{kThreads})));
}

struct Plan : Prepared {
  explicit Plan(const Call& call)
      : how(cut(call.problem, call.config.dtype)),
        x_table(call.problem.batch * call.problem.in_spatial()),
        y_table(x_table.size()) {
    const Problem& p = call.problem;
    const Layout layout = call.config.layout;
    operands = {.s = detail::make_shape(p),
                .x = detail::channel_strides(layout, p.groups, p.ic_per_group(), p.in_spatial()),
                .y = detail::channel_strides(layout, p.groups, p.oc_per_group(), p.out_spatial()),
                .vectors_per_tap = static_cast<int>(vectors_per_tap(p, call.config.dtype)),
                .order = {static_cast<int>(p.oc_per_group()),
                          layout == Layout::nhwc ? 1 : static_cast<int>(p.taps())}};
    detail::launch(table_kernel, detail::divide_up(x_table.size(), int64_t{kThreads}), kThreads,
                   call.stream, operands, x_table.data(), y_table.data());
  }
  std::string note() const override {
    return "tile " + kSizes[static_cast<size_t>(how.tile)].str() + ", batch and space in " +
           std::to_string(how.parts.count) + (how.parts.count == 1 ? " part" : " parts");
  }

  Cut how;
  Operands operands;
  DeviceBuffer<InputRow> x_table, y_table;
};

template <class E>
void launch_as(const Call& call, const Plan& plan) {
  const bool vectors = detail::has_vectors(call.config, plan.operands.x.channels) &&
                       detail::has_vectors(call.config, plan.operands.y.channels) &&
                       detail::is_aligned(call.x) && detail::is_aligned(call.y);
  const int64_t parts = plan.how.parts.count;
  auto* const w = static_cast<E*>(call.w);
  auto* const sums = parts > 1 ? static_cast<float*>(call.workspace) : nullptr;
  with_wgrad_tile(plan.how.tile, [&](auto tile) {
    using T = decltype(tile);
    const auto kernel = vectors ? wgrad_mma_kernel<E, T, true> : wgrad_mma_kernel<E, T, false>;
    detail::launch(kernel, plan.how.tiles * parts, T::kThreads, call.stream, plan.operands,
                   static_cast<const E*>(call.x), static_cast<const E*>(call.y),
                   static_cast<const InputRow*>(plan.x_table.data()),
                   static_cast<const InputRow*>(plan.y_table.data()), w, sums,
                   static_cast<int>(plan.how.parts.depth));
  });
  if (sums != nullptr) {
    detail::add_parts(sums, w, call.problem.w_size(), parts, plan.operands.order, call.stream);
  }
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "wgrad_implicit_gemm_mma",
    .op = Op::wgrad,
    .summary = "wgrad_implicit_gemm on tensor cores, operands staged by asynchronous copies",
    .supports = supports,
    .workspace =
        [](const Problem& p, const Config& c) {
          const int64_t parts = cut(p, c.dtype).parts.count;
          return parts > 1 ? parts * p.w_size() * static_cast<int64_t>(sizeof(float)) : 0;
        },
    // Whole tiles and whole stages; every warp computes its padding and cropped taps too.
    .macs_executed =
        [](const Problem& p, const Config& c) {
          const Cut how = cut(p, c.dtype);
          const auto& t = kSizes[static_cast<size_t>(how.tile)];
          return how.tiles * t.rows * t.cols *
                 detail::round_up(p.batch * p.in_spatial(), stage_rows(c.dtype));
        },
    .prepare = [](const Call& call) -> std::unique_ptr<Prepared> {
      return std::make_unique<Plan>(call);
    },
    .launch =
        [](const Call& call) {
          const auto& plan = static_cast<const Plan&>(*call.prepared);
          detail::with_element(call.config.dtype,
                               [&](auto element) { launch_as<decltype(element)>(call, plan); });
        },
})

}  // namespace tconv
