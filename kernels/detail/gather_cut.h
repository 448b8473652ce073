// How gather_mma cuts a problem into tiles and parts.
#pragma once

#include <cstdint>

#include "kernels/detail/gather_geometry.cuh"
#include "kernels/detail/mma_tile.cuh"
#include "kernels/detail/parts.cuh"

namespace tconv::detail {

/// Rows are positions, columns channels. The large tile has the fewest loads per multiply-add, but
/// wants enough blocks; the others are for small maps and for few channels.
using GatherLargeTile = MmaTile<128, 128, 64, 32, 3>;
using GatherSquareTile = MmaTile<64, 64, 32, 32, 4>;
using GatherFlatTile = MmaTile<16, 128, 16, 32, 4>;
using GatherNarrowTile = MmaTile<128, 32, 32, 32, 4>;
using GatherNarrowestTile = MmaTile<128, 16, 32, 16, 4>;

struct GatherCut {
  int tile;  ///< for with_gather_tile
  TileSize size;
  int64_t columns;    ///< of a group, padded to whole tiles
  int64_t row_tiles;  ///< of the phase with most rows
  int64_t phases;
  int64_t blocks;  ///< of one part
  Parts parts;     ///< of the depth, counted in vectors
  int64_t macs;    ///< of all tensor instructions, padding included
  int64_t packed;  ///< vectors of packed weights
};

GatherCut cut_gather(GatherMode, const Problem&, DType);

/// Calls body(tile) with the type of the tile.
template <class Body>
void with_gather_tile(int index, Body body) {
  switch (index) {
    case 0:
      return body(GatherLargeTile{});
    case 1:
      return body(GatherSquareTile{});
    case 2:
      return body(GatherFlatTile{});
    case 3:
      return body(GatherNarrowTile{});
    default:
      return body(GatherNarrowestTile{});
  }
}

}  // namespace tconv::detail
