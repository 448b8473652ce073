// One small program, built with every encoding of embedded PTX that nvcc has (CMakeLists.txt). Exit
// status 0: the kernel ran.
#include <cstdio>

#include <cuda_runtime.h>

__device__ int table[64];
__constant__ int offset;

__global__ void fill() { table[threadIdx.x] = threadIdx.x + offset; }

int main() {
  const int seven = 7;
  int host[64] = {};
  cudaMemcpyToSymbol(offset, &seven, sizeof(seven));
  fill<<<1, 64>>>();
  const cudaError_t code = cudaMemcpyFromSymbol(host, table, sizeof(host));
  if (code != cudaSuccess) {
    std::printf("%s\n", cudaGetErrorName(code));
    return 1;
  }
  for (int i = 0; i < 64; ++i)
    if (host[i] != i + 7) return 2;
  return 0;
}
