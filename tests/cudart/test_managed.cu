// Memory with one address for host and device: managed, pinned, and __managed__ variables.
#include <cstring>
#include <vector>

#include "tests/cudart/device_vector.h"

namespace {

struct Link {
  int value;
  Link* next;
};

__global__ void add_one(int* p, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) p[i] += 1;
}
// Follows pointers that the host wrote.
__global__ void sum_of_list(int* out, const Link* link) {
  int sum = 0;
  for (; link; link = link->next) sum += link->value;
  *out = sum;
}

__managed__ int counters[3] = {1, 2, 3};
__global__ void count(int i) { atomicAdd(&counters[i], 10); }

template <class T>
T* managed(size_t n) {
  T* p = nullptr;
  EXPECT_CUDA(cudaMallocManaged(&p, n * sizeof(T)));
  return p;
}

TEST(Managed, HostAndKernelsShareItThroughOnePointer) {
  for (const int n : {1, 100, 5000}) {
    int* p = managed<int>(static_cast<size_t>(n));
    for (int i = 0; i < n; ++i) p[i] = i;
    add_one<<<(n + 127) / 128, 128>>>(p, n);
    ASSERT_CUDA(cudaDeviceSynchronize());
    for (int i = 0; i < n; ++i) ASSERT_EQ(p[i], i + 1);
    EXPECT_CUDA(cudaFree(p));
  }
}

TEST(Managed, StructuresOfPointersWorkOnBothSides) {
  Link* links = managed<Link>(10);
  int* sum = managed<int>(1);
  for (int i = 0; i < 10; ++i) links[i] = {i * i, i < 9 ? &links[i + 1] : nullptr};
  sum_of_list<<<1, 1>>>(sum, links);
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(*sum, 285);
  EXPECT_CUDA(cudaFree(links));
  EXPECT_CUDA(cudaFree(sum));
}

TEST(Managed, ManyAllocationsDoNotDisturbEachOther) {
  std::vector<int*> pieces;
  for (int i = 0; i < 20; ++i) {
    pieces.push_back(managed<int>(50));
    std::fill_n(pieces.back(), 50, i);
  }
  const DeviceVector<int> plain(std::vector<int>(50, -1));
  for (size_t i = 0; i < pieces.size(); i += 2) EXPECT_CUDA(cudaFree(pieces[i]));
  for (size_t i = 1; i < pieces.size(); i += 2) add_one<<<1, 64>>>(pieces[i], 50);
  ASSERT_CUDA(cudaDeviceSynchronize());
  for (size_t i = 1; i < pieces.size(); i += 2) {
    EXPECT_EQ(pieces[i][49], static_cast<int>(i) + 1);
    EXPECT_CUDA(cudaFree(pieces[i]));
  }
  EXPECT_EQ(plain.host(), std::vector<int>(50, -1));
}

TEST(Managed, CopiesTakeItOnEitherSide) {
  int* p = managed<int>(4);
  const int in[4] = {1, 2, 3, 4};
  int out[4] = {};
  ASSERT_CUDA(cudaMemcpy(p, in, sizeof(in), cudaMemcpyHostToDevice));
  ASSERT_CUDA(cudaMemcpy(out, p, sizeof(out), cudaMemcpyHostToHost));
  EXPECT_EQ(std::memcmp(in, out, sizeof(in)), 0);
  ASSERT_CUDA(cudaMemset(p, 0, sizeof(in)));
  EXPECT_EQ(p[3], 0);
  EXPECT_EQ(cudaMemcpy(p, in, sizeof(in) + 1, cudaMemcpyDefault), cudaErrorInvalidValue);
  cudaGetLastError();
  EXPECT_CUDA(cudaFree(p));
}

TEST(Managed, HintsAreCheckedAndTaken) {
  int* p = managed<int>(4);
  cudaMemLocation device{}, host{};
  device.type = cudaMemLocationTypeDevice;
  host.type = cudaMemLocationTypeHost;
  EXPECT_CUDA(cudaMemAdvise(p, 16, cudaMemAdviseSetReadMostly, device));
  EXPECT_CUDA(cudaMemPrefetchAsync(p, 16, device, 0, nullptr));
  EXPECT_CUDA(cudaMemPrefetchAsync(p, 16, host, 0, nullptr));
  device.id = 7;
  EXPECT_EQ(cudaMemPrefetchAsync(p, 16, device, 0, nullptr), cudaErrorInvalidDevice);
  const DeviceVector<int> plain(4);
  EXPECT_EQ(cudaMemPrefetchAsync(plain.data(), 16, host, 0, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMallocManaged(&p, 0), cudaErrorInvalidValue);
  cudaGetLastError();
  cudaPointerAttributes a{};
  ASSERT_CUDA(cudaPointerGetAttributes(&a, p));
  EXPECT_EQ(a.type, cudaMemoryTypeManaged);
  EXPECT_EQ(a.hostPointer, p);
  EXPECT_EQ(a.devicePointer, p);
  EXPECT_CUDA(cudaFree(p));
}

TEST(Managed, VariablesHaveOneAddress) {
  counters[1] = 5;
  count<<<1, 4>>>(1);
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(counters[0], 1);
  EXPECT_EQ(counters[1], 45);
  add_one<<<1, 32>>>(counters, 3);  // the host's idea of its address
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(counters[2], 4);
  void* device = nullptr;
  ASSERT_CUDA(cudaGetSymbolAddress(&device, counters));
  EXPECT_EQ(device, counters);
}

TEST(Managed, FreedMemoryIsGoneFromTheHostToo) {
  VIRTUAL_GPU_ONLY();
  auto* p = managed<volatile int>(1024);
  p[0] = 1;
  EXPECT_CUDA(cudaFree(const_cast<int*>(p)));
  EXPECT_DEATH({ p[0] = 2; }, "");
}

TEST(Pinned, KernelsTakeTheHostsPointer) {
  int *p = nullptr, *device = nullptr;
  ASSERT_CUDA(cudaMallocHost(&p, 100 * sizeof(int)));
  std::fill_n(p, 100, 6);
  add_one<<<1, 128>>>(p, 100);
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(p[99], 7);
  ASSERT_CUDA(cudaHostGetDevicePointer(&device, p, 0));
  EXPECT_EQ(device, p);
  EXPECT_CUDA(cudaFreeHost(p));
}

}  // namespace
