// A program that is linked with the driver (-lcuda) beside the runtime. Exit status 0: both are the
// virtual GPU's.
#include <cstdio>
#include <vector>

#include <cuda.h>
#include <cuda_runtime_api.h>

namespace {

int fail(const char* what, CUresult code) {
  const char* name = "?";
  cuGetErrorName(code, &name);
  std::printf("%s: %s\n", what, name);
  return 1;
}

}  // namespace

int main() {
  int devices = 0;
  if (const CUresult r = cuInit(0); r != CUDA_SUCCESS) return fail("cuInit", r);
  if (const CUresult r = cuDeviceGetCount(&devices); r || devices != 1)
    return fail("cuDeviceGetCount", r);
  void* memory = nullptr;
  if (cudaMalloc(&memory, 64) != cudaSuccess) return 2;
  const auto address = reinterpret_cast<CUdeviceptr>(memory);
  CUdeviceptr base = 0;
  size_t size = 0;
  if (const CUresult r = cuMemGetAddressRange(&base, &size, address + 5);
      r || base != address || size != 64)
    return fail("cuMemGetAddressRange", r);
  // 7 7 .. 7, then 0xabcd from byte 32 on, then 0x01020304 in the last two words.
  if (const CUresult r = cuMemsetD8(address, 7, 64)) return fail("cuMemsetD8", r);
  if (const CUresult r = cuMemsetD16Async(address + 32, 0xabcd, 16, nullptr))
    return fail("cuMemsetD16Async", r);
  if (const CUresult r = cuMemsetD32Async(address + 56, 0x01020304, 2, nullptr))
    return fail("cuMemsetD32Async", r);
  if (cuMemsetD32(address + 2, 0, 1) != CUDA_ERROR_INVALID_VALUE) return 3;
  std::vector<unsigned char> host(64);
  if (cudaMemcpy(host.data(), memory, 64, cudaMemcpyDeviceToHost) != cudaSuccess) return 4;
  for (int i = 0; i < 64; ++i) {
    const int expected = i < 32 ? 7 : i < 56 ? (i % 2 ? 0xab : 0xcd) : 4 - i % 4;
    if (host[i] != expected) return 5;
  }
  return cudaFree(memory) == cudaSuccess ? 0 : 6;
}
