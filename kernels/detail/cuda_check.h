// Checks of CUDA runtime calls: one that throws, one for destructors. Both clear the error, so that
// a failure is reported once, by the call that failed, and not again by whichever call comes next.
#pragma once

#include <stdexcept>
#include <string>

#include <cuda_runtime_api.h>

namespace tconv {

/// A CUDA call that failed. what(): "<file>:<line>: <call>: <error name>: <error text>".
struct CudaError : std::runtime_error {
  CudaError(cudaError_t code_, const std::string& text) : std::runtime_error(text), code(code_) {}
  cudaError_t code;
};

namespace detail {
[[noreturn]] void throw_cuda_error(cudaError_t, const char* call, const char* file, int line);
void report_cuda_error(cudaError_t, const char* call, const char* file, int line) noexcept;
}  // namespace detail
}  // namespace tconv

/// Throws CudaError if the call fails.
#define TCONV_CUDA(call)                                                          \
  do {                                                                            \
    const cudaError_t tconv_status = (call);                                      \
    if (tconv_status != cudaSuccess)                                              \
      ::tconv::detail::throw_cuda_error(tconv_status, #call, __FILE__, __LINE__); \
  } while (false)

/// For destructors: one line on stderr if the call fails.
#define TCONV_CUDA_NOEXCEPT(call)                                                  \
  do {                                                                             \
    const cudaError_t tconv_status = (call);                                       \
    if (tconv_status != cudaSuccess)                                               \
      ::tconv::detail::report_cuda_error(tconv_status, #call, __FILE__, __LINE__); \
  } while (false)
