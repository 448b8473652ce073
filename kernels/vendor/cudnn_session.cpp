#include "kernels/vendor/cudnn_session.h"

namespace tconv::cudnn {

Session::Session() {
  cudnnHandle_t raw = nullptr;
  const cudnnStatus_t status = cudnnCreate(&raw);
  if (status == CUDNN_STATUS_SUCCESS)
    handle_.reset(raw, [](cudnnHandle_t handle) { cudnnDestroy(handle); });
  else
    unavailable_ = std::string("cuDNN needs an NVIDIA GPU: ") + cudnnGetErrorString(status) +
                   "; the virtual GPU cannot run its machine code";
}

const Session& Session::get() {
  static const Session session;
  return session;
}

}  // namespace tconv::cudnn
