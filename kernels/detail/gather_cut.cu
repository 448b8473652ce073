#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "kernels/detail/gather_cut.h"

namespace tconv::detail {
namespace {

/// As with_gather_tile has them; in order of preference.
constexpr std::array kSizes = {mma_tile_size<GatherLargeTile>(), mma_tile_size<GatherSquareTile>(),
                               mma_tile_size<GatherFlatTile>(), mma_tile_size<GatherNarrowTile>(),
                               mma_tile_size<GatherNarrowestTile>()};

/// What does not depend on the tile.
struct Depths {
  int64_t groups, results;  ///< of a group
  int64_t vector, vectors_per_tap;
  std::vector<std::pair<int64_t, int64_t>> phases;  ///< rows over the batch, vectors of depth
};

Depths depths_of(GatherMode mode, const Problem& p, DType dtype) {
  const bool backward = mode == GatherMode::backward;
  const Shape s = make_shape(p);
  const int64_t channels = backward ? p.oc_per_group() : p.ic_per_group();
  Depths depths{.groups = p.groups,
                .results = backward ? p.ic_per_group() : p.oc_per_group(),
                .vector = vector_of(dtype),
                .vectors_per_tap = divide_up(channels, vector_of(dtype)),
                .phases = {}};
  if (mode == GatherMode::joined) depths.results *= strides_of(s).volume();
  const int count = mode == GatherMode::phases ? phase_count(s) : 1;
  for (int i = 0; i < count; ++i) {
    const Phase phase = gather_phase(s, mode, i);
    depths.phases.emplace_back(p.batch * phase.outputs(), phase.taps() * depths.vectors_per_tap);
  }
  return depths;
}

/// Phase 0 has the most rows on every axis.
int64_t row_tiles(const Depths& d, const TileSize& t) {
  return divide_up(d.phases.front().first, int64_t{t.rows});
}

int64_t blocks(const Depths& d, const TileSize& t) {
  return row_tiles(d, t) * static_cast<int64_t>(d.phases.size()) * d.groups *
         divide_up(d.results, int64_t{t.cols});
}

/// Stages of all blocks: whole ones of every phase with taps, and of every tile that has rows.
int64_t stages(const Depths& d, const TileSize& t) {
  int64_t sum = 0;
  for (const auto& [rows, vectors] : d.phases)
    sum += divide_up(rows, int64_t{t.rows}) * divide_up(vectors, int64_t{kStageVectors});
  return d.groups * divide_up(d.results, int64_t{t.cols}) * sum;
}

/// The tile that passes over shared memory least: that, and not the tensor pipe, is what small
/// tiles wait for.
int choose_tile(const Depths& d) {
  const bool large_fills = blocks(d, kSizes.front()) >= kBlocksGoal;
  const auto best =
      std::min_element(kSizes.begin() + (large_fills ? 0 : 1), kSizes.end(),
                       [&](const MmaTileSize& a, const MmaTileSize& b) {
                         return stages(d, a) * a.wavefronts < stages(d, b) * b.wavefronts;
                       });
  return static_cast<int>(best - kSizes.begin());
}

}  // namespace

GatherCut cut_gather(GatherMode mode, const Problem& p, DType dtype) {
  const Depths d = depths_of(mode, p, dtype);
  const int tile = choose_tile(d);
  const TileSize& size = kSizes[static_cast<size_t>(tile)];
  int64_t deepest = 0;
  for (const auto& [rows, vectors] : d.phases) deepest = std::max(deepest, vectors);
  const int64_t tiles = blocks(d, size);
  Parts parts =
      cut_depth(deepest * d.vector, std::max<int64_t>(tiles, 1), kStageVectors * d.vector);
  parts.depth /= d.vector;
  const int64_t columns = round_up(d.results, size.cols);
  const int64_t taps = gather_taps(make_shape(p), mode).volume();
  return {.tile = tile,
          .size = size,
          .columns = columns,
          .row_tiles = row_tiles(d, size),
          .phases = static_cast<int64_t>(d.phases.size()),
          .blocks = tiles,
          .parts = parts,
          .macs = stages(d, size) * size.rows * size.cols * kStageVectors * d.vector,
          .packed = d.groups * taps * d.vectors_per_tap * columns};
}

}  // namespace tconv::detail
