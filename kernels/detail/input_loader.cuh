// The gathered operand of the implicit GEMMs: element (k, column) of a matrix that is nowhere in
// memory as such. A column fixes where its first element lies in a tensor, a table says how far on
// each row k is; what falls outside of the tensor is zero. fprop: rows are (tap, input channel),
// columns outputs of a phase. dgrad: rows are (tap, output channel), columns inputs. wgrad: rows
// are inputs of the batch, columns (output channel, tap).
#pragma once

#include <limits>
#include <type_traits>

#include "kernels/detail/gemm_tile.cuh"
#include "kernels/detail/strides.cuh"

namespace tconv::detail {

/// One row k: relative to where a column begins, `offset` elements on, and `d`, `h`, `w` back on
/// each axis (for the border test).
struct alignas(16) InputRow {
  int offset, d, h, w;
};

/// Extents of one channel of the tensor that is read.
struct Extents {
  int d, h, w;
};

/// Where a column begins: `element` from the loader's pointer, at d, h, w of its channel (maybe
/// outside).
struct ColumnStart {
  int64_t element;
  int d, h, w;
};

/// A column that does not exist, for tables that only go on (their d, h, w are 0 or negative):
/// outside on every axis, whatever the row.
__device__ constexpr ColumnStart no_column() {
  constexpr int kFar = std::numeric_limits<int>::min();
  return {0, kFar, kFar, kFar};
}

/// Is what lies `to` behind d, h, w in the tensor? Evaluates all three tests: cheaper than
/// branching around two of them.
__device__ __forceinline__ bool is_inside(const Extents& extents, int d, int h, int w,
                                          const InputRow& to) {
  const bool in_d = static_cast<unsigned>(d - to.d) < static_cast<unsigned>(extents.d);
  const bool in_h = static_cast<unsigned>(h - to.h) < static_cast<unsigned>(extents.h);
  const bool in_w = static_cast<unsigned>(w - to.w) < static_cast<unsigned>(extents.w);
  return in_d & in_h & in_w;
}

/// Loads kStageDepth x T::kCols tiles of the operand. A thread keeps its columns, so that what a
/// column is gets worked out once. kWholeTaps: every stage lies within one tap, one table entry
/// serves all its rows, which are channels.
template <class T, bool kWholeTaps>
class InputLoader {
 public:
  /// start(c) is the ColumnStart of column c of this tile, relative to `x`. `channel`: elements
  /// between neighbouring channels; `rows`: K.
  template <class Start>
  __device__ InputLoader(const Extents& extents, int channel, const float* x, const InputRow* table,
                         int rows, Start start)
      : extents_(extents), channel_(channel), table_(table), rows_(rows) {
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      const ColumnStart at = start(column(i));
      from_[i] = x + at.element;
      d_[i] = at.d, h_[i] = at.h, w_[i] = at.w;
    }
  }

  /// Reads the next tile into registers; elements outside of the tensor are zero.
  __device__ __forceinline__ void fetch() {
    if constexpr (kWholeTaps) {
      fetch_rows_of_one_tap();
    } else {
      fetch_rows_of_any_tap();
    }
    rows_ -= kStageDepth;
  }

  /// Writes what fetch() read. Lanes are neighbouring columns: no bank conflicts.
  __device__ __forceinline__ void store(float (&tile)[kStageDepth][T::kColPitch]) const {
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
#pragma unroll
      for (int pass = 0; pass < kPasses; ++pass) {
        tile[first_row() + pass * kRowsPerPass][column(i)] = held_[i][pass];
      }
    }
  }

 private:
  __device__ __forceinline__ void fetch_rows_of_one_tap() {
    const InputRow row = *table_;
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      const bool inside = is_inside(extents_, d_[i], h_[i], w_[i], row);
      const float* const from = from_[i] + row.offset + int64_t{first_row()} * channel_;
#pragma unroll
      for (int pass = 0; pass < kPasses; ++pass) {
        held_[i][pass] = inside ? from[int64_t{pass} * kRowsPerPass * channel_] : 0.0F;
      }
    }
    table_ += 1;
  }

  __device__ __forceinline__ void fetch_rows_of_any_tap() {
#pragma unroll
    for (int pass = 0; pass < kPasses; ++pass) {
      const int k = first_row() + pass * kRowsPerPass;
      const bool exists = k < rows_;
      const InputRow row = table_[exists ? k : 0];
#pragma unroll
      for (int i = 0; i < kColumns; ++i) {
        held_[i][pass] =
            exists & is_inside(extents_, d_[i], h_[i], w_[i], row) ? from_[i][row.offset] : 0.0F;
      }
    }
    table_ += kStageDepth;
  }

  static constexpr int kColumns = T::kCols > T::kThreads ? T::kCols / T::kThreads : 1;
  static constexpr int kRowsPerPass = T::kCols > T::kThreads ? 1 : T::kThreads / T::kCols;
  static constexpr int kPasses = kStageDepth / kRowsPerPass;
  static_assert(kColumns * kPasses * T::kThreads == kStageDepth * T::kCols,
                "threads share a stage evenly: else a part of it would not be loaded");

  static __device__ int first_row() { return static_cast<int>(threadIdx.x) / T::kCols; }
  static __device__ int column(int i) {
    return static_cast<int>(threadIdx.x) % T::kCols + i * T::kThreads;
  }

  const Extents extents_;
  const int channel_;
  const InputRow* table_;
  int rows_;
  const float* from_[kColumns];
  int d_[kColumns], h_[kColumns], w_[kColumns];
  float held_[kColumns][kPasses];
};

/// The same where channels are last in memory and stages lie within one tap: two lanes read the 8
/// channels of a column as float4, a whole sector, and store them across the tile.
template <class T>
class ChannelsLastLoader {
 public:
  /// As above; `x` lies on 16 bytes, and every start and offset is a multiple of 4 elements.
  template <class Start>
  __device__ ChannelsLastLoader(const Extents& extents, const float* x, const InputRow* table,
                                Start start)
      : extents_(extents), table_(table) {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const ColumnStart at = has_column(i) ? start(column(i)) : ColumnStart{};
      from_[i] = x + at.element + first_row();
      d_[i] = at.d, h_[i] = at.h, w_[i] = at.w;
    }
  }

  __device__ __forceinline__ void fetch() {
    const InputRow row = *table_++;
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const bool inside = has_column(i) && is_inside(extents_, d_[i], h_[i], w_[i], row);
      held_[i] = inside ? *reinterpret_cast<const float4*>(from_[i] + row.offset) : float4{};
    }
  }

  __device__ __forceinline__ void store(float (&tile)[kStageDepth][T::kColPitch]) const {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      if (!has_column(i)) break;
      tile[first_row()][column(i)] = held_[i].x;
      tile[first_row() + 1][column(i)] = held_[i].y;
      tile[first_row() + 2][column(i)] = held_[i].z;
      tile[first_row() + 3][column(i)] = held_[i].w;
    }
  }

 private:
  static constexpr int kLanes = kStageDepth / 4;
  static constexpr int kColumnsPerPass = T::kThreads / kLanes;
  static constexpr int kPasses = (T::kCols + kColumnsPerPass - 1) / kColumnsPerPass;

  static __device__ int first_row() { return static_cast<int>(threadIdx.x) % kLanes * 4; }
  static __device__ int column(int i) {
    return static_cast<int>(threadIdx.x) / kLanes + i * kColumnsPerPass;
  }
  static __device__ bool has_column(int i) {
    return T::kCols % kColumnsPerPass == 0 || column(i) < T::kCols;
  }

  const Extents extents_;
  const InputRow* table_;
  const float* from_[kPasses];
  int d_[kPasses], h_[kPasses], w_[kPasses];
  float4 held_[kPasses];
};

/// How a stage of the gathered operand is read.
enum class GatherPath {
  any_tap,       ///< a table entry for each of its rows
  one_tap,       ///< one entry for all of them: channels are whole stages
  channels_last  ///< and neighbours in memory, aligned
};

inline GatherPath gather_path(const Config& config, const ChannelStrides& tensor,
                              const void* data) {
  if (tensor.channels % kStageDepth != 0) return GatherPath::any_tap;
  return config.layout == Layout::nhwc && is_aligned(data) ? GatherPath::channels_last
                                                           : GatherPath::one_tap;
}

/// The loader of a path; arguments as InputLoader's.
template <class T, GatherPath kPath, class Start>
__device__ __forceinline__ auto gather_loader(const Extents& extents, int channel, const float* x,
                                              const InputRow* table, int rows, Start start) {
  if constexpr (kPath == GatherPath::channels_last) {
    return ChannelsLastLoader<T>(extents, x, table, start);
  } else {
    return InputLoader<T, kPath == GatherPath::one_tap>(extents, channel, x, table, rows, start);
  }
}

/// Calls body(integral constant of the path).
template <class Body>
void with_path(GatherPath path, Body body) {
  switch (path) {
    case GatherPath::any_tap:
      return body(std::integral_constant<GatherPath, GatherPath::any_tap>{});
    case GatherPath::one_tap:
      return body(std::integral_constant<GatherPath, GatherPath::one_tap>{});
    case GatherPath::channels_last:
      return body(std::integral_constant<GatherPath, GatherPath::channels_last>{});
  }
}

}  // namespace tconv::detail
