#include "kernels/vendor/cudnn_session.h"

#include "kernels/vendor/native_gpu.h"

namespace tconv::cudnn {

Session::Session() {
  if (const auto why = vendor::virtual_gpu_in_place(); !why.empty()) {
    unavailable_ = vendor::needs_gpu("cuDNN", why);
    return;
  }
  cudnnHandle_t raw = nullptr;
  const cudnnStatus_t status = cudnnCreate(&raw);
  if (status == CUDNN_STATUS_SUCCESS)
    handle_.reset(raw, [](cudnnHandle_t handle) { cudnnDestroy(handle); });
  else if (status == CUDNN_STATUS_NOT_INITIALIZED)  // what it says where there is no GPU
    unavailable_ = vendor::needs_gpu("cuDNN", cudnnGetErrorString(status));
  else
    unavailable_ = std::string("cuDNN cannot start: ") + cudnnGetErrorString(status);
}

std::string Session::version() {
  const size_t number = cudnnGetVersion();
  return "cuDNN " + std::to_string(number / 10000) + '.' + std::to_string(number / 100 % 100) +
         '.' + std::to_string(number % 100);
}

const Session& Session::get() {
  static const Session session;
  return session;
}

}  // namespace tconv::cudnn
