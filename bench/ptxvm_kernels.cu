#include "bench/ptxvm_kernels.h"

namespace tconv::bench {
namespace {

constexpr int kTile = 16;
constexpr int kThreads = 256;

__global__ void tiled_sgemm_kernel(const float* a, const float* b, float* c, int n) {
  __shared__ float a_tile[kTile][kTile];
  __shared__ float b_tile[kTile][kTile];
  const int row = blockIdx.y * kTile + threadIdx.y;
  const int column = blockIdx.x * kTile + threadIdx.x;
  float sum = 0;
  for (int k = 0; k < n; k += kTile) {
    a_tile[threadIdx.y][threadIdx.x] = a[row * n + k + threadIdx.x];
    b_tile[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + column];
    __syncthreads();
    for (int i = 0; i < kTile; ++i) sum += a_tile[threadIdx.y][i] * b_tile[i][threadIdx.x];
    __syncthreads();  // the next tiles overwrite what slower warps still read
  }
  c[row * n + column] = sum;
}

__global__ void divergent_kernel(int* steps) {
  const unsigned index = blockIdx.x * kThreads + threadIdx.x;
  unsigned long long value = index + 1;
  int count = 0;
  while (value != 1) {
    if (value % 2 == 0) {
      value /= 2;
    } else {
      value = 3 * value + 1;
    }
    ++count;
  }
  steps[index] = count;
}

}  // namespace

void launch_tiled_sgemm(const float* a, const float* b, float* c, int n, cudaStream_t stream) {
  const dim3 grid(n / kTile, n / kTile);
  tiled_sgemm_kernel<<<grid, dim3(kTile, kTile), 0, stream>>>(a, b, c, n);
}

void launch_divergent(int* steps, int threads, cudaStream_t stream) {
  divergent_kernel<<<threads / kThreads, kThreads, 0, stream>>>(steps);
}

}  // namespace tconv::bench
