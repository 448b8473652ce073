// With linked_part.cu a program of two translation units (-rdc=true) whose kernels use each other's
// functions and variables. Exit status 0: they met.
#include <cstdio>

#include <cuda_runtime.h>

__device__ int twice(int x);
extern __device__ int table[4];
static __device__ int mine = 5;  // the other unit has one of the same name
int other_units_mine();

__global__ void combine(int* out) { *out = twice(20) + mine + table[1]; }

int main() {
  int *device = nullptr, host = 0;
  cudaMalloc(reinterpret_cast<void**>(&device), sizeof(int));
  combine<<<1, 1>>>(device);
  const cudaError_t code = cudaMemcpy(&host, device, sizeof(int), cudaMemcpyDeviceToHost);
  std::printf("%s, %d, %d\n", cudaGetErrorName(code), host, other_units_mine());
  return host == 2 * 20 + 5 + 2 && other_units_mine() == 7 ? 0 : 1;
}
