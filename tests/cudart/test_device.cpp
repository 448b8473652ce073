// What the device says of itself. Run once for each profile by CMakeLists.txt.
#include <cstdlib>
#include <string>

#include "tests/cudart/machine.h"

namespace {

int attribute(cudaDeviceAttr which) {
  int value = -1;
  EXPECT_CUDA(cudaDeviceGetAttribute(&value, which, 0));
  return value;
}

TEST(Device, IsNamedAfterItsProfile) {
  VIRTUAL_GPU_ONLY();
  struct {
    const char *profile, *name;
    int sm, sms;
  } const known[] = {
      {"a100-sxm", "A100", 80, 108}, {"h100-sxm", "H100", 90, 132}, {"l40s", "L40S", 89, 142},
      {"rtx4090", "4090", 89, 128},  {"t4", "T4", 75, 40},  // NVIDIA's data sheets
  };
  const char* chosen = std::getenv("PTXVM_DEVICE");
  cudaDeviceProp p;
  ASSERT_CUDA(cudaGetDeviceProperties(&p, 0));
  const std::string name = p.name;
  for (const auto& k : known) {
    if (std::string(chosen ? chosen : "a100-sxm") != k.profile) continue;
    EXPECT_TRUE(name.starts_with("Virtual ") && name.ends_with("(ptxvm)")) << name;
    EXPECT_NE(name.find(k.name), name.npos) << name;
    EXPECT_EQ(p.major * 10 + p.minor, k.sm);
    EXPECT_EQ(p.multiProcessorCount, k.sms);
    return;
  }
  FAIL() << "no expectation for " << chosen;
}

TEST(Device, AttributesAgreeWithProperties) {
  cudaDeviceProp p;
  ASSERT_CUDA(cudaGetDeviceProperties(&p, 0));
  EXPECT_EQ(attribute(cudaDevAttrWarpSize), 32);
  EXPECT_EQ(attribute(cudaDevAttrMaxThreadsPerBlock), 1024);
  EXPECT_EQ(attribute(cudaDevAttrMaxGridDimY), 65535);
  EXPECT_EQ(attribute(cudaDevAttrComputeCapabilityMajor), p.major);
  EXPECT_EQ(attribute(cudaDevAttrComputeCapabilityMinor), p.minor);
  EXPECT_EQ(attribute(cudaDevAttrMultiProcessorCount), p.multiProcessorCount);
  EXPECT_EQ(attribute(cudaDevAttrMaxSharedMemoryPerBlock), static_cast<int>(p.sharedMemPerBlock));
  EXPECT_EQ(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin),
            static_cast<int>(p.sharedMemPerBlockOptin));
  EXPECT_EQ(attribute(cudaDevAttrMaxThreadsPerMultiProcessor), p.maxThreadsPerMultiProcessor);
  EXPECT_EQ(attribute(cudaDevAttrL2CacheSize), p.l2CacheSize);
  EXPECT_EQ(p.sharedMemPerBlock, 48U << 10);
  EXPECT_GE(p.sharedMemPerBlockOptin, p.sharedMemPerBlock);
  int value = 0;
  EXPECT_EQ(cudaDeviceGetAttribute(&value, static_cast<cudaDeviceAttr>(100000), 0),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
}

TEST(Device, ThereIsNoSecondOne) {
  VIRTUAL_GPU_ONLY();
  int count = 0, device = -1;
  ASSERT_CUDA(cudaGetDeviceCount(&count));
  EXPECT_EQ(count, 1);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  ASSERT_CUDA(cudaGetDevice(&device));
  EXPECT_EQ(device, 0);
  char id[32];
  ASSERT_CUDA(cudaDeviceGetPCIBusId(id, sizeof(id), 0));
  ASSERT_CUDA(cudaDeviceGetByPCIBusId(&device, id));
  EXPECT_EQ(device, 0);
  cudaGetLastError();
}

TEST(Device, HasTheVersionItWasBuiltWith) {
  int runtime = 0, driver = 0;
  ASSERT_CUDA(cudaRuntimeGetVersion(&runtime));
  ASSERT_CUDA(cudaDriverGetVersion(&driver));
  EXPECT_EQ(runtime / 1000, CUDART_VERSION / 1000);
  EXPECT_GE(driver, runtime);
}

TEST(Device, LimitsKeepWhatWasSet) {
  size_t value = 0;
  ASSERT_CUDA(cudaDeviceSetLimit(cudaLimitStackSize, 4096));
  ASSERT_CUDA(cudaDeviceGetLimit(&value, cudaLimitStackSize));
  EXPECT_EQ(value, 4096U);
  EXPECT_EQ(cudaDeviceGetLimit(&value, static_cast<cudaLimit>(99)), cudaErrorUnsupportedLimit);
  cudaGetLastError();
}

TEST(Errors, StayUntilTheyAreRead) {
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  EXPECT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_CUDA(cudaGetLastError());
  EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidDevice), "invalid device ordinal");
  EXPECT_STREQ(cudaGetErrorName(cudaErrorIllegalAddress), "cudaErrorIllegalAddress");
}

}  // namespace
