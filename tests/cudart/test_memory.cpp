// Allocation, copies of every kind and shape, fills, pinned memory, and what is refused.
#include <cstring>
#include <numeric>
#include <vector>

#include <cuda_runtime.h>

#include "tests/cudart/machine.h"

namespace {

std::vector<unsigned char> ramp(size_t n) {
  std::vector<unsigned char> v(n);
  std::iota(v.begin(), v.end(), static_cast<unsigned char>(1));
  return v;
}

class Memory : public ::testing::Test {
 protected:
  void* allocate(size_t bytes) {
    void* p = nullptr;
    EXPECT_CUDA(cudaMalloc(&p, bytes));
    return p;
  }
  void TearDown() override { cudaGetLastError(); }
};

TEST_F(Memory, CopiesByEveryKind) {
  const auto in = ramp(1000);
  std::vector<unsigned char> out(1000), again(1000);
  void *a = allocate(1000), *b = allocate(1000);
  EXPECT_CUDA(cudaMemcpy(a, in.data(), 1000, cudaMemcpyHostToDevice));
  EXPECT_CUDA(cudaMemcpy(b, a, 1000, cudaMemcpyDeviceToDevice));
  EXPECT_CUDA(cudaMemcpyAsync(out.data(), b, 1000, cudaMemcpyDeviceToHost, nullptr));
  EXPECT_CUDA(cudaStreamSynchronize(nullptr));
  EXPECT_EQ(out, in);
  EXPECT_CUDA(cudaMemcpy(again.data(), b, 1000, cudaMemcpyDefault));
  EXPECT_EQ(again, in);
  EXPECT_CUDA(cudaMemcpy(again.data(), out.data() + 1, 10, cudaMemcpyHostToHost));
  EXPECT_EQ(again[0], in[1]);
  EXPECT_CUDA(cudaFree(a));
  EXPECT_CUDA(cudaFree(b));
}

TEST_F(Memory, AKindThatContradictsTheAddressesIsRefused) {
  VIRTUAL_GPU_ONLY();
  char host[16] = {};
  void* device = allocate(16);
  EXPECT_EQ(cudaMemcpy(device, host, 16, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, device, 16, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host, device, 16, static_cast<cudaMemcpyKind>(7)),
            cudaErrorInvalidMemcpyDirection);
  EXPECT_CUDA(cudaFree(device));
}

TEST_F(Memory, OneByteTooManyIsRefusedEvenNextToAnotherAllocation) {
  VIRTUAL_GPU_ONLY();  // a real GPU notices only where its page ends
  std::vector<char> host(4096);
  void *a = allocate(1024), *b = allocate(1024);
  EXPECT_EQ(cudaMemcpy(a, host.data(), 1025, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(host.data(), a, 1025, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(a, 0, 1025), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(static_cast<char*>(a) + 1, 0, 1024), cudaErrorInvalidValue);
  EXPECT_CUDA(cudaMemset(a, 0, 1024));
  EXPECT_CUDA(cudaFree(b));
  EXPECT_EQ(cudaMemset(b, 0, 1), cudaErrorInvalidValue) << "used after free";
  EXPECT_EQ(cudaFree(b), cudaErrorInvalidValue) << "freed twice";
  EXPECT_EQ(cudaFree(static_cast<char*>(a) + 256), cudaErrorInvalidValue);
  EXPECT_CUDA(cudaFree(a));
  EXPECT_CUDA(cudaFree(nullptr));
}

TEST_F(Memory, CopiesRowsBetweenPitches) {
  constexpr size_t width = 10, height = 7;
  void* device = nullptr;
  size_t pitch = 0;
  ASSERT_CUDA(cudaMallocPitch(&device, &pitch, width, height));
  EXPECT_GE(pitch, width);
  const auto in = ramp(width * height);
  ASSERT_CUDA(cudaMemset2D(device, pitch, 0xEE, width, height));
  ASSERT_CUDA(
      cudaMemcpy2D(device, pitch, in.data(), width, width, height - 1, cudaMemcpyHostToDevice));
  std::vector<unsigned char> out(width * height);
  ASSERT_CUDA(
      cudaMemcpy2D(out.data(), width, device, pitch, width, height, cudaMemcpyDeviceToHost));
  auto expected = in;
  std::fill(expected.end() - width, expected.end(), static_cast<unsigned char>(0xEE));
  EXPECT_EQ(out, expected);
  EXPECT_EQ(
      cudaMemcpy2D(device, width - 1, in.data(), width, width, height, cudaMemcpyHostToDevice),
      cudaErrorInvalidPitchValue);
  EXPECT_CUDA(cudaFree(device));
}

TEST_F(Memory, CopiesABoxOutOfABox) {
  constexpr size_t w = 5, h = 4, d = 3;
  const auto in = ramp(w * h * d);
  cudaPitchedPtr device{};
  ASSERT_CUDA(cudaMalloc3D(&device, make_cudaExtent(w, h, d)));
  cudaMemcpy3DParms to{};
  to.srcPtr = make_cudaPitchedPtr(const_cast<unsigned char*>(in.data()), w, w, h);
  to.dstPtr = device;
  to.extent = make_cudaExtent(w, h, d);
  to.kind = cudaMemcpyHostToDevice;
  ASSERT_CUDA(cudaMemcpy3D(&to));

  std::vector<unsigned char> out(2 * 2 * 2);
  cudaMemcpy3DParms from{};
  from.srcPtr = device;
  from.srcPos = make_cudaPos(2, 1, 1);
  from.dstPtr = make_cudaPitchedPtr(out.data(), 2, 2, 2);
  from.extent = make_cudaExtent(2, 2, 2);
  from.kind = cudaMemcpyDeviceToHost;
  ASSERT_CUDA(cudaMemcpy3D(&from));
  for (size_t z = 0; z < 2; ++z)
    for (size_t y = 0; y < 2; ++y)
      for (size_t x = 0; x < 2; ++x)
        EXPECT_EQ(out[(z * 2 + y) * 2 + x], in[((z + 1) * h + y + 1) * w + x + 2]);
  EXPECT_CUDA(cudaFree(device.ptr));
}

TEST_F(Memory, PinnedMemoryHasADeviceAddressForTheSameBytes) {
  void *host = nullptr, *device = nullptr;
  ASSERT_CUDA(cudaHostAlloc(&host, 64, cudaHostAllocMapped));
  std::memset(host, 5, 64);
  ASSERT_CUDA(cudaHostGetDevicePointer(&device, static_cast<char*>(host) + 8, 0));
  unsigned char got = 0;
  ASSERT_CUDA(cudaMemcpy(&got, device, 1, cudaMemcpyDefault));
  EXPECT_EQ(got, 5);
  cudaPointerAttributes a{};
  ASSERT_CUDA(cudaPointerGetAttributes(&a, host));
  EXPECT_EQ(a.type, cudaMemoryTypeHost);
  EXPECT_NE(cudaFree(static_cast<char*>(device) - 8), cudaSuccess);
  EXPECT_CUDA(cudaFreeHost(host));
  ASSERT_CUDA(cudaPointerGetAttributes(&a, &got));
  EXPECT_EQ(a.type, cudaMemoryTypeUnregistered);
  void* plain = allocate(8);
  ASSERT_CUDA(cudaPointerGetAttributes(&a, plain));
  EXPECT_EQ(a.type, cudaMemoryTypeDevice);
  EXPECT_EQ(a.devicePointer, plain);
  EXPECT_CUDA(cudaFree(plain));
}

TEST_F(Memory, SaysHowMuchIsFree) {
  size_t free_before = 0, free_after = 0, total = 0;
  ASSERT_CUDA(cudaMemGetInfo(&free_before, &total));
  void* p = allocate(64 << 20);
  ASSERT_CUDA(cudaMemGetInfo(&free_after, &total));
  EXPECT_GE(free_before - free_after, size_t{64} << 20);
  EXPECT_CUDA(cudaFree(p));
  EXPECT_EQ(cudaMalloc(&p, total + 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
}

TEST_F(Memory, PoolsHandOutMemoryInStreamOrder) {
  cudaMemPool_t pool = nullptr;
  ASSERT_CUDA(cudaDeviceGetDefaultMemPool(&pool, 0));
  uint64_t keep = 1 << 20, got = 0;
  ASSERT_CUDA(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep));
  ASSERT_CUDA(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &got));
  EXPECT_EQ(got, keep);
  void *a = nullptr, *b = nullptr;
  ASSERT_CUDA(cudaMallocAsync(&a, 100, nullptr));
  ASSERT_CUDA(cudaMallocFromPoolAsync(&b, 100, pool, nullptr));
  ASSERT_CUDA(cudaMemsetAsync(a, 1, 100, nullptr));
  EXPECT_CUDA(cudaFreeAsync(a, nullptr));
  EXPECT_CUDA(cudaFreeAsync(b, nullptr));
  EXPECT_CUDA(cudaMemPoolTrimTo(pool, 0));
}

TEST_F(Memory, ADeviceResetForgetsEverything) {
  VIRTUAL_GPU_ONLY();
  void *device = allocate(64), *host = nullptr;
  ASSERT_CUDA(cudaMallocHost(&host, 64));
  ASSERT_CUDA(cudaDeviceReset());
  EXPECT_EQ(cudaFree(device), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeHost(host), cudaErrorInvalidValue);
  EXPECT_CUDA(cudaFree(allocate(64)));
}

TEST_F(Memory, DereferencingADevicePointerOnTheHostFaults) {
  VIRTUAL_GPU_ONLY();
  auto* device = static_cast<volatile int*>(allocate(4));
  EXPECT_DEATH({ *device = 1; }, "");
}

}  // namespace
