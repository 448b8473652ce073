// The tiled matrix product on tensor cores: C[rows][cols] = sum over k of A[row][k] * B[col][k],
// one tile of C per block. Both operands are staged with k along memory, in a ring of stages that
// asynchronous copies fill ahead of the multiplication.
#pragma once

#include "kernels/detail/mma.cuh"
#include "kernels/detail/tile_choice.cuh"

namespace tconv::detail {

/// Depth of a stage in vectors of 16 bytes: two mma deep. 64 bytes of each row keep three stages of
/// the largest tile within 48 KiB.
inline constexpr int kStageVectors = 4;

template <int kRows_, int kCols_, int kWarpRows_, int kWarpCols_, int kStages_>
struct MmaTile {
  static constexpr int kRows = kRows_, kCols = kCols_;                  ///< of C, per block
  static constexpr int kWarpRows = kWarpRows_, kWarpCols = kWarpCols_;  ///< of C, per warp
  static constexpr int kStages = kStages_;
  static constexpr int kRowWarps = kRows / kWarpRows, kColWarps = kCols / kWarpCols;
  static constexpr int kThreads = 32 * kRowWarps * kColWarps;
  static_assert(kRowWarps * kWarpRows == kRows && kColWarps * kWarpCols == kCols,
                "warps tile the block exactly: else some of C would have no owner");
  static_assert(kWarpRows % 16 == 0 && kWarpCols % 16 == 0,
                "a load brings fragments of 16 rows or columns");

  /// Wavefronts over shared memory that a stage takes: each operand is written once, A is read by
  /// every column of warps and B by every row of them.
  static constexpr int kWavefronts =
      (kRows * (1 + kColWarps) + kCols * (1 + kRowWarps)) * kStageVectors * 16 / 128;

  /// Neighbouring 8-column fragments whose columns are dealt in turns, so that a lane's elements of
  /// a row are neighbours in memory: as many as make 16 bytes, if the warp has them.
  template <class E>
  static constexpr int kJoined = kVector<E> / 2 < kWarpCols / 8 ? kVector<E> / 2 : kWarpCols / 8;
};

struct MmaTileSize : TileSize {
  int wavefronts;  ///< per stage: what tiles are chosen by, as they wait for shared memory first
};

template <class T>
constexpr MmaTileSize mma_tile_size() {
  return {size_of_tile<T>(), T::kWavefronts};
}

/// Where vector `v` of a row lies in its stage. Rows have 64 bytes; the XOR spreads the same vector
/// of 8 neighbouring rows, and 4 vectors of 2 rows, over all banks.
__device__ __forceinline__ int stage_slot(int row, int v) {
  return row * kStageVectors + (v ^ (row / 2 % kStageVectors));
}

template <class T>
struct MmaStage {
  uint4 a[T::kRows * kStageVectors];
  uint4 b[T::kCols * kStageVectors];
};

/// Logical column of B's row `q`: of each block of 8 * joined, fragment j holds columns 2j and 2j+1
/// of every run of 2 * joined.
__host__ __device__ constexpr int dealt_column(int q, int joined) {
  const int fragment = q / 8 % joined, c = q % 8;
  return q / (8 * joined) * (8 * joined) + c / 2 * (2 * joined) + 2 * fragment + c % 2;
}

/// Sums of one thread.
template <class E, class T>
struct MmaAccumulator {
  static constexpr int kRowFragments = T::kWarpRows / 16, kColFragments = T::kWarpCols / 8;
  static constexpr int kRuns = kColFragments / T::template kJoined<E>;
  static constexpr int kRunLength = 2 * T::template kJoined<E>;

  float sum[kRowFragments][kColFragments][4] = {};

  static __device__ int lane() { return static_cast<int>(threadIdx.x) % 32; }
  static __device__ int warp_row() {
    return static_cast<int>(threadIdx.x) / 32 / T::kColWarps * T::kWarpRows;
  }
  static __device__ int warp_col() {
    return static_cast<int>(threadIdx.x) / 32 % T::kColWarps * T::kWarpCols;
  }

  /// A thread has rows row(m, 0) and row(m, 1) of C, in each of them kRunLength elements from every
  /// col(run).
  static __device__ int row(int m, int half) { return warp_row() + 16 * m + 8 * half + lane() / 4; }
  static __device__ int col(int run) {
    return warp_col() + run * 4 * kRunLength + lane() % 4 * kRunLength;
  }
  __device__ __forceinline__ float& at(int m, int half, int run, int i) {
    return sum[m][run * T::template kJoined<E> + i / 2][2 * half + i % 2];
  }

  __device__ __forceinline__ void multiply(const MmaStage<T>& stage) {
#pragma unroll
    for (int v = 0; v < kStageVectors; v += 2) {
      uint32_t a[kRowFragments][4], b[kColFragments / 2][4];
#pragma unroll
      for (int m = 0; m < kRowFragments; ++m) {
        // Matrices: rows 0-7 and 8-15 of the first vector, then of the second.
        const int from = warp_row() + 16 * m + lane() % 16;
        load_matrices(a[m], &stage.a[stage_slot(from, v + lane() / 16)]);
        round_fragments<E>(a[m]);
      }
#pragma unroll
      for (int n = 0; n < kColFragments; n += 2) {
        // Matrices: both vectors of columns 0-7, then of 8-15.
        const int from = warp_col() + 8 * n + lane() / 16 * 8 + lane() % 8;
        load_matrices(b[n / 2], &stage.b[stage_slot(from, v + lane() / 8 % 2)]);
      }
#pragma unroll
      for (int m = 0; m < kRowFragments; ++m) {
#pragma unroll
        for (int n = 0; n < kColFragments; ++n) {
          multiply_add<E>(sum[m][n], a[m], b[n / 2][n % 2 * 2], b[n / 2][n % 2 * 2 + 1]);
        }
      }
    }
  }
};

/// Runs `stages` stages of the product. fetch(stage) sends the next stage on its way, store(stage)
/// writes what fetch() could only bring into registers.
template <class Accumulator, class Stage, int kStages, class LoaderA, class LoaderB>
__device__ __forceinline__ void multiply_stages(Accumulator& c, Stage (&ring)[kStages], LoaderA& a,
                                                LoaderB& b, int stages) {
#pragma unroll
  for (int ahead = 0; ahead < kStages - 1; ++ahead) {
    if (ahead < stages) {
      a.fetch(ring[ahead].a);
      b.fetch(ring[ahead].b);
      a.store(ring[ahead].a);
      b.store(ring[ahead].b);
    }
    commit_copies();  // maybe of nothing: groups are counted
  }
  int now = 0, next = kStages - 1;
  for (int stage = 0; stage < stages; ++stage) {
    wait_for_copies<kStages - 2>();  // this thread's part of the stage has come, ...
    __syncthreads();  // ... so has everybody's, and nobody reads the stage before it any more
    const bool more = stage + kStages - 1 < stages;
    if (more) {
      a.fetch(ring[next].a);
      b.fetch(ring[next].b);
    }
    commit_copies();
    c.multiply(ring[now]);
    if (more) {
      a.store(ring[next].a);
      b.store(ring[next].b);
    }
    now = now + 1 == kStages ? 0 : now + 1;
    next = next + 1 == kStages ? 0 : next + 1;
  }
}

}  // namespace tconv::detail
