// The tiled matrix product that the GEMM strategies share: C[rows][cols] = sum over k of
// A[k][rows] * B[k][cols], one tile of C per block, operands staged through shared memory in two
// buffers, a small tile of C in each thread's registers.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/detail/neighbours.cuh"

namespace tconv::detail {

/// Depth of a stage. 8 rows of operands keep both buffers of the largest tile under 48 KiB.
inline constexpr int kStageDepth = 8;

/// kRowPad widens the rows of A in shared memory: 4 lets a warp store an 8x4 patch (k, row) on 32
/// different banks.
template <int kRows_, int kCols_, int kThreadRows_, int kThreadCols_, int kRowPad = 0>
struct Tile {
  static constexpr int kRows = kRows_, kCols = kCols_;  ///< of C, per block
  static constexpr int kRowPitch = kRows + kRowPad;
  /// 4 more: a warp stores patches of 8 k by 16 columns, channels last, on 32 different banks.
  static constexpr int kColPitch = kCols + 4;
  static constexpr int kThreadRows = kThreadRows_,
                       kThreadCols = kThreadCols_;  ///< of C, per thread
  static constexpr int kRowThreads = kRows / kThreadRows, kColThreads = kCols / kThreadCols;
  static constexpr int kThreads = kRowThreads * kColThreads;
  static_assert(kThreadRows % 4 == 0 && kThreadCols % 4 == 0,
                "threads read operands as float4: other sizes would leave elements unread");
  static_assert(kRowPad % 4 == 0, "rows start on 16 bytes: float4 reads need it");
  static_assert(kRows % kThreadRows == 0 && kCols % kThreadCols == 0,
                "threads tile the block exactly: else some of C would have no owner");
};

/// Both buffers of both operands. float4 reads need rows on 16 bytes: widths are multiples of 4.
template <class T>
struct alignas(16) Stages {
  float a[2][kStageDepth][T::kRowPitch];
  float b[2][kStageDepth][T::kColPitch];
};

/// Sums of one thread, and which elements of the block's tile they are: groups of four neighbours,
/// the groups of all threads side by side, so that the float4 reads of a warp fall on consecutive
/// banks.
template <class T>
struct Accumulator {
  float sum[T::kThreadRows][T::kThreadCols] = {};

  static __device__ int row(int r) {
    return r / 4 * (4 * T::kRowThreads) + static_cast<int>(threadIdx.x) / T::kColThreads * 4 +
           r % 4;
  }
  static __device__ int col(int c) {
    return c / 4 * (4 * T::kColThreads) + static_cast<int>(threadIdx.x) % T::kColThreads * 4 +
           c % 4;
  }

  __device__ __forceinline__ void multiply(const float (&a)[kStageDepth][T::kRowPitch],
                                           const float (&b)[kStageDepth][T::kColPitch]) {
#pragma unroll
    for (int k = 0; k < kStageDepth; ++k) {
      float left[T::kThreadRows], right[T::kThreadCols];
#pragma unroll
      for (int r = 0; r < T::kThreadRows; r += 4) {
        *reinterpret_cast<float4*>(left + r) = *reinterpret_cast<const float4*>(&a[k][row(r)]);
      }
#pragma unroll
      for (int c = 0; c < T::kThreadCols; c += 4) {
        *reinterpret_cast<float4*>(right + c) = *reinterpret_cast<const float4*>(&b[k][col(c)]);
      }
#pragma unroll
      for (int r = 0; r < T::kThreadRows; ++r) {
#pragma unroll
        for (int c = 0; c < T::kThreadCols; ++c) sum[r][c] = fmaf(left[r], right[c], sum[r][c]);
      }
    }
  }
};

/// Loads kStageDepth x kWidth tiles of a row-major matrix, rows advancing with k; elements outside
/// of it are zero.
template <int kWidth, int kThreads, class E = float>
class RowLoader {
 public:
  /// `matrix` points at the tile's first column in row 0. `columns` counts from there; loads of
  /// four if `aligned`: then `matrix` lies on four elements, stride and columns are multiples of 4.
  __device__ RowLoader(const E* matrix, int64_t stride, int rows, int columns, bool aligned)
      : from_(matrix + first_row() * stride + column()),
        stride_(stride),
        rows_(rows - first_row()),
        columns_(columns - column()),
        aligned_(aligned) {}

  /// Reads the next tile into registers.
  __device__ __forceinline__ void fetch() {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const bool exists = i * kRowsPerPass < rows_ && first_row() + i * kRowsPerPass < kStageDepth;
      held_[i] = read(from_ + i * kRowsPerPass * stride_, exists ? columns_ : 0);
    }
    from_ += kStageDepth * stride_;
    rows_ -= kStageDepth;
  }

  /// Writes what fetch() read.
  template <int kPitch>
  __device__ __forceinline__ void store(float (&tile)[kStageDepth][kPitch]) const {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const int row = first_row() + i * kRowsPerPass;
      if (row < kStageDepth) *reinterpret_cast<float4*>(&tile[row][column()]) = held_[i];
    }
  }

 private:
  static constexpr int kVectors = kWidth / 4;
  static constexpr int kRowsPerPass = kThreads / kVectors;
  static constexpr int kPasses = (kStageDepth + kRowsPerPass - 1) / kRowsPerPass;
  static_assert(kThreads % kVectors == 0, "a thread keeps its column: pointers only step by rows");

  static __device__ int first_row() { return static_cast<int>(threadIdx.x) / kVectors; }
  static __device__ int column() { return static_cast<int>(threadIdx.x) % kVectors * 4; }

  __device__ __forceinline__ float4 read(const E* p, int count) const {
    if (aligned_) {
      float four[4] = {};
      if (count > 0) load(four, p, true);
      return {four[0], four[1], four[2], four[3]};
    }
    return {count > 0 ? widen(p[0]) : 0, count > 1 ? widen(p[1]) : 0, count > 2 ? widen(p[2]) : 0,
            count > 3 ? widen(p[3]) : 0};
  }

  const E* from_;
  int64_t stride_;
  int rows_, columns_;
  bool aligned_;
  float4 held_[kPasses];
};

/// Runs `stages` stages of the product. While one buffer is multiplied, the next stage is on its
/// way from global memory into registers, and is stored into the other buffer afterwards.
template <class T, class LoaderA, class LoaderB>
__device__ __forceinline__ void multiply_stages(Accumulator<T>& c, LoaderA& a, LoaderB& b,
                                                int stages) {
  __shared__ Stages<T> shared;
  if (stages == 0) return;
  a.fetch();
  b.fetch();
  a.store(shared.a[0]);
  b.store(shared.b[0]);
  __syncthreads();  // stage 0 was written by all threads before any of them reads it
  for (int stage = 0; stage < stages; ++stage) {
    const int now = stage % 2;
    const bool more = stage + 1 < stages;
    if (more) {
      a.fetch();
      b.fetch();
    }
    c.multiply(shared.a[now], shared.b[now]);
    if (more) {
      a.store(shared.a[1 - now]);  // last read a whole stage ago, before the barrier below
      b.store(shared.b[1 - now]);
    }
    __syncthreads();  // the next stage is complete, and nobody still reads the buffer that follows
                      // it
  }
}

}  // namespace tconv::detail
