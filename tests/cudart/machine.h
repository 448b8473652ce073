// What the tests of the drop-in share. They are built once and run on the virtual GPU, and on a
// real one where there is one.
#pragma once

#include <dlfcn.h>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#define ASSERT_CUDA(expression) ASSERT_EQ(expression, cudaSuccess)
#define EXPECT_CUDA(expression) EXPECT_EQ(expression, cudaSuccess)

/// A function that only the virtual GPU's library has, or null.
template <class F>
F* virtual_function(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name));
}
inline bool on_virtual_gpu() { return virtual_function<const char*()>("ptxvmVersion") != nullptr; }

#define VIRTUAL_GPU_ONLY() \
  if (!on_virtual_gpu()) GTEST_SKIP() << "about the virtual GPU only"

/// A function of the driver, by way of the runtime.
template <class F>
F* driver_function(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  EXPECT_CUDA(
      cudaGetDriverEntryPointByVersion(name, &function, CUDART_VERSION, cudaEnableDefault, &found));
  EXPECT_EQ(found, cudaDriverEntryPointSuccess) << name;
  return reinterpret_cast<F*>(function);
}
