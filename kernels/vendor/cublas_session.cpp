#include "kernels/vendor/cublas_session.h"

#include <dlfcn.h>
#include <stdexcept>

#include "kernels/vendor/native_gpu.h"

namespace tconv::cublas {
namespace {

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  if (function == nullptr) throw std::runtime_error(std::string("it has no ") + name);
}

Functions load() {
  const std::string file = "libcublas.so." + std::to_string(CUBLAS_VER_MAJOR);
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays until the end
  if (library == nullptr) throw std::runtime_error(dlerror());
  Functions f{};
  find(library, "cublasCreate_v2", f.create);
  find(library, "cublasDestroy_v2", f.destroy);
  find(library, "cublasSetStream_v2", f.set_stream);
  find(library, "cublasGetStatusString", f.status_string);
  find(library, "cublasGetProperty", f.property);
  find(library, "cublasGemmStridedBatchedEx_64", f.gemm_strided_batched);
  return f;
}

}  // namespace

const Functions& functions() {
  static const Functions loaded = load();
  return loaded;
}

void check(cublasStatus_t status, std::string_view what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string(what) + ": " + functions().status_string(status));
}

Session::Session() {
  if (const auto why = vendor::virtual_gpu_in_place(); !why.empty()) {
    unavailable_ = vendor::needs_gpu("cuBLAS", why);
    return;
  }
  try {
    cublasHandle_t raw = nullptr;
    const cublasStatus_t status = functions().create(&raw);
    if (status == CUBLAS_STATUS_NOT_INITIALIZED) {  // what it says where there is no GPU
      unavailable_ = vendor::needs_gpu("cuBLAS", functions().status_string(status));
      return;
    }
    check(status, "cublasCreate");
    handle_.reset(raw);
  } catch (const std::runtime_error& error) {
    unavailable_ = std::string("cuBLAS cannot start: ") + error.what();
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
    check(functions().property(part, &number), "cublasGetProperty");
    text += (part == MAJOR_VERSION ? ' ' : '.') + std::to_string(number);
  }
  return text;
}

}  // namespace tconv::cublas
