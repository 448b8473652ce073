#include <cuda_runtime.h>

__device__ int twice(int x) { return 2 * x; }
__device__ int table[4] = {1, 2, 3, 4};
static __device__ int mine = 7;

namespace {
__global__ void read_mine(int* out) { *out = mine; }
}  // namespace

int other_units_mine() {
  int *device = nullptr, host = 0;
  cudaMalloc(reinterpret_cast<void**>(&device), sizeof(int));
  read_mine<<<1, 1>>>(device);
  cudaMemcpy(&host, device, sizeof(int), cudaMemcpyDeviceToHost);
  cudaFree(device);
  return host;
}
