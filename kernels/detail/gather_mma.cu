#include <algorithm>
#include <utility>

#include "kernels/detail/chunk_loader.cuh"
#include "kernels/detail/device_buffer.h"
#include "kernels/detail/element.cuh"
#include "kernels/detail/gather_cut.h"
#include "kernels/detail/gather_geometry.cuh"
#include "kernels/detail/gather_mma.h"
#include "kernels/detail/mma_support.h"
#include "kernels/detail/store_channels.cuh"

namespace tconv::detail {
namespace {

constexpr int kThreads = 256;  // of the kernels of `prepare`

// table[tap in packed order][vector]: where it lies relative to the first vector of tap j = 0. One
// thread per entry.
__global__ void __launch_bounds__(kThreads)
    table_kernel(const __grid_constant__ Gather g, InputRow* __restrict__ table, int vector) {
  const int64_t entry = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (entry >= int64_t{g.taps} * g.vectors_per_tap) return;
  const int v = static_cast<int>(entry % g.vectors_per_tap);
  const auto [place, back] = gather_tap(g, static_cast<int>(entry / g.vectors_per_tap));
  const int pixels = (back.d * g.extents.h + back.h) * g.extents.w + back.w;
  table[int64_t{place} * g.vectors_per_tap + v] = {
      v * vector * g.source.channel - pixels * g.source.pixel, back.d, back.h, back.w};
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
// over; 0 where there is no weight. One thread per 16 bytes.
template <class E>
__global__ void __launch_bounds__(kThreads)
    pack_kernel(const __grid_constant__ Gather g, const E* __restrict__ w,
                uint4* __restrict__ packed, Layout layout, int joined) {
  const int64_t entry = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (entry >= int64_t{g.s.groups} * g.taps * g.vectors_per_tap * g.columns) return;
  const int column = static_cast<int>(entry % g.columns);
  const int v = static_cast<int>(entry / g.columns % g.vectors_per_tap);
  const int t = static_cast<int>(entry / g.columns / g.vectors_per_tap % g.taps);
  const auto group = static_cast<int>(entry / g.columns / g.vectors_per_tap / g.taps);
  union {
    E element[kVector<E>];
    uint4 words;
  } vector{.words = {}};
#pragma unroll
  for (int i = 0; i < kVector<E>; ++i) {
    const int64_t at =
        gather_weight(g, layout, group, t, v * kVector<E> + i, dealt_column(column, joined));
    if (at >= 0) vector.element[i] = rounded_weight(w[at]);
  }
  const int64_t tap = int64_t{group} * g.taps + gather_tap(g, t).place;
  packed[(tap * g.vectors_per_tap + v) * g.columns + column] = vector.words;
}

// The epilogue of every sum, in place: columns outermost, as each has one bias.
template <class Tile>
__device__ __forceinline__ void finish(const Gather& g, Tile& tile, int col,
                                       const OutputEpilogue& epilogue, int group) {
  if (epilogue.kind == Epilogue::none) return;
#pragma unroll
  for (int c = 0; c < tile.kRuns * tile.kRunLength; ++c) {
    const int run = c / tile.kRunLength, i = c % tile.kRunLength;
    const int column = col + tile.col(run) + i;
    if (column >= g.results) continue;
    const int channel = group * g.target.channels + column % g.target.channels;
#pragma unroll
    for (int m = 0; m < tile.kRowFragments; ++m) {
      tile.at(m, 0, run, i) = epilogue(tile.at(m, 0, run, i), channel);
      tile.at(m, 1, run, i) = epilogue(tile.at(m, 1, run, i), channel);
    }
  }
}

// Where a row lies in a channel of the target, and mode `joined`: on each axis, before the stride's
// remainder is added.
struct RowPlace {
  bool exists;
  int64_t element;  ///< of its group's channel 0
  int d, h, w;
};

__device__ __forceinline__ RowPlace row_place(const Gather& g, const Phase& p, int row) {
  if (row >= g.s.batch * p.outputs()) return {false, 0, 0, 0, 0};
  const Shape& s = g.s;
  const PhasePoint at = gather_point(g, p, row);
  const int64_t sample = at.sample * g.target.sample;
  if (g.mode != GatherMode::joined)
    return {true, sample + int64_t{at.output} * g.target.pixel, 0, 0, 0};
  const int d = at.d * s.d.stride - s.d.crop, h = at.h * s.h.stride - s.h.crop;
  const int w = at.w * s.w.stride - s.w.crop;
  const int64_t output = (int64_t{d} * s.h.out + h) * s.w.out + w;
  return {true, sample + output * g.target.pixel, d, h, w};
}

// What column `column` adds to where a row lies; mode `joined`: an output beyond the borders has no
// place.
struct ColumnPlace {
  int64_t element;
  Triple r;
};

__device__ __forceinline__ ColumnPlace column_place(const Gather& g, int column) {
  if (g.mode != GatherMode::joined) return {int64_t{column} * g.target.channel, {0, 0, 0}};
  const Triple r = triple_at(strides_of(g.s), column / g.s.oc);
  const int64_t output = (int64_t{r.d} * g.s.h.out + r.h) * g.s.w.out + r.w;
  return {output * g.target.pixel + int64_t{column % g.s.oc} * g.target.channel, r};
}

__device__ __forceinline__ bool has_place(const Gather& g, const RowPlace& row,
                                          const ColumnPlace& column) {
  if (!row.exists || g.mode != GatherMode::joined) return row.exists;
  const Shape& s = g.s;
  return is_inside({s.d.out, s.h.out, s.w.out}, row.d + column.r.d, row.h + column.r.h,
                   row.w + column.r.w, {});
}

// Rows outermost: where one lies is worked out once. `to`: of the group. A run of columns whose
// channels are whole vectors is stored as one.
template <class Out, class Tile>
__device__ __forceinline__ void store_tile(const Gather& g, const Phase& p, Tile& tile, Out* to,
                                           int row, int col) {
#pragma unroll
  for (int run = 0; run < tile.kRuns; ++run) {
    const int column = col + tile.col(run);
    if (column >= g.results) continue;
    const ColumnPlace first = column_place(g, column);
#pragma unroll
    for (int m = 0; m < tile.kRowFragments; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const RowPlace place = row_place(g, p, row + tile.row(m, half));
        if (g.whole_vectors) {
          float value[tile.kRunLength];
#pragma unroll
          for (int i = 0; i < tile.kRunLength; ++i) value[i] = tile.at(m, half, run, i);
          if (has_place(g, place, first)) store(to + place.element + first.element, value, true);
          continue;
        }
#pragma unroll
        for (int i = 0; i < tile.kRunLength; ++i) {
          if (column + i >= g.results) continue;
          const ColumnPlace at = column_place(g, column + i);
          if (has_place(g, place, at))
            to[place.element + at.element] = narrow<Out>(tile.at(m, half, run, i));
        }
      }
    }
  }
}

// target[row][column] = sum over (tap, source channel), or the sums of one part. One block per
// part, phase, group, tile of columns and tile of rows over the batch.
template <class E, class T, bool kVectors>
__global__ void __launch_bounds__(T::kThreads)
    gather_mma_kernel(const __grid_constant__ Gather g, const E* __restrict__ source,
                      const uint4* __restrict__ packed, const InputRow* __restrict__ table,
                      E* __restrict__ target, float* __restrict__ sums, int64_t sums_of_part,
                      OutputEpilogue epilogue) {
  // Which: column tiles fastest, so that neighbouring blocks read the same positions.
  const unsigned col_tiles = static_cast<unsigned>(g.columns / T::kCols);
  const int col = static_cast<int>(blockIdx.x % col_tiles) * T::kCols;
  const int group = static_cast<int>(blockIdx.x / col_tiles % g.s.groups);
  const unsigned block = blockIdx.x / col_tiles / g.s.groups;
  const unsigned phase = block / g.tiles_per_phase % g.phases;
  const int part = static_cast<int>(block / g.tiles_per_phase / g.phases);
  const Phase p = gather_phase(g.s, g.mode, static_cast<int>(phase));
  const int64_t first_row = int64_t{block % g.tiles_per_phase} * T::kRows;
  if (first_row >= g.s.batch * p.outputs()) return;
  const int row = static_cast<int>(first_row);

  // Product. A phase without taps has no stages, nor has a part beyond a phase's depth: their sums
  // stay zero.
  __shared__ MmaStage<T> ring[T::kStages];
  const int begin = part * g.part_vectors;
  const int rest = p.taps() * g.vectors_per_tap - begin;
  const int vectors = rest < g.part_vectors ? (rest > 0 ? rest : 0) : g.part_vectors;
  const int tap = vectors > 0 && g.mode == GatherMode::phases ? first_packed_tap(g.s, p) : 0;
  const int first = tap * g.vectors_per_tap + begin;
  const int64_t packed_row = int64_t{group} * g.taps * g.vectors_per_tap + first;
  PositionLoader<E, T, kVectors> load_source(g.extents, g.source, source + g.source.group(group),
                                             table + first, vectors, g.vectors_per_tap, begin,
                                             [&](int r) { return gather_start(g, p, row + r); });
  PackedLoader<T> load_weights(packed + packed_row * g.columns + col, g.columns, vectors);
  MmaAccumulator<E, T> tile;
  multiply_stages(tile, ring, load_source, load_weights, divide_up(vectors, kStageVectors));

  // Store.
  if (sums != nullptr) {
    sums += part * sums_of_part + g.target.group(group);
    return store_tile(g, p, tile, sums, row, col);
  }
  finish(g, tile, col, epilogue, group);
  store_tile(g, p, tile, target + g.target.group(group), row, col);
}

Op op_of(GatherMode mode) { return mode == GatherMode::backward ? Op::dgrad : Op::fprop; }

ChannelStrides source_strides(GatherMode mode, const Problem& p, Layout layout) {
  return mode == GatherMode::backward ? y_strides(p, layout) : x_strides(p, layout);
}
ChannelStrides target_strides(GatherMode mode, const Problem& p, Layout layout) {
  return mode == GatherMode::backward ? x_strides(p, layout) : y_strides(p, layout);
}
int64_t target_size(GatherMode mode, const Problem& p) {
  return mode == GatherMode::backward ? p.x_size() : p.y_size();
}

Gather make_gather(GatherMode mode, const Problem& p, const Config& c, const GatherCut& cut) {
  const Shape s = make_shape(p);
  const Extents in{s.d.in, s.h.in, s.w.in}, out{s.d.out, s.h.out, s.w.out};
  Gather g{.s = s,
           .mode = mode,
           .source = source_strides(mode, p, c.layout),
           .target = target_strides(mode, p, c.layout),
           .extents = mode == GatherMode::backward ? out : in,
           .taps = gather_taps(s, mode).volume(),
           .vectors_per_tap = 0,
           .results = 0,
           .columns = static_cast<int>(cut.columns),
           .tiles_per_phase = static_cast<unsigned>(cut.row_tiles),
           .phases = static_cast<unsigned>(cut.phases),
           .part_vectors = static_cast<int>(cut.parts.depth),
           .whole_vectors = false};
  g.vectors_per_tap = static_cast<int>(divide_up(int64_t{g.source.channels}, vector_of(c.dtype)));
  g.results = g.target.channels * (mode == GatherMode::joined ? strides_of(s).volume() : 1);
  return g;
}

struct Plan : Prepared {
  Plan(GatherMode mode, const Call& call)
      : cut(cut_gather(mode, call.problem, call.config.dtype)),
        gather(make_gather(mode, call.problem, call.config, cut)),
        packed(cut.packed),
        table(int64_t{gather.taps} * gather.vectors_per_tap) {
    launch(table_kernel, divide_up(table.size(), int64_t{kThreads}), kThreads, call.stream, gather,
           table.data(), static_cast<int>(vector_of(call.config.dtype)));
    with_element(call.config.dtype, [&](auto element) {
      using E = decltype(element);
      with_gather_tile(cut.tile, [&](auto tile) {
        launch(pack_kernel<E>, divide_up(packed.size(), int64_t{kThreads}), kThreads, call.stream,
               gather, static_cast<const E*>(call.w), packed.data(), call.config.layout,
               decltype(tile)::template kJoined<E>);
      });
    });
  }
  std::string note() const override {
    return "tile " + cut.size.str() +
           (cut.parts.count > 1 ? ", depth in " + std::to_string(cut.parts.count) + " parts" : "");
  }

  GatherCut cut;
  Gather gather;
  DeviceBuffer<uint4> packed;
  DeviceBuffer<InputRow> table;
};

/// Empty, or why outputs cannot be joined.
std::string refuse_joining(const Problem& p) {
  int64_t columns = p.oc_per_group();
  for (const Axis& a : p.axes) {
    if (a.dilation > 1 && a.kernel > 1)
      return "dilated: neighbouring outputs do not read the same inputs";
    if (columns > kIndexLimit / a.stride)
      return "strides times output channels per group must be at most " +
             std::to_string(kIndexLimit);
    columns *= a.stride;
  }
  return columns > p.oc_per_group() ? "" : "stride 1: one phase, nothing to join";
}

std::string refuse(GatherMode mode, const Problem& p, const Config& c) {
  if (std::string reason = refuse_without_mma(c); !reason.empty()) return reason;
  if (mode == GatherMode::backward) {
    if (std::string reason = refuse_epilogue(c); !reason.empty()) return reason;
  }
  if (std::string reason = index_limit_reason(p); !reason.empty()) return reason;
  if (std::string reason = refuse_batched_outputs(p); !reason.empty()) return reason;
  if (mode == GatherMode::joined) {
    if (std::string reason = refuse_joining(p); !reason.empty()) return reason;
  }
  const auto beyond = [](const char* what) {
    return std::string(what) + " must be at most " + std::to_string(kIndexLimit);
  };
  if (p.batch > kIndexLimit / p.in_spatial()) return beyond("batch times input size per channel");
  const ChannelStrides source = source_strides(mode, p, c.layout);
  const int64_t reach = mode == GatherMode::backward ? tap_reach_forward(p) : tap_reach_back(p);
  if (reach_in(source, reach) > kIndexLimit)
    return beyond("one group of one sample, and the reach of the kernel in it,");
  if (p.taps() > kIndexLimit / round_up(source.channels, vector_of(c.dtype)))
    return beyond("taps times channels per group");
  const GatherCut cut = cut_gather(mode, p, c.dtype);
  return refuse_grid(
      std::max({divide_up(cut.packed, int64_t{kThreads}), cut.blocks * cut.parts.count,
                divide_up(target_size(mode, p), int64_t{kAddThreads})}));
}

void launch_gather(GatherMode mode, const Call& call) {
  const auto& plan = static_cast<const Plan&>(*call.prepared);
  const bool backward = mode == GatherMode::backward;
  const void* const source = backward ? call.y : call.x;
  void* const target = backward ? call.x : call.y;
  const bool vectors = has_vectors(call.config, plan.gather.source.channels) && is_aligned(source);
  Gather gather = plan.gather;
  gather.whole_vectors = has_vectors(call.config, gather.target.channels) && is_aligned(target);
  const int64_t parts = plan.cut.parts.count, size = target_size(mode, call.problem);
  auto* const sums = parts > 1 ? static_cast<float*>(call.workspace) : nullptr;
  with_element(call.config.dtype, [&](auto element) {
    using E = decltype(element);
    with_gather_tile(plan.cut.tile, [&](auto tile) {
      using T = decltype(tile);
      const auto kernel = vectors ? gather_mma_kernel<E, T, true> : gather_mma_kernel<E, T, false>;
      launch(kernel, plan.cut.blocks * parts, T::kThreads, call.stream, gather,
             static_cast<const E*>(source), static_cast<const uint4*>(plan.packed.data()),
             static_cast<const InputRow*>(plan.table.data()), static_cast<E*>(target), sums, size,
             epilogue_of(call));
    });
    if (sums == nullptr) return;
    const OutputOrder order{epilogue_of(call), gather.target.channel,
                            int64_t{gather.s.groups} * gather.target.channels};
    add_parts(sums, static_cast<E*>(target), size, parts, order, call.stream);
  });
}

}  // namespace

Strategy gather_mma_strategy(GatherMode mode, std::string name, std::string summary) {
  return {
      .name = std::move(name),
      .op = op_of(mode),
      .summary = std::move(summary),
      .supports = [mode](const Problem& p, const Config& c) { return refuse(mode, p, c); },
      .workspace =
          [mode](const Problem& p, const Config& c) {
            const int64_t parts = cut_gather(mode, p, c.dtype).parts.count;
            return parts > 1 ? parts * target_size(mode, p) * static_cast<int64_t>(sizeof(float))
                             : 0;
          },
      .macs_executed = [mode](const Problem& p,
                              const Config& c) { return cut_gather(mode, p, c.dtype).macs; },
      .prepare = [mode](const Call& call) -> std::unique_ptr<Prepared> {
        return std::make_unique<Plan>(mode, call);
      },
      .launch = [mode](const Call& call) { launch_gather(mode, call); },
  };
}

}  // namespace tconv::detail
