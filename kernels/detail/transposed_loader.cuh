// An operand with k running along memory, which the tile wants across it: x in nchw where sums run
// over positions (wgrad_implicit_gemm), x in nhwc where they run over channels (gemm_col2im).
#pragma once

#include "kernels/detail/gemm_tile.cuh"

namespace tconv::detail {

/// Loads kStageDepth x T::kRows tiles of x[k = (sample, position)][channel]. Lanes read 8
/// neighbours of each of 4 channels, whole sectors where x is aligned, and store them on 32
/// different banks.
template <class T, class E = float>
class TransposedLoader {
 public:
  /// `x` points at the tile's first channel in sample 0, `channel` and `sample` elements lie
  /// between neighbours; `channels` of them exist. The tile's k begins at `first` and has `depth`
  /// rows.
  __device__ TransposedLoader(const E* x, int channel, int64_t sample, int channels, int first,
                              int depth)
      : channel_(channel), next_sample_(sample - channel), channels_(channels), depth_(depth) {
    const int k = first + my_k();
    position_ = k % channel;
    from_ = x + k / channel * sample + position_ + int64_t{my_row()} * channel;
  }

  /// Reads the next tile into registers; elements outside of the matrix are zero.
  __device__ __forceinline__ void fetch() {
    const bool exists = my_k() < depth_;
#pragma unroll
    for (int i = 0; i < kPasses; ++i) {
      const int row = my_row() + i * kRowsPerPass;
      held_[i] =
          exists && row < channels_ ? widen(from_[int64_t{i} * kRowsPerPass * channel_]) : 0.0F;
    }
    depth_ -= kStageDepth;
    from_ += kStageDepth;
    // Into the next sample; several, where a sample is shorter than a stage.
    for (position_ += kStageDepth; position_ >= channel_; position_ -= channel_)
      from_ += next_sample_;
  }

  /// Writes what fetch() read.
  __device__ __forceinline__ void store(float (&tile)[kStageDepth][T::kRowPitch]) const {
#pragma unroll
    for (int i = 0; i < kPasses; ++i) tile[my_k()][my_row() + i * kRowsPerPass] = held_[i];
  }

 private:
  static constexpr int kRowsPerPass = T::kThreads / kStageDepth;
  static constexpr int kPasses = T::kRows / kRowsPerPass;
  static_assert(kPasses * kRowsPerPass == T::kRows,
                "passes cover the tile exactly: else some of its rows would not be loaded");

  static __device__ int my_k() { return static_cast<int>(threadIdx.x) % kStageDepth; }
  static __device__ int my_row() { return static_cast<int>(threadIdx.x) / kStageDepth; }

  const E* from_;
  int channel_;
  int64_t next_sample_;
  int channels_, depth_, position_;
  float held_[kPasses];
};

}  // namespace tconv::detail
