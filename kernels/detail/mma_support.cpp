#include "kernels/detail/mma_support.h"

#include <cuda_runtime_api.h>

#include "kernels/detail/cuda_check.h"

namespace tconv::detail {

std::string refuse_without_mma(const Config& config) {
  if (config.dtype == DType::f32) {
    return "dtype f32: tensor cores multiply tf32, f16 and bf16";
  }
  int device = 0, major = 0, minor = 0;
  TCONV_CUDA(cudaGetDevice(&device));
  TCONV_CUDA(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device));
  TCONV_CUDA(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device));
  if (major >= 8) return {};
  return "device of compute capability " + std::to_string(major) + "." + std::to_string(minor) +
         ": asynchronous copies and m16n8k16 need 8.0";
}

}  // namespace tconv::detail
