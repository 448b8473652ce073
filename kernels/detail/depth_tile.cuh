// The tiled matrix product on tensor cores where k runs across memory: C[rows][cols] = sum over k
// of A[k][row] * B[k][col], as wgrad has it. Stages keep rows of k; fragments are transposed on
// their way into registers: by ldmatrix for 16-bit elements, word by word for tf32.
#pragma once

#include "kernels/detail/mma_tile.cuh"

namespace tconv::detail {

/// Rows of k in a stage: two mma deep, as many bytes for every type.
template <class E>
inline constexpr int kStageRows = kStageVectors* kVector<E>;

/// Where vector `v` of row `k` lies among rows of kWidth vectors. The XOR spreads over all banks:
/// the same vector of 8 rows, which ldmatrix reads; and for tf32 two neighbouring vectors of 4
/// rows, which a warp's words are in, hence the rotated pattern.
template <class E, int kWidth>
__device__ __forceinline__ int depth_slot(int k, int v) {
  constexpr int kSpread = kWidth < 8 ? kWidth : 8;
  const int turn = k / (8 / kSpread) % kSpread;
  const int rotated = 2 * turn % kSpread | 2 * turn / kSpread;
  return k * kWidth + (v ^ (sizeof(E) == 4 ? rotated : turn));
}

template <class E, class T>
struct DepthStage {
  static constexpr int kRowVectors = T::kRows / kVector<E>, kColVectors = T::kCols / kVector<E>;

  uint4 a[kStageRows<E> * kRowVectors];
  uint4 b[kStageRows<E> * kColVectors];
};

/// Four blocks of fragments, each half an mma deep and 8 columns wide, from row k and column c on.
/// kAcross: blocks 1 and 3 lie across from 0 and 2, blocks 2 and 3 deeper (as A wants it); else the
/// other way round (B).
template <class E, int kWidth, bool kAcross>
__device__ __forceinline__ void load_fragments(uint32_t (&to)[4], const uint4* rows, int k, int c) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if constexpr (sizeof(E) == 2) {
    const int block = lane / 8;
    const int deeper = kAcross ? block / 2 : block % 2, across = kAcross ? block % 2 : block / 2;
    const int slot = depth_slot<E, kWidth>(k + 8 * deeper + lane % 8, c / 8 + across);
    load_matrices_transposed(to, &rows[slot]);
  } else {
#pragma unroll
    for (int block = 0; block < 4; ++block) {
      const int deeper = kAcross ? block / 2 : block % 2, across = kAcross ? block % 2 : block / 2;
      const int column = c + 8 * across + lane / 4;
      const uint4& words = rows[depth_slot<E, kWidth>(k + 4 * deeper + lane % 4, column / 4)];
      to[block] = round_to_tf32(reinterpret_cast<const uint32_t*>(&words)[column % 4]);
    }
  }
}

template <class E, class T>
struct DepthAccumulator : MmaAccumulator<E, T> {
  using Base = MmaAccumulator<E, T>;
  using Stage = DepthStage<E, T>;

  /// A thread has columns column(n, 0) and column(n, 1) of fragment n: neighbours.
  static __device__ int column(int n, int i) {
    return Base::warp_col() + 8 * n + Base::lane() % 4 * 2 + i;
  }

  __device__ __forceinline__ void multiply(const Stage& stage) {
#pragma unroll
    for (int k = 0; k < kStageRows<E>; k += 2 * kVector<E>) {
      uint32_t a[Base::kRowFragments][4], b[Base::kColFragments / 2][4];
#pragma unroll
      for (int m = 0; m < Base::kRowFragments; ++m) {
        load_fragments<E, Stage::kRowVectors, true>(a[m], stage.a, k, Base::warp_row() + 16 * m);
      }
#pragma unroll
      for (int n = 0; n < Base::kColFragments; n += 2) {
        load_fragments<E, Stage::kColVectors, false>(b[n / 2], stage.b, k,
                                                     Base::warp_col() + 8 * n);
      }
#pragma unroll
      for (int m = 0; m < Base::kRowFragments; ++m) {
#pragma unroll
        for (int n = 0; n < Base::kColFragments; ++n) {
          multiply_add<E>(this->sum[m][n], a[m], b[n / 2][n % 2 * 2], b[n / 2][n % 2 * 2 + 1]);
        }
      }
    }
  }
};

}  // namespace tconv::detail
