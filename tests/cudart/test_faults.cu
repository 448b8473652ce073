// A kernel's fault ends the context: the report is printed once, the next call returns the code,
// and so does every later one. Each case runs in a process of its own, as nothing brings a faulted
// context back.
#undef NDEBUG  // assert() is what is tested
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/cudart/machine.h"

namespace {

__global__ void store(int* p, long long index) { p[index] = 1; }
__global__ void store_unaligned(char* p) { *reinterpret_cast<int*>(p + 1) = 1; }
__global__ void check(int value) { assert(value == 3); }
__global__ void give_up() { __trap(); }
__global__ void say(int value) { printf("thread %u has %d\n", threadIdx.x, value); }

int* allocate(size_t bytes) {
  int* p = nullptr;
  cudaMalloc(reinterpret_cast<void**>(&p), bytes);
  return p;
}

// Prints what the calls after a faulting launch return, and leaves.
[[noreturn]] void report_and_exit() {
  const cudaError_t launch = cudaGetLastError(), first = cudaDeviceSynchronize(),
                    second = cudaFree(nullptr);
  std::fprintf(stderr, "launch %s, then %s, then %s\n", cudaGetErrorName(launch),
               cudaGetErrorName(first), cudaGetErrorName(second));
  std::exit(first == second ? first % 256 : 255);
}

// What report_and_exit prints last, for a sticky error.
std::string sticky(const std::string& name) {
  return "launch cudaSuccess, then " + name + ", then " + name;
}

class Faults : public ::testing::Test {
 protected:
  void SetUp() override {
    VIRTUAL_GPU_ONLY();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

#define EXPECT_STICKY(statement, code, name) \
  EXPECT_EXIT(                               \
      {                                      \
        statement;                           \
        report_and_exit();                   \
      },                                     \
      ::testing::ExitedWithCode((code) % 256), sticky(name))

TEST_F(Faults, OnePastTheEndIsCaughtNextToAnotherAllocation) {
  EXPECT_STICKY(
      {
        int* a = allocate(1024);
        allocate(1024);
        (store<<<1, 1>>>(a, 256));
      },
      cudaErrorIllegalAddress, "cudaErrorIllegalAddress");
}

TEST_F(Faults, TheReportNamesTheKernelAndTheAllocation) {
  EXPECT_EXIT(
      {
        int* a = allocate(1024);
        (store<<<1, 1>>>(a, 256));
        report_and_exit();
      },
      ::testing::ExitedWithCode(cudaErrorIllegalAddress % 256),
      "store(.|\n)*1024 bytes(.|\n)*cudaMalloc #1");
}

TEST_F(Faults, UseAfterFreeIsAnIllegalAddress) {
  EXPECT_STICKY(
      {
        int* a = allocate(1024);
        cudaFree(a);
        (store<<<1, 1>>>(a, 0));
      },
      cudaErrorIllegalAddress, "cudaErrorIllegalAddress");
}

TEST_F(Faults, NullAndHostPointersAreIllegalAddresses) {
  EXPECT_STICKY((store<<<1, 1>>>(nullptr, 0)), cudaErrorIllegalAddress, "cudaErrorIllegalAddress");
  static int host;
  EXPECT_STICKY((store<<<1, 1>>>(&host, 0)), cudaErrorIllegalAddress, "cudaErrorIllegalAddress");
}

TEST_F(Faults, AMisalignedStoreHasItsOwnCode) {
  EXPECT_STICKY((store_unaligned<<<1, 1>>>(reinterpret_cast<char*>(allocate(16)))),
                cudaErrorMisalignedAddress, "cudaErrorMisalignedAddress");
}

TEST_F(Faults, AFailedAssertionHasItsOwnCode) {
  EXPECT_STICKY((check<<<1, 1>>>(4)), cudaErrorAssert, "cudaErrorAssert");
}

TEST_F(Faults, ATrapIsALaunchFailure) {
  EXPECT_STICKY((give_up<<<1, 1>>>()), cudaErrorLaunchFailure, "cudaErrorLaunchFailure");
}

TEST_F(Faults, TheLastReportCanBeRead) {
  EXPECT_EXIT(
      {
        (give_up<<<1, 1>>>());
        const std::string text = virtual_function<const char*()>("ptxvmLastReport")();
        std::exit(text.find("give_up") != text.npos ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

[[noreturn]] void run_with_planned_failures() {
  setenv("PTXVM_FAIL", "malloc:2,launch:1", 1);
  void* p = nullptr;
  const cudaError_t first = cudaMalloc(&p, 4);
  const cudaError_t second = cudaMalloc(&p, 4);
  const cudaError_t third = cudaMalloc(&p, 4);
  say<<<1, 1>>>(1);
  const cudaError_t launch = cudaGetLastError();
  const bool planned = second == cudaErrorMemoryAllocation && launch == cudaErrorLaunchFailure;
  const bool others =
      first == cudaSuccess && third == cudaSuccess && cudaDeviceSynchronize() == cudaSuccess;
  std::exit(planned && others ? 0 : 1);
}

TEST_F(Faults, PlannedFailuresHitTheCallTheyName) {
  EXPECT_EXIT(run_with_planned_failures(), ::testing::ExitedWithCode(0),
              "malloc number 2 fails as planned");
}

[[noreturn]] void exit_if_uninitialised() {
  void* p = nullptr;
  std::exit(cudaMalloc(&p, 4) == cudaErrorInitializationError ? 0 : 1);
}

// The child process starts with a setting that makes no sense: an initialisation error that names
// it.
void expect_named(const char* variable, const char* value) {
  setenv(variable, value, 1);
  EXPECT_EXIT(exit_if_uninitialised(), ::testing::ExitedWithCode(0), value);
  unsetenv(variable);
}

TEST_F(Faults, BadSettingsAreNamed) {
  expect_named("PTXVM_FAIL", "malloc:none");
  expect_named("PTXVM_DEVICE", "gtx9999");
  expect_named("PTXVM_MEMORY", "lots");
}

TEST(Printf, ReachesStandardOutput) {
  ::testing::internal::CaptureStdout();
  say<<<1, 2>>>(7);
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "thread 0 has 7\nthread 1 has 7\n");
}

}  // namespace
