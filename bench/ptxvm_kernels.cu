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

__global__ void empty_kernel() {}

constexpr int kAccumulators = 4;  // independent ones
constexpr int kProducts = 64;     // into each

__device__ void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  d[0] += __uint_as_float(a[0] * b[0]);
#endif
}

__global__ void mma_kernel(float* sums) {
  float d[kAccumulators][4] = {};
  const unsigned one = 0x3c003c00;  // two f16 ones
  const unsigned a[4] = {one, one, one, one + threadIdx.x};
  const unsigned b[2] = {one, one};
  for (int i = 0; i < kProducts; ++i) {
    for (auto& accumulator : d) multiply_add(accumulator, a, b);
  }
  float sum = 0;
  for (const auto& accumulator : d) {
    for (const float x : accumulator) sum += x;
  }
  sums[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

}  // namespace

void launch_empty(cudaStream_t stream) { empty_kernel<<<1, 1, 0, stream>>>(); }

void launch_mma(float* sums, int blocks, cudaStream_t stream) {
  mma_kernel<<<blocks, kMmaThreads, 0, stream>>>(sums);
}

void launch_tiled_sgemm(const float* a, const float* b, float* c, int n, cudaStream_t stream) {
  const dim3 grid(n / kTile, n / kTile);
  tiled_sgemm_kernel<<<grid, dim3(kTile, kTile), 0, stream>>>(a, b, c, n);
}

void launch_divergent(int* steps, int threads, cudaStream_t stream) {
  divergent_kernel<<<threads / kThreads, kThreads, 0, stream>>>(steps);
}

}  // namespace tconv::bench
