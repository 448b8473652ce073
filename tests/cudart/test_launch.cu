// Kernels start with the grid, block, arguments and memory that the program asked for, and
// impossible launches are refused with the real runtime's codes.
#include <cooperative_groups.h>
#include <numeric>
#include <vector>

#include <nlohmann/json.hpp>

#include "reference/cudart/entry/abi.h"
#include "tests/cudart/machine.h"

namespace {

__constant__ float scale[2];
__device__ int hits;

__global__ void add_scaled(float* y, const float* x, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] += scale[1] * x[i];
}

__managed__ int tally = 5;
__global__ void add_to_tally(int n) { tally += n; }

__global__ void count() { atomicAdd(&hits, 1); }

struct Mixed {
  char c;
  double d;
  short s[3];
};
__global__ void unpack(double* out, char a, Mixed m, short b, const double* p) {
  out[0] = a;
  out[1] = m.c;
  out[2] = m.d;
  out[3] = m.s[2];
  out[4] = b;
  out[5] = *p;
}

// Reverses a block through dynamic shared memory.
__global__ void reverse(int* data) {
  extern __shared__ int tile[];
  tile[threadIdx.x] = data[threadIdx.x];
  __syncthreads();
  data[threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}

__global__ void __launch_bounds__(64) narrow(int* out) { *out = blockDim.x; }

__global__ void shape_of_launch(unsigned* out) {
  if (threadIdx.x + threadIdx.y + threadIdx.z + blockIdx.x + blockIdx.y + blockIdx.z != 0) return;
  const dim3 g = gridDim, b = blockDim;
  const unsigned all[] = {g.x, g.y, g.z, b.x, b.y, b.z};
  for (int i = 0; i < 6; ++i) out[i] = all[i];
}

template <class T>
class Buffer {
 public:
  explicit Buffer(const std::vector<T>& host) : size_(host.size()) {
    EXPECT_CUDA(cudaMalloc(reinterpret_cast<void**>(&data_), size_ * sizeof(T)));
    EXPECT_CUDA(cudaMemcpy(data_, host.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~Buffer() { cudaFree(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  T* get() const { return data_; }
  std::vector<T> host() const {
    std::vector<T> v(size_);
    EXPECT_CUDA(cudaMemcpy(v.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return v;
  }

 private:
  size_t size_;
  T* data_ = nullptr;
};

TEST(Launch, AddsVectorsWithAConstantFactor) {
  constexpr int n = 1000;
  std::vector<float> x(n), y(n, 1.0F);
  std::iota(x.begin(), x.end(), 0.0F);
  const float factors[2] = {99.0F, 0.5F};
  ASSERT_CUDA(cudaMemcpyToSymbol(scale, factors, sizeof(factors)));
  const Buffer<float> dx(x), dy(y);
  add_scaled<<<(n + 127) / 128, 128>>>(dy.get(), dx.get(), n);
  ASSERT_CUDA(cudaGetLastError());
  const std::vector<float> got = dy.host();
  for (int i = 0; i < n; ++i) ASSERT_EQ(got[i], 1.0F + 0.5F * static_cast<float>(i)) << i;
}

TEST(Launch, PassesArgumentsOfEverySize) {
  const Buffer<double> out(std::vector<double>(6)), p({7.5});
  unpack<<<1, 1>>>(out.get(), 'a', Mixed{'m', 2.25, {1, 2, -3}}, -4, p.get());
  EXPECT_EQ(out.host(), (std::vector<double>{'a', 'm', 2.25, -3, -4, 7.5}));
}

TEST(Launch, TellsKernelsTheirGridAndBlock) {
  const Buffer<unsigned> out(std::vector<unsigned>(6));
  shape_of_launch<<<dim3(5, 3, 2), dim3(8, 2, 4)>>>(out.get());
  EXPECT_EQ(out.host(), (std::vector<unsigned>{5, 3, 2, 8, 2, 4}));
}

TEST(Launch, SymbolsCanBeReadWrittenAndMeasured) {
  int zero = 0, got = -1;
  ASSERT_CUDA(cudaMemcpyToSymbol(hits, &zero, sizeof(zero)));
  count<<<3, 40>>>();
  ASSERT_CUDA(cudaMemcpyFromSymbol(&got, hits, sizeof(got)));
  EXPECT_EQ(got, 120);
  void* address = nullptr;
  size_t size = 0;
  ASSERT_CUDA(cudaGetSymbolAddress(&address, hits));
  ASSERT_CUDA(cudaGetSymbolSize(&size, hits));
  EXPECT_EQ(size, sizeof(int));
  ASSERT_CUDA(cudaMemcpy(&got, address, size, cudaMemcpyDefault));
  EXPECT_EQ(got, 120);
  EXPECT_EQ(cudaMemcpyToSymbol(hits, &zero, sizeof(zero), 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetSymbolAddress(&address, &zero), cudaErrorInvalidSymbol);
  cudaGetLastError();
}

TEST(Launch, ManagedVariablesAreSharedByName) {
  tally += 10;
  add_to_tally<<<1, 1>>>(100);
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(tally, 115);
}

TEST(Launch, DynamicSharedMemoryOver48KNeedsOptIn) {
  constexpr int n = 256;
  std::vector<int> data(n);
  std::iota(data.begin(), data.end(), 0);
  const Buffer<int> d(data);
  reverse<<<1, n, n * sizeof(int)>>>(d.get());
  EXPECT_EQ(d.host(), std::vector<int>(data.rbegin(), data.rend()));

  constexpr int big = 60 << 10;
  reverse<<<1, n, big>>>(d.get());
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  ASSERT_CUDA(cudaFuncSetAttribute(reverse, cudaFuncAttributeMaxDynamicSharedMemorySize, big));
  reverse<<<1, n, big>>>(d.get());
  EXPECT_CUDA(cudaGetLastError());
  EXPECT_EQ(d.host(), data);
  EXPECT_EQ(cudaFuncSetAttribute(reverse, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 20),
            cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(Launch, ImpossibleShapesAreRefusedAndDoNotStick) {
  const dim3 bad[][2] = {
      {0, 32}, {1, 0}, {1, 2048}, {dim3(1, 65536), 32}, {1, dim3(1, 1, 65)}, {1, dim3(64, 64)}};
  for (const auto& [grid, block] : bad) {
    count<<<grid, block>>>();
    EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidConfiguration);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);
    EXPECT_CUDA(cudaGetLastError());
  }
  EXPECT_CUDA(cudaDeviceSynchronize());
  const Buffer<int> out({0});
  narrow<<<1, 65>>>(out.get());
  EXPECT_NE(cudaGetLastError(), cudaSuccess);
  narrow<<<1, 64>>>(out.get());
  EXPECT_EQ(out.host(), std::vector<int>{64});
}

TEST(Launch, FunctionsDescribeThemselves) {
  cudaFuncAttributes a;
  ASSERT_CUDA(cudaFuncGetAttributes(&a, narrow));
  EXPECT_EQ(a.maxThreadsPerBlock, 64);
  EXPECT_GE(a.ptxVersion, 80);
  const char* name = nullptr;
  ASSERT_CUDA(cudaFuncGetName(&name, reinterpret_cast<const void*>(count)));
  EXPECT_NE(std::string(name).find("count"), std::string::npos);
  EXPECT_EQ(cudaFuncGetAttributes(&a, reinterpret_cast<const void*>(&hits)),
            cudaErrorInvalidDeviceFunction);
  cudaGetLastError();

  size_t offset = 0, size = 0;
  const auto* f = reinterpret_cast<const void*>(unpack);
  ASSERT_CUDA(cudaFuncGetParamInfo(f, 2, &offset, &size));
  EXPECT_EQ(offset, 16U);
  EXPECT_EQ(size, sizeof(Mixed));
}

TEST(Launch, OccupancyIsLimitedByThreadsAndSharedMemory) {
  cudaDeviceProp p;
  ASSERT_CUDA(cudaGetDeviceProperties(&p, 0));
  int blocks = 0;
  ASSERT_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, count, 1024, 0));
  EXPECT_EQ(blocks, p.maxThreadsPerMultiProcessor / 1024);
  constexpr size_t shared = 40 << 10;
  ASSERT_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, reverse, 32, shared));
  EXPECT_EQ(blocks, static_cast<int>(p.sharedMemPerMultiprocessor /
                                     (shared + p.reservedSharedMemPerBlock)));
}

TEST(Launch, CooperativeGridsMustFitTheDevice) {
  cudaDeviceProp p;
  ASSERT_CUDA(cudaGetDeviceProperties(&p, 0));
  EXPECT_CUDA(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(count), 2, 32, nullptr, 0,
                                          nullptr));
  const unsigned too_many = p.multiProcessorCount * (p.maxThreadsPerMultiProcessor / 1024) + 1;
  EXPECT_EQ(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(count), too_many, 1024,
                                        nullptr, 0, nullptr),
            cudaErrorCooperativeLaunchTooLarge);
  cudaGetLastError();
}

TEST(Launch, ConfiguredLaunchesTakeAttributes) {
  const Buffer<unsigned> out(std::vector<unsigned>(6));
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = 2;
  config.blockDim = 3;
  config.attrs = &attribute;
  config.numAttrs = 1;
  ASSERT_CUDA(cudaLaunchKernelEx(&config, shape_of_launch, out.get()));
  EXPECT_EQ(out.host(), (std::vector<unsigned>{2, 1, 1, 3, 1, 1}));
}

TEST(Launch, ClustersAreRefusedByADeviceThatHasNone) {
  VIRTUAL_GPU_ONLY();
  int supported = 1;
  ASSERT_CUDA(cudaDeviceGetAttribute(&supported, cudaDevAttrClusterLaunch, 0));
  EXPECT_EQ(supported, 0);
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim = {2, 1, 1};
  cudaLaunchConfig_t config{};
  config.gridDim = 2;
  config.blockDim = 3;
  config.attrs = &attribute;
  config.numAttrs = 1;
  EXPECT_EQ(cudaLaunchKernelEx(&config, count), cudaErrorNotSupported);
  attribute.val.clusterDim = {1, 1, 1};
  EXPECT_CUDA(cudaLaunchKernelEx(&config, count));
  cudaGetLastError();
}

TEST(Launch, CountersOfEachLaunchAreKeptSinceTheReset) {
  VIRTUAL_GPU_ONLY();
  const auto reset = virtual_function<void()>("ptxvmCountersReset");
  const auto json = virtual_function<const char*()>("ptxvmCountersJson");
  reset();
  count<<<3, 40>>>();
  count<<<1, 32>>>();
  const nlohmann::json launches = nlohmann::json::parse(json())["launches"];
  ASSERT_EQ(launches.size(), 2U);
  EXPECT_EQ(launches[0]["demangled"], "(anonymous namespace)::count()");
  EXPECT_EQ(launches[0]["grid"], (nlohmann::json{3, 1, 1}));
  EXPECT_EQ(launches[1]["block"], (nlohmann::json{32, 1, 1}));
  EXPECT_FALSE(launches[0]["counters"].empty());
  reset();
  EXPECT_TRUE(nlohmann::json::parse(json())["launches"].empty());
}

}  // namespace
