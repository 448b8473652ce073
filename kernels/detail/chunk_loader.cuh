// Operands of the tensor-core kernels: vectors of 16 bytes, which are neighbouring channels at one
// position, of a tensor in any layout.
#pragma once

#include "kernels/detail/input_loader.cuh"
#include "kernels/detail/mma_tile.cuh"
#include "kernels/detail/strides.cuh"

namespace tconv::detail {

/// The first `count` of a vector's channels; the others are zero. Addresses need the alignment of
/// an element only.
template <class E>
__device__ __forceinline__ uint4 gather_channels(const E* from, int channel, int count) {
  union {
    E element[kVector<E>];
    uint4 words;
  } vector{.words = {}};
#pragma unroll
  for (int i = 0; i < kVector<E>; ++i) {
    if (i < count) vector.element[i] = from[int64_t{i} * channel];
  }
  return vector.words;
}

/// Loads the gathered operand: rows are positions, each with a start of its own; a table says how
/// far on vector k lies from there. What falls outside of the tensor is zero. A thread keeps its
/// rows and its place among the vectors of a stage. kVectors: channels are last in memory, whole
/// vectors, and aligned.
template <class E, class T, bool kVectors>
class PositionLoader {
 public:
  /// start(row) is the ColumnStart of a row of this tile relative to `from`; `table` and `vectors`
  /// are of the depth that this tile sums over, from vector `first` of a tap on.
  template <class Start>
  __device__ PositionLoader(const Extents& extents, const ChannelStrides& strides, const E* from,
                            const InputRow* table, int vectors, int vectors_per_tap, int first,
                            Start start)
      : extents_(extents),
        channel_(strides.channel),
        channels_(strides.channels),
        vectors_per_tap_(vectors_per_tap),
        lanes_along_rows_(!kVectors && strides.channel != 1),
        table_(table + my_vector()),
        left_(vectors - my_vector()),
        in_tap_((first + my_vector()) % vectors_per_tap) {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const int row = first_row() + i * kRowsPerPass;
      const ColumnStart at = row < T::kRows ? start(row) : ColumnStart{};
      from_[i] = from + at.element;
      d_[i] = at.d, h_[i] = at.h, w_[i] = at.w;
    }
  }

  __device__ __forceinline__ void fetch(uint4 (&tile)[T::kRows * kStageVectors]) {
    const bool exists = left_ > 0;
    const InputRow step = exists ? *table_ : InputRow{};
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const int row = first_row() + i * kRowsPerPass;
      if (row >= T::kRows) break;
      const bool inside = exists & is_inside(extents_, d_[i], h_[i], w_[i], step);
      const E* const from = from_[i] + step.offset;
      if constexpr (kVectors) {
        copy_async(&tile[stage_slot(row, my_vector())], from, inside);
      } else {
        held_[i] = gather_channels(from, channel_, inside ? channels_ - in_tap_ * kVector<E> : 0);
      }
    }
    table_ += kStageVectors;
    left_ -= kStageVectors;
    if constexpr (!kVectors) {
      for (in_tap_ += kStageVectors; in_tap_ >= vectors_per_tap_;) in_tap_ -= vectors_per_tap_;
    }
  }

  __device__ __forceinline__ void store(uint4 (&tile)[T::kRows * kStageVectors]) const {
    if constexpr (!kVectors) {
#pragma unroll
      for (int i = 0; i < kPasses; ++i) {
        const int row = first_row() + i * kRowsPerPass;
        if (row < T::kRows) tile[stage_slot(row, my_vector())] = held_[i];
      }
    }
  }

 private:
  static constexpr int kRowsPerPass = T::kThreads / kStageVectors;
  static constexpr int kPasses = (T::kRows + kRowsPerPass - 1) / kRowsPerPass;
  static_assert(kRowsPerPass % 32 == 0, "a warp has one vector, or all vectors of its rows");

  /// Channels last: lanes run along a row, four to 64 bytes. Else along rows, whose elements of a
  /// channel are neighbours.
  __device__ __forceinline__ int my_vector() const {
    const int thread = static_cast<int>(threadIdx.x);
    return (lanes_along_rows_ ? thread / 32 : thread) % kStageVectors;
  }
  __device__ __forceinline__ int first_row() const {
    const int thread = static_cast<int>(threadIdx.x);
    return lanes_along_rows_ ? thread / (32 * kStageVectors) * 32 + thread % 32
                             : thread / kStageVectors;
  }

  const Extents extents_;
  const int channel_, channels_, vectors_per_tap_;
  const bool lanes_along_rows_;
  const InputRow* table_;
  int left_, in_tap_;
  const E* from_[kPasses];
  int d_[kPasses], h_[kPasses], w_[kPasses];
  uint4 held_[kVectors ? 1 : kPasses];
};

/// Loads the weights, packed as [vector][column] of 16 bytes with whole tiles of columns.
template <class T>
class PackedLoader {
 public:
  /// `packed` points at vector 0 of the tile's first column.
  __device__ PackedLoader(const uint4* packed, int columns, int vectors)
      : packed_(packed), columns_(columns), left_(vectors) {}

  __device__ __forceinline__ void fetch(uint4 (&tile)[T::kCols * kStageVectors]) {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const int slot = static_cast<int>(threadIdx.x) + i * T::kThreads;
      if (slot >= T::kCols * kStageVectors) break;
      const int column = slot % T::kCols, v = slot / T::kCols;
      const bool exists = v < left_;
      copy_async(&tile[stage_slot(column, v)],
                 packed_ + (exists ? int64_t{v} * columns_ : 0) + column, exists);
    }
    packed_ += int64_t{kStageVectors} * columns_;
    left_ -= kStageVectors;
  }

  __device__ __forceinline__ void store(uint4 (&)[T::kCols * kStageVectors]) const {}

 private:
  static constexpr int kPasses = (T::kCols * kStageVectors + T::kThreads - 1) / T::kThreads;

  const uint4* packed_;
  int columns_, left_;
};

}  // namespace tconv::detail
