#include <algorithm>
#include <array>

#include "kernels/detail/chunk_loader.cuh"
#include "kernels/detail/device_buffer.h"
#include "kernels/detail/element.cuh"
#include "kernels/detail/gather_mma.h"
#include "kernels/detail/mma_support.h"
#include "kernels/detail/parts.cuh"
#include "kernels/detail/phase.cuh"
#include "kernels/detail/store_channels.cuh"

namespace tconv::detail {
namespace {

constexpr int kThreads = 256;  // of the kernels of `prepare`

/// What is gathered from where to where.
struct Gather {
  Shape s;
  bool backward;  ///< dgrad: from y to x
  ChannelStrides source, target;
  Extents extents;  ///< of the source
  int vectors_per_tap;
  int columns;               ///< channels of a group of the target, padded to whole tiles
  unsigned tiles_per_phase;  ///< of positions, in the phase with most of them
  bool whole_vectors;        ///< runs of the target's channels can be stored as vectors
};

__host__ __device__ Phase gather_phase(const Shape& s, bool backward, int index) {
  if (!backward) return phase_at(s, index);
  const auto whole = [](const AxisIndex& a) { return AxisPhase{0, a.in, 0, a.kernel, -a.crop}; };
  return {whole(s.d), whole(s.h), whole(s.w)};
}

/// The m-th position of a phase: its place in a channel of the target, and what tap j = 0 reads
/// there.
__device__ PhasePoint gather_point(const Gather& g, const Phase& p, int m) {
  if (!g.backward) return point_at(g.s, p, m);
  const Shape& s = g.s;
  const int i = m % s.in_spatial;
  return {m / s.in_spatial, i, p.d.input + i / (s.h.in * s.w.in) * s.d.stride,
          p.h.input + i / s.w.in % s.h.in * s.h.stride, p.w.input + i % s.w.in * s.w.stride};
}

__device__ ColumnStart position_start(const Gather& g, const Phase& p, int m) {
  // Rows of fprop's table lead back, those of dgrad's on: either way such a position stays outside.
  if (m >= g.s.batch * p.outputs()) return g.backward ? no_column() : ColumnStart{0, -1, -1, -1};
  const PhasePoint at = gather_point(g, p, m);
  const int64_t pixel = (int64_t{at.d} * g.extents.h + at.h) * g.extents.w + at.w;
  return {at.sample * g.source.sample + pixel * g.source.pixel, at.d, at.h, at.w};
}

// table[tap in packed order][vector]: where it lies relative to the first vector of tap j = 0. One
// thread per entry.
__global__ void __launch_bounds__(kThreads)
    table_kernel(const __grid_constant__ Gather g, InputRow* __restrict__ table, int vector) {
  const Shape& s = g.s;
  const int64_t entry = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (entry >= int64_t{s.taps} * g.vectors_per_tap) return;
  const int t = static_cast<int>(entry / g.vectors_per_tap);
  const int v = static_cast<int>(entry % g.vectors_per_tap);
  const int td = t / (s.h.kernel * s.w.kernel), th = t / s.w.kernel % s.h.kernel;
  const int tw = t % s.w.kernel;
  const auto back = [&](const AxisIndex& a, int tap) {
    return g.backward ? -tap * a.dilation : tap / a.classes * a.step;
  };
  const int d = back(s.d, td), h = back(s.h, th), w = back(s.w, tw);
  const int pixels = (d * g.extents.h + h) * g.extents.w + w;
  const int64_t tap = g.backward ? t : packed_tap(s, t);
  table[tap * g.vectors_per_tap + v] = {v * vector * g.source.channel - pixels * g.source.pixel, d,
                                        h, w};
}

template <class E>
__device__ E rounded_weight(E value) {
  if constexpr (sizeof(E) == sizeof(float)) {
    return __uint_as_float(round_to_tf32(__float_as_uint(value)));
  } else {
    return value;
  }
}

// packed[group][tap in packed order][vector][column] = 16 bytes of the channels that are summed
// over, of one channel of the target; 0 where either does not exist. One thread per 16 bytes.
template <class E>
__global__ void __launch_bounds__(kThreads)
    pack_kernel(const __grid_constant__ Gather g, const E* __restrict__ w,
                uint4* __restrict__ packed, Layout layout, int joined) {
  const Shape& s = g.s;
  const int64_t entry = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (entry >= int64_t{s.groups} * s.taps * g.vectors_per_tap * g.columns) return;
  const int column = static_cast<int>(entry % g.columns);
  const int v = static_cast<int>(entry / g.columns % g.vectors_per_tap);
  const int t = static_cast<int>(entry / g.columns / g.vectors_per_tap % s.taps);
  const int64_t group = entry / g.columns / g.vectors_per_tap / s.taps;
  const int result = dealt_column(column, joined);
  union {
    E element[kVector<E>];
    uint4 words;
  } vector{.words = {}};
#pragma unroll
  for (int i = 0; i < kVector<E>; ++i) {
    const int channel = v * kVector<E> + i;
    if (result >= g.target.channels || channel >= g.source.channels) continue;
    const int ic = g.backward ? result : channel, oc = g.backward ? channel : result;
    const int64_t at = weight_at(s, layout, group * s.ic + ic, oc, t);
    vector.element[i] = rounded_weight(w[at]);
  }
  const int64_t tap = group * s.taps + (g.backward ? t : packed_tap(s, t));
  packed[(tap * g.vectors_per_tap + v) * g.columns + column] = vector.words;
}

// target[position][channel] = sum over (tap, source channel). One block per phase, group, tile of
// channels (columns) and tile of positions over the batch (rows).
template <class E, class T, bool kVectors>
__global__ void __launch_bounds__(T::kThreads)
    gather_mma_kernel(const __grid_constant__ Gather g, const E* __restrict__ source,
                      const uint4* __restrict__ packed, const InputRow* __restrict__ table,
                      E* __restrict__ target, OutputEpilogue epilogue) {
  // Which: channel tiles fastest, so that neighbouring blocks read the same positions.
  const unsigned col_tiles = static_cast<unsigned>(g.columns / T::kCols);
  const int col = static_cast<int>(blockIdx.x % col_tiles) * T::kCols;
  const int group = static_cast<int>(blockIdx.x / col_tiles % g.s.groups);
  const unsigned block = blockIdx.x / col_tiles / g.s.groups;
  const Phase p = gather_phase(g.s, g.backward, static_cast<int>(block / g.tiles_per_phase));
  const int rows = g.s.batch * p.outputs();
  const int64_t first_row = int64_t{block % g.tiles_per_phase} * T::kRows;
  if (first_row >= rows) return;
  const int row = static_cast<int>(first_row);

  // Product. A phase without taps has no stages, and its sums stay zero.
  __shared__ MmaStage<T> ring[T::kStages];
  const int vectors = p.taps() * g.vectors_per_tap;
  const int tap = vectors > 0 && !g.backward ? first_packed_tap(g.s, p) : 0;
  const int first = tap * g.vectors_per_tap;
  const int64_t packed_row = int64_t{group} * g.s.taps * g.vectors_per_tap + first;
  PositionLoader<E, T, kVectors> load_source(g.extents, g.source, source + g.source.group(group),
                                             table + first, vectors, g.vectors_per_tap,
                                             [&](int r) { return position_start(g, p, row + r); });
  PackedLoader<T> load_weights(packed + packed_row * g.columns + col, g.columns, vectors);
  MmaAccumulator<E, T> tile;
  multiply_stages(tile, ring, load_source, load_weights, divide_up(vectors, kStageVectors));

  // Store: where a position lies in the target is worked out once for all its channels.
#pragma unroll
  for (int m = 0; m < tile.kRowFragments; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      if (row + tile.row(m, half) >= rows) continue;
      const PhasePoint at = gather_point(g, p, row + tile.row(m, half));
      E* const to = target + at.sample * g.target.sample + g.target.group(group) +
                    int64_t{at.output} * g.target.pixel;
#pragma unroll
      for (int run = 0; run < tile.kRuns; ++run) {
        const int channel = col + tile.col(run);
        float value[tile.kRunLength];
#pragma unroll
        for (int i = 0; i < tile.kRunLength; ++i) {
          value[i] = tile.at(m, half, run, i);
          if (channel + i < g.target.channels)
            value[i] = epilogue(value[i], group * g.target.channels + channel + i);
        }
        store_channels(to + int64_t{channel} * g.target.channel, g.target.channel, value,
                       g.target.channels - channel, g.whole_vectors);
      }
    }
  }
}

/// Rows are positions, columns channels. The large tile has the fewest loads per multiply-add, but
/// wants enough blocks; the others are for small maps and for few channels.
using LargeTile = MmaTile<128, 128, 64, 32, 3>;
using SquareTile = MmaTile<64, 64, 32, 32, 4>;
using FlatTile = MmaTile<16, 128, 16, 32, 4>;
using NarrowTile = MmaTile<128, 32, 32, 32, 4>;
using NarrowestTile = MmaTile<128, 16, 32, 16, 4>;

constexpr std::array kSizes = {mma_tile_size<LargeTile>(), mma_tile_size<SquareTile>(),
                               mma_tile_size<FlatTile>(), mma_tile_size<NarrowTile>(),
                               mma_tile_size<NarrowestTile>()};
constexpr int kLarge = 0;

template <class Body>
void with_mma_tile(int index, Body body) {
  switch (index) {
    case kLarge:
      return body(LargeTile{});
    case 1:
      return body(SquareTile{});
    case 2:
      return body(FlatTile{});
    case 3:
      return body(NarrowTile{});
    default:
      return body(NarrowestTile{});
  }
}

int64_t source_channels(Op op, const Problem& p) {
  return op == Op::dgrad ? p.oc_per_group() : p.ic_per_group();
}
int64_t target_channels(Op op, const Problem& p) {
  return op == Op::dgrad ? p.ic_per_group() : p.oc_per_group();
}

int64_t vectors_per_tap(Op op, const Problem& p, DType dtype) {
  return divide_up(source_channels(op, p), vector_of(dtype));
}

int64_t tiles_per_phase(Op op, const Problem& p, const TileSize& t) {
  // Phase 0 has the most outputs on every axis.
  const int64_t outputs = gather_phase(make_shape(p), op == Op::dgrad, 0).outputs();
  return divide_up(p.batch * outputs, int64_t{t.rows});
}

int64_t phases(Op op, const Problem& p) { return op == Op::dgrad ? 1 : phase_count(make_shape(p)); }

int64_t blocks(Op op, const Problem& p, const TileSize& t) {
  return tiles_per_phase(op, p, t) * phases(op, p) * p.groups *
         divide_up(target_channels(op, p), int64_t{t.cols});
}

/// Whole tiles and whole stages of every phase with taps; every warp computes its padding too.
int64_t tile_macs(Op op, const Problem& p, DType dtype, const TileSize& t) {
  const Shape s = make_shape(p);
  int64_t area = 0;  // rows times depth, over all phases
  for (int i = 0; i < phases(op, p); ++i) {
    const Phase phase = gather_phase(s, op == Op::dgrad, i);
    area += round_up(p.batch * phase.outputs(), t.rows) *
            round_up(phase.taps() * vectors_per_tap(op, p, dtype), kStageVectors);
  }
  return p.groups * round_up(target_channels(op, p), t.cols) * area * vector_of(dtype);
}

/// Index of the tile that passes over shared memory least: that, and not the tensor pipe, is what
/// small tiles wait for.
int tile_of(Op op, const Problem& p, DType dtype) {
  const auto wavefronts = [&](const MmaTileSize& t) {
    return tile_macs(op, p, dtype, t) / t.rows / t.cols * t.wavefronts;
  };
  const bool large_fills = blocks(op, p, kSizes[kLarge]) >= kBlocksGoal;
  const auto best = std::min_element(
      kSizes.begin() + (large_fills ? kLarge : kLarge + 1), kSizes.end(),
      [&](const MmaTileSize& a, const MmaTileSize& b) { return wavefronts(a) < wavefronts(b); });
  return static_cast<int>(best - kSizes.begin());
}

TileSize size_of_choice(Op op, const Problem& p, DType dtype) {
  return kSizes[static_cast<size_t>(tile_of(op, p, dtype))];
}

int64_t packed_size(Op op, const Problem& p, DType dtype, const TileSize& t) {
  return p.groups * p.taps() * vectors_per_tap(op, p, dtype) *
         round_up(target_channels(op, p), t.cols);
}

Gather make_gather(Op op, const Problem& p, const Config& c, const TileSize& t) {
  const bool backward = op == Op::dgrad;
  const Shape s = make_shape(p);
  const ChannelStrides x = x_strides(p, c.layout), y = y_strides(p, c.layout);
  const Extents in{s.d.in, s.h.in, s.w.in}, out{s.d.out, s.h.out, s.w.out};
  return {.s = s,
          .backward = backward,
          .source = backward ? y : x,
          .target = backward ? x : y,
          .extents = backward ? out : in,
          .vectors_per_tap = static_cast<int>(vectors_per_tap(op, p, c.dtype)),
          .columns = static_cast<int>(round_up(target_channels(op, p), t.cols)),
          .tiles_per_phase = static_cast<unsigned>(tiles_per_phase(op, p, t)),
          .whole_vectors = false};
}

struct Plan : Prepared {
  Plan(Op op, const Call& call)
      : tile(tile_of(op, call.problem, call.config.dtype)),
        gather(make_gather(op, call.problem, call.config, kSizes[static_cast<size_t>(tile)])),
        packed(packed_size(op, call.problem, call.config.dtype, kSizes[static_cast<size_t>(tile)])),
        table(int64_t{gather.s.taps} * gather.vectors_per_tap) {
    launch(table_kernel, divide_up(table.size(), int64_t{kThreads}), kThreads, call.stream, gather,
           table.data(), static_cast<int>(vector_of(call.config.dtype)));
    with_element(call.config.dtype, [&](auto element) {
      using E = decltype(element);
      with_mma_tile(tile, [&](auto shape) {
        launch(pack_kernel<E>, divide_up(packed.size(), int64_t{kThreads}), kThreads, call.stream,
               gather, static_cast<const E*>(call.w), packed.data(), call.config.layout,
               decltype(shape)::template kJoined<E>);
      });
    });
  }
  std::string note() const override { return "tile " + kSizes[static_cast<size_t>(tile)].str(); }

  int tile;
  Gather gather;
  DeviceBuffer<uint4> packed;
  DeviceBuffer<InputRow> table;
};

/// The largest offset in the table, or its negative: the last tap's last channel.
int64_t largest_offset(Op op, const Problem& p, const Config& c) {
  const bool backward = op == Op::dgrad;
  const int64_t pixels = backward ? tap_reach_forward(p) : tap_reach_back(p);
  return reach_in(backward ? y_strides(p, c.layout) : x_strides(p, c.layout), pixels);
}

}  // namespace

std::string refuse_gather_mma(Op op, const Problem& p, const Config& c) {
  if (std::string reason = refuse_without_mma(c); !reason.empty()) return reason;
  if (op != Op::fprop) {
    if (std::string reason = refuse_epilogue(c); !reason.empty()) return reason;
  }
  if (std::string reason = index_limit_reason(p); !reason.empty()) return reason;
  if (std::string reason = refuse_batched_outputs(p); !reason.empty()) return reason;
  const auto beyond = [](const char* what) {
    return std::string(what) + " must be at most " + std::to_string(kIndexLimit);
  };
  if (p.batch > kIndexLimit / p.in_spatial()) return beyond("batch times input size per channel");
  if (largest_offset(op, p, c) > kIndexLimit)
    return beyond("one group of one sample, and the reach of the kernel in it,");
  const TileSize t = size_of_choice(op, p, c.dtype);
  if (p.taps() > kIndexLimit / round_up(source_channels(op, p), vector_of(c.dtype)))
    return beyond("taps times channels per group");
  const int64_t packing = divide_up(packed_size(op, p, c.dtype, t), int64_t{kThreads});
  return refuse_grid(std::max(packing, blocks(op, p, t)));
}

int64_t gather_mma_macs(Op op, const Problem& p, const Config& c) {
  return tile_macs(op, p, c.dtype, size_of_choice(op, p, c.dtype));
}

std::unique_ptr<Prepared> prepare_gather_mma(Op op, const Call& call) {
  return std::make_unique<Plan>(op, call);
}

void launch_gather_mma(Op op, const Call& call) {
  const auto& plan = static_cast<const Plan&>(*call.prepared);
  const void* const source = op == Op::dgrad ? call.y : call.x;
  void* const target = op == Op::dgrad ? call.x : call.y;
  const bool vectors = has_vectors(call.config, plan.gather.source.channels) && is_aligned(source);
  Gather gather = plan.gather;
  gather.whole_vectors = has_vectors(call.config, gather.target.channels) && is_aligned(target);
  with_element(call.config.dtype, [&](auto element) {
    using E = decltype(element);
    with_mma_tile(plan.tile, [&](auto tile) {
      using T = decltype(tile);
      const auto kernel = vectors ? gather_mma_kernel<E, T, true> : gather_mma_kernel<E, T, false>;
      launch(kernel, blocks(op, call.problem, size_of_tile<T>()), T::kThreads, call.stream, gather,
             static_cast<const E*>(source), static_cast<const uint4*>(plan.packed.data()),
             static_cast<const InputRow*>(plan.table.data()), static_cast<E*>(target),
             epilogue_of(call));
    });
  });
}

}  // namespace tconv::detail
