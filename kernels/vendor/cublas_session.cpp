#include "kernels/vendor/cublas_session.h"

#include <stdexcept>

#include "kernels/vendor/native_gpu.h"

namespace tconv::cublas {

void check(cublasStatus_t status, std::string_view what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string(what) + ": " + cublasGetStatusString(status));
}

Session::Session() {
  if (const auto why = vendor::virtual_gpu_in_place(); !why.empty()) {
    unavailable_ = vendor::needs_gpu("cuBLAS", why);
    return;
  }
  cublasHandle_t raw = nullptr;
  const cublasStatus_t status = cublasCreate(&raw);
  if (status == CUBLAS_STATUS_SUCCESS) {
    handle_.reset(raw);
  } else {
    unavailable_ = vendor::needs_gpu("cuBLAS", cublasGetStatusString(status));
  }
}

const Session& Session::get() {
  static const Session session;
  return session;
}

std::string Session::version() const {
  std::string text = "cuBLAS";
  for (const auto part : {MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL}) {
    int number = 0;
    check(cublasGetProperty(part, &number), "cublasGetProperty");
    text += (part == MAJOR_VERSION ? ' ' : '.') + std::to_string(number);
  }
  return text;
}

}  // namespace tconv::cublas
