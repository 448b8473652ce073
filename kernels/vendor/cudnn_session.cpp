#include "kernels/vendor/cudnn_session.h"

#include "kernels/vendor/native_gpu.h"

namespace tconv::cudnn {

Session::Session() {
  cudnnHandle_t raw = nullptr;
  const cudnnStatus_t status = cudnnCreate(&raw);
  if (status == CUDNN_STATUS_SUCCESS)
    handle_.reset(raw, [](cudnnHandle_t handle) { cudnnDestroy(handle); });
  if (status != CUDNN_STATUS_SUCCESS)
    unavailable_ = vendor::needs_gpu("cuDNN", cudnnGetErrorString(status));
  else if (const auto why = vendor::virtual_gpu_in_place(); !why.empty())
    unavailable_ = vendor::needs_gpu("cuDNN", why);
}

const Session& Session::get() {
  static const Session session;
  return session;
}

}  // namespace tconv::cudnn
