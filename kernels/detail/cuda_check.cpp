#include "kernels/detail/cuda_check.h"

#include <cstdio>

namespace tconv::detail {
namespace {

std::string describe(cudaError_t code, const char* call, const char* file, int line) {
  return std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
         cudaGetErrorName(code) + ": " + cudaGetErrorString(code);
}

}  // namespace

void throw_cuda_error(cudaError_t code, const char* call, const char* file, int line) {
  static_cast<void>(cudaGetLastError());  // clears
  throw CudaError(code, describe(code, call, file, line));
}

void report_cuda_error(cudaError_t code, const char* call, const char* file, int line) noexcept {
  static_cast<void>(cudaGetLastError());
  std::fprintf(stderr, "%s:%d: %s: %s\n", file, line, call, cudaGetErrorName(code));
}

}  // namespace tconv::detail
