// The process's connection to cuBLAS: a handle, or the reason why there is none.
#pragma once

#include <cublas_v2.h>
#include <memory>
#include <string>
#include <string_view>

namespace tconv::cublas {

/// What is used of cuBLAS. It is loaded when first asked for: linked, its 150 MiB would be loaded
/// by every program, whether it multiplies or not.
struct Functions {
  decltype(&cublasCreate_v2) create;
  decltype(&cublasDestroy_v2) destroy;
  decltype(&cublasSetStream_v2) set_stream;
  decltype(&cublasGetStatusString) status_string;
  decltype(&cublasGetProperty) property;
  decltype(&cublasGemmStridedBatchedEx_64) gemm_strided_batched;
};
/// Throws std::runtime_error with the loader's words if there is no such library.
const Functions& functions();

/// Throws std::runtime_error, "<what>: <cuBLAS's words>", unless `status` is success.
void check(cublasStatus_t status, std::string_view what);

class Session {
 public:
  /// Created on first use and kept; never throws.
  static const Session& get();

  /// Empty if products can be computed here, else one line for the user.
  const std::string& unavailable() const { return unavailable_; }
  cublasHandle_t handle() const { return handle_.get(); }
  /// "cuBLAS 13.1.0".
  std::string version() const;

 private:
  Session();

  struct Destroy {
    void operator()(cublasHandle_t handle) const { functions().destroy(handle); }
  };
  std::unique_ptr<cublasContext, Destroy> handle_;
  std::string unavailable_;
};

}  // namespace tconv::cublas
