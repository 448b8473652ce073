// What the direct kernels share: which outputs a thread has, where its operands lie, and how it
// reduces one tap. A thread has kChannels neighbouring channels at one position. In nchw lanes are
// neighbouring positions: what they read of x and write of y is contiguous, the weights are the
// same for all. In nhwc lanes are neighbouring channels, then positions: what they read of w and
// write of y is contiguous, x is the same for all lanes of a position.
#pragma once

#include <cstdint>

#include "kernels/detail/index.cuh"
#include "kernels/detail/launch.cuh"
#include "kernels/detail/neighbours.cuh"

namespace tconv::detail {

inline constexpr int kDirectThreads = 256;
/// Input channels that are read at once where they are neighbours.
inline constexpr int kReadAtOnce = 4;

/// Blocks of kDirectThreads threads, `per_part` of them for each tile of channels (nchw: over all
/// samples) or each sample (nhwc).
struct DirectGrid {
  int64_t blocks;
  int64_t per_part;
  int64_t threads_per_part;  ///< that have work

  unsigned part() const { return static_cast<unsigned>(per_part); }
};

/// For outputs of `channels` channels in all, `positions` each; a thread has `tile` of them.
inline DirectGrid direct_grid(Layout layout, int64_t batch, int64_t channels, int tile,
                              int64_t positions) {
  const int64_t tiles = channels / tile;
  const bool last = layout == Layout::nhwc;
  const int64_t threads = last ? positions * tiles : positions;
  const int64_t per_part = divide_up(threads, int64_t{kDirectThreads});
  return {batch * (last ? 1 : tiles) * per_part, per_part, threads};
}

inline std::string refuse_grid(const DirectGrid& grid) {
  if (grid.threads_per_part > kIndexLimit) {
    return "positions times channels of a sample must be at most " + std::to_string(kIndexLimit);
  }
  return refuse_grid(grid.blocks);
}

/// A thread's outputs.
struct DirectTile {
  bool exists;
  int sample, group, channel;  ///< channel: the first of the tile, within the group
  int position;
  int64_t output;  ///< where the first one is stored
};

/// `channels` per group, `positions` each. Every group has whole tiles.
template <Layout kLayout, int kChannels>
__device__ __forceinline__ DirectTile direct_tile(int groups, int channels, int positions,
                                                  unsigned blocks_per_part) {
  const unsigned part = blockIdx.x / blocks_per_part;
  const int64_t thread = int64_t{blockIdx.x % blocks_per_part} * kDirectThreads + threadIdx.x;
  const unsigned tiles = static_cast<unsigned>(channels / kChannels);
  if constexpr (kLayout == Layout::nchw) {
    const unsigned sample_group = part / tiles;
    return {thread < positions,
            static_cast<int>(sample_group / groups),
            static_cast<int>(sample_group % groups),
            static_cast<int>(part % tiles) * kChannels,
            static_cast<int>(thread),
            int64_t{part} * kChannels * positions + thread};
  } else {
    const unsigned all_tiles = tiles * groups;
    const unsigned tile = static_cast<unsigned>(thread) % all_tiles;
    const unsigned position = static_cast<unsigned>(thread) / all_tiles;
    return {position < static_cast<unsigned>(positions),
            static_cast<int>(part),
            static_cast<int>(tile / tiles),
            static_cast<int>(tile % tiles) * kChannels,
            static_cast<int>(position),
            (int64_t{part} * positions * all_tiles + thread) * kChannels};
  }
}

/// Which operands allow vector accesses in nhwc; nothing is asked of nchw.
struct DirectAlignment {
  bool x, w, y;
};

template <int kChannels, class E>
DirectAlignment direct_alignment(const E* x, const E* w, const E* y, int64_t ic) {
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

/// The inputs of a thread's group and the weights of its output channels, one tap at a time.
/// `positions`: of one channel of x.
template <class E, Layout kLayout, int kChannels>
class TapOperands {
 public:
  __device__ __forceinline__ TapOperands(const Shape& s, int positions, const E* x, const E* w,
                                         const DirectTile& tile, const DirectAlignment& aligned)
      : ic_(s.ic), aligned_(aligned) {
    const int64_t first = int64_t{tile.group} * s.ic;
    next_w_ = int64_t{s.oc} * s.taps;
    x_ = x + group_start<kLayout>(s.groups, s.ic, positions, tile);
    if constexpr (kLayout == Layout::nchw) {
      next_x_ = positions, next_tap_ = 1, next_oc_ = s.taps;
      next_position_ = 1;
      w_ = w + first * next_w_ + int64_t{tile.channel} * s.taps;
    } else {
      next_position_ = int64_t{s.groups} * s.ic, next_tap_ = s.oc;
      w_ = w + first * next_w_ + tile.channel;
    }
  }

  /// sum[c] += sum over ic of x[ic][position] * w[ic][c][tap]. One load of x serves kChannels
  /// multiply-adds.
  __device__ __forceinline__ void reduce(float (&sum)[kChannels], int position, int tap) const {
    if constexpr (kLayout == Layout::nchw) {
      reduce_strided(sum, x_ + position, w_ + tap);
    } else {
      reduce_neighbours(sum, x_ + position * next_position_, w_ + tap * next_tap_);
    }
  }

 private:
  __device__ __forceinline__ void reduce_strided(float (&sum)[kChannels], const E* x,
                                                 const E* w) const {
    for (int ic = 0; ic < ic_; ++ic) {
      const float value = widen(*x);
#pragma unroll
      for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, widen(w[c * next_oc_]), sum[c]);
      x += next_x_;
      w += next_w_;
    }
  }

  __device__ __forceinline__ void reduce_neighbours(float (&sum)[kChannels], const E* x,
                                                    const E* w) const {
    const auto add = [&](float value) {
      float weights[kChannels];
      load(weights, w, aligned_.w);
#pragma unroll
      for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, weights[c], sum[c]);
      w += next_w_;
    };
    int ic = 0;
    for (; ic + kReadAtOnce <= ic_; ic += kReadAtOnce) {
      float values[kReadAtOnce];
      load(values, x + ic, aligned_.x);
#pragma unroll
      for (int j = 0; j < kReadAtOnce; ++j) add(values[j]);
    }
    for (; ic < ic_; ++ic) add(widen(x[ic]));
  }

  const int ic_;
  const DirectAlignment aligned_;
  const E* x_;
  const E* w_;
  int64_t next_x_, next_w_, next_oc_, next_position_, next_tap_;
};

/// Stores a thread's outputs; `positions` of one channel.
template <Layout kLayout, class E, int kChannels>
__device__ __forceinline__ void store_tile(E* y, int positions, const float (&sum)[kChannels],
                                           bool aligned) {
  if constexpr (kLayout == Layout::nchw) {
#pragma unroll
    for (int c = 0; c < kChannels; ++c) y[int64_t{c} * positions] = narrow<E>(sum[c]);
  } else {
    store(y, sum, aligned);
  }
}

}  // namespace tconv::detail
