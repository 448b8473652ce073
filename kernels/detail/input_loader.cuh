// The input operand of implicit_gemm: rows k are (tap, input channel) of a phase, columns are
// outputs of that phase. Nothing of it is in memory as such: a table says where each row lies,
// relative to what a column's first tap reads.
#pragma once

#include "kernels/detail/gemm_tile.cuh"
#include "kernels/detail/phase.cuh"

namespace tconv::detail {

/// One row k of the input operand: relative to what tap 0 and channel 0 read, `offset` elements on,
/// and `d`, `h`, `w` inputs back on each axis (for the border test).
struct alignas(16) InputRow {
  int offset, d, h, w;
};

/// Loads kStageDepth x T::kCols tiles of the input operand. A thread keeps its columns, so that
/// what a column is (sample, position) is worked out once. kWholeTaps: every stage lies within one
/// tap, one table entry serves all its rows.
template <class T, bool kWholeTaps>
class InputLoader {
 public:
  /// `x` points at this group's first channel in sample 0. Columns col.. of phase p; `rows` = K of
  /// the phase.
  __device__ InputLoader(const Shape& s, const Phase& p, const float* x, const InputRow* table,
                         int col, int rows)
      : s_(s), table_(table), rows_(rows) {
#pragma unroll
    for (int i = 0; i < kColumns; ++i) {
      const int m = col + column(i);
      const bool exists = m < s.batch * p.outputs();
      const PhasePoint at = exists
                                ? point_at(s, p, m)
                                : PhasePoint{0, 0, -1, -1, -1};  // outside, whatever is subtracted
      from_[i] = x + int64_t{at.sample} * s.groups * s.ic * s.in_spatial +
                 (int64_t{at.d} * s.h.in + at.h) * s.w.in + at.w;
      d_[i] = at.d, h_[i] = at.h, w_[i] = at.w;
    }
  }

  /// Reads the next tile into registers; elements outside of the input are zero.
  __device__ __forceinline__ void fetch() {
    if constexpr (kWholeTaps) {
      fetch_rows_of_one_tap();
    } else {
      fetch_rows_of_any_tap();
    }
    rows_ -= kStageDepth;
  }

  /// Writes what fetch() read. Lanes are neighbouring columns: no bank conflicts.
  __device__ __forceinline__ void store(float (&tile)[kStageDepth][T::kCols]) const {
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
      const bool inside = is_inside(i, row);
      const float* const from = from_[i] + row.offset + int64_t{first_row()} * s_.in_spatial;
#pragma unroll
      for (int pass = 0; pass < kPasses; ++pass) {
        held_[i][pass] = inside ? from[int64_t{pass} * kRowsPerPass * s_.in_spatial] : 0.0F;
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
        held_[i][pass] = exists & is_inside(i, row) ? from_[i][row.offset] : 0.0F;
      }
    }
    table_ += kStageDepth;
  }

  /// Evaluates all three tests: cheaper than branching around two of them.
  __device__ __forceinline__ bool is_inside(int i, const InputRow& row) const {
    const bool d = static_cast<unsigned>(d_[i] - row.d) < static_cast<unsigned>(s_.d.in);
    const bool h = static_cast<unsigned>(h_[i] - row.h) < static_cast<unsigned>(s_.h.in);
    const bool w = static_cast<unsigned>(w_[i] - row.w) < static_cast<unsigned>(s_.w.in);
    return d & h & w;
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

  const Shape& s_;
  const InputRow* table_;
  int rows_;
  const float* from_[kColumns];
  int d_[kColumns], h_[kColumns], w_[kColumns];
  float held_[kColumns][kPasses];
};

}  // namespace tconv::detail
