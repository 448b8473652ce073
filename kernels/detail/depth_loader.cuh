// Operands of wgrad on tensor cores: rows k are positions, columns vectors of 16 bytes of channels.
#pragma once

#include "kernels/detail/chunk_loader.cuh"
#include "kernels/detail/depth_tile.cuh"

namespace tconv::detail {

/// What a vector of columns is: where it begins, and how many channels it has.
struct VectorStart {
  ColumnStart at;
  int channels;
};

/// Loads an operand whose rows k are positions; a table says where each lies. What falls outside of
/// the tensor is zero. kVectors: channels are last in memory, whole vectors, and aligned.
template <class E, int kWidth, int kThreads, bool kVectors>
class DepthLoader {
 public:
  /// start(v) is vector v of this tile relative to `from`; `table` and `rows` are of the depth that
  /// this tile sums over.
  template <class Start>
  __device__ DepthLoader(const Extents& extents, int channel, const E* from, const InputRow* table,
                         int rows, Start start)
      : extents_(extents),
        channel_(channel),
        lanes_along_rows_(!kVectors && channel != 1),
        table_(table),
        left_(rows) {
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      const VectorStart v = start(vector(i));
      from_[i] = from + v.at.element;
      d_[i] = v.at.d, h_[i] = v.at.h, w_[i] = v.at.w;
      channels_[i] = v.channels;
    }
  }

  __device__ __forceinline__ void fetch(uint4 (&tile)[kStageRows<E> * kWidth]) {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      if (!has_slot(i)) break;
      const int c = kVectors ? 0 : i;
      const bool exists = row(i) < left_;
      const InputRow to = table_[exists ? row(i) : 0];
      const bool inside = exists & is_inside(extents_, d_[c], h_[c], w_[c], to);
      const E* const from = from_[c] + to.offset;
      if constexpr (kVectors) {
        copy_async(&tile[depth_slot<E, kWidth>(row(i), vector(i))], from, inside);
      } else {
        held_[i] = gather_channels(from, channel_, inside ? channels_[c] : 0);
      }
    }
    table_ += kStageRows<E>;
    left_ -= kStageRows<E>;
  }

  __device__ __forceinline__ void store(uint4 (&tile)[kStageRows<E> * kWidth]) const {
    if constexpr (!kVectors) {
#pragma unroll
      for (int i = 0; i < kPasses; ++i) {
        if (has_slot(i)) tile[depth_slot<E, kWidth>(row(i), vector(i))] = held_[i];
      }
    }
  }

 private:
  static constexpr int kSlots = kStageRows<E> * kWidth;
  static constexpr int kPasses = (kSlots + kThreads - 1) / kThreads;
  static constexpr int kColumns = kVectors ? 1 : kPasses;
  static_assert(kThreads % kWidth == 0, "lanes along vectors keep theirs from pass to pass");

  static __device__ int slot(int i) { return static_cast<int>(threadIdx.x) + i * kThreads; }
  static __device__ bool has_slot(int i) { return kSlots % kThreads == 0 || slot(i) < kSlots; }
  /// Channels last: lanes run along the vectors of a row. Else along rows, whose elements of a
  /// channel are neighbours.
  __device__ __forceinline__ int row(int i) const {
    return lanes_along_rows_ ? slot(i) % kStageRows<E> : slot(i) / kWidth;
  }
  __device__ __forceinline__ int vector(int i) const {
    return lanes_along_rows_ ? slot(i) / kStageRows<E> : slot(i) % kWidth;
  }

  const Extents extents_;
  const int channel_;
  const bool lanes_along_rows_;
  const InputRow* table_;
  int left_;
  const E* from_[kColumns];
  int d_[kColumns], h_[kColumns], w_[kColumns], channels_[kColumns];
  uint4 held_[kVectors ? 1 : kPasses];
};

}  // namespace tconv::detail
