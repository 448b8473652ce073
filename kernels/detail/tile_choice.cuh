// The tile shapes that the GEMM strategies are built with, and picking the one that pads a problem
// least.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "kernels/detail/gemm_tile.cuh"
#include "kernels/detail/index.cuh"

namespace tconv::detail {

/// Rows are output channels (and taps), columns are positions. The square tile has the fewest loads
/// per multiply-add; the others are for what would leave most of it empty: few positions (4x4 maps)
/// or few channels (image heads, depthwise).
using SquareTile = Tile<64, 64, 8, 8>;
using TallTile = Tile<256, 16, 8, 4>;
using WideTile = Tile<16, 256, 4, 8>;
using WidestTile = Tile<4, 512, 4, 4>;
inline constexpr int kTiles = 4;

struct TileSize {
  int rows, cols, threads;
  std::string str() const { return std::to_string(rows) + "x" + std::to_string(cols); }
};

template <class T>
constexpr TileSize size_of_tile() {
  return {T::kRows, T::kCols, T::kThreads};
}

/// In order of preference.
inline constexpr std::array<TileSize, kTiles> kTileSizes = {
    size_of_tile<SquareTile>(), size_of_tile<TallTile>(), size_of_tile<WideTile>(),
    size_of_tile<WidestTile>()};

/// Calls body(Tile{}) with the tile of that index.
template <class Body>
void with_tile(int index, Body body) {
  switch (index) {
    case 0:
      return body(SquareTile{});
    case 1:
      return body(TallTile{});
    case 2:
      return body(WideTile{});
    default:
      return body(WidestTile{});
  }
}

/// Index of the first tile with the smallest cost(TileSize), among the first `count`.
template <class Cost>
int cheapest_tile(Cost cost, size_t count = kTiles) {
  const auto best =
      std::min_element(kTileSizes.begin(), kTileSizes.begin() + count,
                       [&](const TileSize& a, const TileSize& b) { return cost(a) < cost(b); });
  return static_cast<int>(best - kTileSizes.begin());
}

inline int64_t round_up(int64_t value, int64_t multiple) {
  return divide_up(value, multiple) * multiple;
}

}  // namespace tconv::detail
