// Kernels that ptxvm_bench runs for their own sake: what a plain and what an awkward CUDA program
// asks of the virtual GPU.
#pragma once

#include <cuda_runtime_api.h>

namespace tconv::bench {

/// c = a b, all n x n row-major, n a multiple of 16: the textbook's 16x16 tiles in shared memory.
void launch_tiled_sgemm(const float* a, const float* b, float* c, int n, cudaStream_t);

/// Every lane of a warp leaves a loop after another number of rounds (the Collatz sequence of its
/// index), so that lanes part and meet again all the time. Writes the length of each sequence to
/// steps[threads]; `threads` a multiple of 256.
void launch_divergent(int* steps, int threads, cudaStream_t);

/// Nothing.
void launch_empty(cudaStream_t);

inline constexpr int kMmaThreads = 128;
/// Tensor cores: each warp adds up 4 x 64 products of 16x8x16 (f16, accumulated in f32). Writes a
/// float for each thread.
void launch_mma(float* sums, int blocks, cudaStream_t);

}  // namespace tconv::bench
