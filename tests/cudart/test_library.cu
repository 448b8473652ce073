// Code loaded by the program itself, and driver functions fetched through the runtime.
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <cuda.h>

#include "tests/cudart/device_vector.h"

namespace {

constexpr char kPtx[] = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .global .align 4 .u32 offset = 100;
.visible .entry shift(.param .u64 p, .param .u32 by)
{
  .reg .b32 %r<5>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r1, [by];
  ld.global.u32 %r2, [offset];
  mov.u32 %r3, %tid.x;
  mul.wide.u32 %rd2, %r3, 4;
  add.u64 %rd3, %rd1, %rd2;
  add.u32 %r4, %r1, %r2;
  add.u32 %r4, %r4, %r3;
  st.global.u32 [%rd3], %r4;
  ret;
}
)";

cudaLibrary_t loaded(const char* ptx) {
  cudaLibrary_t library = nullptr;
  EXPECT_CUDA(cudaLibraryLoadData(&library, ptx, nullptr, nullptr, 0, nullptr, nullptr, 0));
  return library;
}

TEST(Library, KernelsAndVariablesAreFoundByName) {
  const cudaLibrary_t library = loaded(kPtx);
  cudaKernel_t kernel = nullptr, again = nullptr;
  ASSERT_CUDA(cudaLibraryGetKernel(&kernel, library, "shift"));
  ASSERT_CUDA(cudaLibraryGetKernel(&again, library, "shift"));
  EXPECT_EQ(kernel, again);
  void* offset = nullptr;
  size_t bytes = 0;
  ASSERT_CUDA(cudaLibraryGetGlobal(&offset, &bytes, library, "offset"));
  EXPECT_EQ(bytes, 4U);
  const int thousand = 1000;
  ASSERT_CUDA(cudaMemcpy(offset, &thousand, 4, cudaMemcpyHostToDevice));
  const DeviceVector<int> out(4);
  int* p = out.data();
  int by = 20;
  void* args[] = {&p, &by};
  ASSERT_CUDA(cudaLaunchKernel(reinterpret_cast<const void*>(kernel), 1, 4, args, 0, nullptr));
  EXPECT_EQ(out.host(), (std::vector<int>{1020, 1021, 1022, 1023}));
  cudaFuncAttributes a{};
  EXPECT_CUDA(cudaFuncGetAttributes(&a, reinterpret_cast<const void*>(kernel)));
  EXPECT_CUDA(cudaLibraryUnload(library));
}

TEST(Library, WhatIsMissingOrWrongIsRefused) {
  cudaLibrary_t library = nullptr;
  EXPECT_EQ(
      cudaLibraryLoadData(&library, "this is no PTX", nullptr, nullptr, 0, nullptr, nullptr, 0),
      cudaErrorInvalidPtx);
  EXPECT_EQ(
      cudaLibraryLoadFromFile(&library, "/no/such/file", nullptr, nullptr, 0, nullptr, nullptr, 0),
      cudaErrorFileNotFound);
  library = loaded(kPtx);
  cudaKernel_t kernel = nullptr;
  EXPECT_EQ(cudaLibraryGetKernel(&kernel, library, "shif"), cudaErrorSymbolNotFound);
  EXPECT_EQ(cudaLibraryGetGlobal(reinterpret_cast<void**>(&kernel), nullptr, library, "shift"),
            cudaErrorSymbolNotFound);
  EXPECT_CUDA(cudaLibraryUnload(library));
  EXPECT_EQ(cudaLibraryUnload(library), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(Library, ComesFromAFileToo) {
  const std::string path = ::testing::TempDir() + "tconv_test_library.ptx";
  std::ofstream(path) << kPtx;
  cudaLibrary_t library = nullptr;
  ASSERT_CUDA(
      cudaLibraryLoadFromFile(&library, path.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  cudaKernel_t kernel = nullptr;
  EXPECT_CUDA(cudaLibraryGetKernel(&kernel, library, "shift"));
  EXPECT_CUDA(cudaLibraryUnload(library));
}

TEST(Driver, NamesItsErrors) {
  const auto name_of = driver_function<decltype(cuGetErrorName)>("cuGetErrorName");
  const auto text_of = driver_function<decltype(cuGetErrorString)>("cuGetErrorString");
  const char* text = nullptr;
  EXPECT_EQ(name_of(CUDA_ERROR_INVALID_VALUE, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "CUDA_ERROR_INVALID_VALUE");
  EXPECT_EQ(text_of(CUDA_ERROR_OUT_OF_MEMORY, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "out of memory");
  EXPECT_EQ(name_of(static_cast<CUresult>(-5), &text), CUDA_ERROR_INVALID_VALUE);
}

TEST(Driver, KnowsTheDeviceTheContextAndPointers) {
  const auto attribute = driver_function<decltype(cuDeviceGetAttribute)>("cuDeviceGetAttribute");
  int major = 0, expected = 0;
  EXPECT_EQ(attribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0), CUDA_SUCCESS);
  ASSERT_CUDA(cudaDeviceGetAttribute(&expected, cudaDevAttrComputeCapabilityMajor, 0));
  EXPECT_EQ(major, expected);
  EXPECT_EQ(attribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 99),
            CUDA_ERROR_INVALID_DEVICE);
  EXPECT_CUDA(cudaGetLastError());  // the driver's errors are not the runtime's

  const DeviceVector<int> d(10);
  const auto pointer = driver_function<decltype(cuPointerGetAttribute)>("cuPointerGetAttribute");
  const auto inside = reinterpret_cast<CUdeviceptr>(d.data() + 3);
  CUdeviceptr start = 0;
  size_t size = 0;
  EXPECT_EQ(pointer(&start, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, inside), CUDA_SUCCESS);
  EXPECT_EQ(pointer(&size, CU_POINTER_ATTRIBUTE_RANGE_SIZE, inside), CUDA_SUCCESS);
  EXPECT_EQ(start, reinterpret_cast<CUdeviceptr>(d.data()));
  EXPECT_EQ(size, 40U);
  EXPECT_EQ(pointer(&size, CU_POINTER_ATTRIBUTE_RANGE_SIZE, reinterpret_cast<CUdeviceptr>(&size)),
            CUDA_ERROR_INVALID_VALUE);
  CUcontext context = nullptr;
  EXPECT_EQ(driver_function<decltype(cuCtxGetCurrent)>("cuCtxGetCurrent")(&context), CUDA_SUCCESS);
  EXPECT_NE(context, nullptr);
}

__global__ void store(int* p, int value) { *p = value; }

TEST(Driver, LaunchesKernelsOfTheProgram) {
  const auto launch = driver_function<decltype(cuLaunchKernel)>("cuLaunchKernel");
  cudaFunction_t function = nullptr;
  ASSERT_CUDA(cudaGetFuncBySymbol(&function, reinterpret_cast<const void*>(store)));
  const DeviceVector<int> out(1);
  int* p = out.data();
  int value = 77;
  void* args[] = {&p, &value};
  EXPECT_EQ(launch(function, 1, 1, 1, 1, 1, 1, 0, nullptr, args, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(out.host()[0], 77);
}

TEST(Driver, WhatIsNotThereIsNotFound) {
  void* function = &function;
  cudaDriverEntryPointQueryResult found{};
  EXPECT_CUDA(cudaGetDriverEntryPointByVersion("cuNoSuchFunction", &function, 12050,
                                               cudaEnableDefault, &found));
  EXPECT_EQ(found, cudaDriverEntryPointSymbolNotFound);
  EXPECT_EQ(function, nullptr);
}

}  // namespace
