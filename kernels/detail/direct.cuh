// What the direct kernels share: which outputs a thread has, where its operands lie, and how it
// reduces one tap. A thread has kChannels neighbouring channels at one position. In nchw lanes are
// neighbouring positions: what they read of x and write of y is contiguous, the weights are the
// same for all. In nhwc a warp is a few neighbouring positions by a few neighbouring tiles of
// channels: lanes of a tile share its weights, lanes of a position what they read of x.
#pragma once

#include <cstdint>

#include "kernels/detail/index.cuh"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/neighbours.cuh"
#include "kernels/detail/reduce_channels.cuh"

namespace tconv::detail {

inline constexpr int kDirectThreads = 256;

/// Neighbouring positions in a warp, in nhwc. Four input channels of P positions are P sectors of
/// x, and those of 32/P tiles of four floats 4 * max(1, 16/P) sectors of w: 65 together for P = 1,
/// 16 for P = 8, 36 for P = 32. Four tiles also store whole sectors, in narrow types too.
inline constexpr int kSharingPositions = 8;
inline constexpr int kWarpTiles = 32 / kSharingPositions;
/// For launches that only copy: all lanes are tiles, what they read and write is contiguous.
inline constexpr int kOnePosition = 1;

/// A tile of channels over all positions of a sample (nchw), or a whole sample (nhwc): what a run
/// of blocks works on.
struct DirectPart {
  unsigned blocks;
  unsigned neighbours;  ///< positions before the next tile
};

struct DirectGrid {
  int64_t blocks;
  int64_t blocks_per_part, threads_per_part;
  int neighbours;

  DirectPart part() const {
    return {static_cast<unsigned>(blocks_per_part), static_cast<unsigned>(neighbours)};
  }
};

/// For outputs of `channels` channels in all, `positions` each; a thread has `tile` of them.
inline DirectGrid direct_grid(Layout layout, int64_t batch, int64_t channels, int tile,
                              int64_t positions, int neighbours = kSharingPositions) {
  const int64_t tiles = channels / tile;
  const bool last = layout == Layout::nhwc;
  const int64_t whole = divide_up(positions, int64_t{neighbours}) * neighbours;
  const int64_t threads = last ? whole * tiles : positions;
  const int64_t blocks = divide_up(threads, int64_t{kDirectThreads});
  return {batch * (last ? 1 : tiles) * blocks, blocks, threads, neighbours};
}

inline std::string refuse_grid(const DirectGrid& grid) {
  if (grid.threads_per_part > kIndexLimit) {
    return "positions times channels of a sample must be at most " + std::to_string(kIndexLimit);
  }
  return refuse_grid(grid.blocks);
}

/// A thread's outputs.
struct DirectTile {
  int sample, group, channel;  ///< channel: the first of the tile, within the group
  int position;
  int64_t output;  ///< where the first one is stored
  bool none;       ///< there are fewer positions: nothing to do
};

/// `channels` per group, `positions` each. Every group has whole tiles.
template <Layout kLayout, int kChannels>
__device__ __forceinline__ DirectTile direct_tile(int groups, int channels, int positions,
                                                  const DirectPart& part) {
  const unsigned number = blockIdx.x / part.blocks;
  const unsigned thread = blockIdx.x % part.blocks * kDirectThreads + threadIdx.x;
  const unsigned tiles = static_cast<unsigned>(channels / kChannels);
  if constexpr (kLayout == Layout::nchw) {
    const unsigned sample_group = number / tiles;
    return {static_cast<int>(sample_group / groups),
            static_cast<int>(sample_group % groups),
            static_cast<int>(number % tiles) * kChannels,
            static_cast<int>(thread),
            int64_t{number} * kChannels * positions + thread,
            thread >= static_cast<unsigned>(positions)};
  } else {
    const unsigned all_tiles = tiles * groups, run = thread / part.neighbours;
    const unsigned tile = run % all_tiles;
    const unsigned position = run / all_tiles * part.neighbours + thread % part.neighbours;
    return {static_cast<int>(number),
            static_cast<int>(tile / tiles),
            static_cast<int>(tile % tiles) * kChannels,
            static_cast<int>(position),
            ((int64_t{number} * positions + position) * all_tiles + tile) * kChannels,
            position >= static_cast<unsigned>(positions)};
  }
}

/// Everything that reaches output o: body(position in a channel of x, tap) for each pair of them.
template <class Body>
__device__ __forceinline__ void for_each_reaching(const Shape& s, int o, Body body) {
  const TapRun rd = taps_of(s.d, o / (s.h.out * s.w.out));
  const TapRun rh = taps_of(s.h, o / s.w.out % s.h.out);
  const TapRun rw = taps_of(s.w, o % s.w.out);
  for (int jd = 0; jd < rd.count; ++jd) {
    const int id = rd.input - jd * s.d.step, td = rd.tap + jd * s.d.classes;
    for (int jh = 0; jh < rh.count; ++jh) {
      const int ih = id * s.h.in + rh.input - jh * s.h.step;
      const int th = td * s.h.kernel + rh.tap + jh * s.h.classes;
      for (int jw = 0; jw < rw.count; ++jw) {
        body(ih * s.w.in + rw.input - jw * s.w.step, th * s.w.kernel + rw.tap + jw * s.w.classes);
      }
    }
  }
}

/// Which operands allow vector accesses in nhwc; nothing is asked of nchw.
struct DirectAlignment {
  bool x, w, y;
};

template <int kChannels, class E, class Out>
DirectAlignment direct_alignment(const E* x, const E* w, const Out* y, int64_t ic) {
  return {ic % kReadAtOnce == 0 && lies_on<kReadAtOnce>(x), lies_on<kChannels>(w),
          lies_on<kChannels>(y)};
}

/// Elements before the first channel of a group, in a tensor of `channels` per group with
/// `positions` each.
template <Layout kLayout>
__device__ __forceinline__ int64_t group_start(int groups, int channels, int positions,
                                               const DirectTile& tile) {
  if constexpr (kLayout == Layout::nchw) {
    return (int64_t{tile.sample} * groups + tile.group) * channels * positions;
  } else {
    return (int64_t{tile.sample} * positions * groups + tile.group) * channels;
  }
}

/// Elements between neighbouring positions of that tensor.
template <Layout kLayout>
__device__ __forceinline__ int64_t pixel_stride(int groups, int channels) {
  return kLayout == Layout::nchw ? 1 : int64_t{groups} * channels;
}

/// Where the first of a tile's channels lies at a position of that tensor.
template <Layout kLayout>
__device__ __forceinline__ int64_t element_at(int groups, int channels, int positions,
                                              const DirectTile& tile, int64_t position) {
  const int64_t start = group_start<kLayout>(groups, channels, positions, tile);
  if constexpr (kLayout == Layout::nchw) {
    return start + int64_t{tile.channel} * positions + position;
  } else {
    return start + tile.channel + position * pixel_stride<kLayout>(groups, channels);
  }
}

/// In nhwc any positions of a warp store as well as neighbours do. With kWarpTiles tiles of a
/// group, whose weights are more than what is read of x, it takes positions of a row `stride`
/// apart, which want the same weights; a rest at the end of the row stays as it is.
template <Layout kLayout, int kChannels>
__device__ __forceinline__ void take_apart(DirectTile& tile, const Shape& s, int row, int stride) {
  if (kLayout == Layout::nchw || s.oc < kWarpTiles * kChannels) return;
  const int at = tile.position % row, each = row / stride;
  if (at >= each * stride) return;
  const int by = at % each * stride + at / each - at;
  tile.position += by;
  tile.output += by * pixel_stride<kLayout>(s.groups, s.oc);
}

/// Where x is read at a position. Places that are no whole positions have an overload of their own,
/// which returns what is read like a pointer to x.
template <class E>
__device__ __forceinline__ const E* pixel_at(const E* x, int position, int64_t stride) {
  return x + position * stride;
}

/// The inputs of a thread's group and the weights of its output channels, one tap at a time.
template <class E, Layout kLayout, int kChannels>
class TapOperands {
 public:
  /// `positions`: of one channel of x, which need not be those of s.
  __device__ __forceinline__ TapOperands(const Shape& s, int positions, const E* x, const E* w,
                                         const DirectTile& tile, const DirectAlignment& aligned)
      : s_(s), positions_(positions), next_w_(int64_t{s.oc} * s.taps), aligned_(aligned) {
    constexpr bool kLast = kLayout == Layout::nhwc;
    x_ = x + group_start<kLayout>(s.groups, s.ic, positions, tile);
    w_ = w + tile.group * s.ic * next_w_ + int64_t{tile.channel} * (kLast ? 1 : s.taps);
  }

  /// sum[c] += sum over ic of x[ic][place] * w[ic][c][tap]. One load of x serves kChannels
  /// multiply-adds.
  template <class Place>
  __device__ __forceinline__ void reduce(float (&sum)[kChannels], const Place& place,
                                         int tap) const {
    const auto x = pixel_at(x_, place, pixel_stride<kLayout>(s_.groups, s_.ic));
    if constexpr (kLayout == Layout::nchw) {
      reduce_channels(sum, x, positions_, w_ + tap, next_w_, s_.taps, s_.ic);
    } else {
      reduce_neighbours(sum, x, w_ + int64_t{tap} * s_.oc, next_w_, s_.ic, aligned_.x, aligned_.w);
    }
  }

 private:
  const Shape& s_;
  const int positions_;
  const int64_t next_w_;  ///< between weights of neighbouring input channels
  const DirectAlignment& aligned_;
  const E* x_;
  const E* w_;
};

}  // namespace tconv::detail
