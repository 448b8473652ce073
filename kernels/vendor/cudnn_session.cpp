#include "kernels/vendor/cudnn_session.h"

#include <dlfcn.h>
#include <string_view>

namespace tconv::cudnn {
namespace {

std::string reason(std::string_view why) {
  return "cuDNN needs an NVIDIA GPU: " + std::string(why) +
         "; the virtual GPU cannot run its machine code";
}

/// The virtual GPU's runtime can be loaded on a machine with a GPU. cuDNN, which has a runtime of
/// its own, would then work, but on pointers that mean nothing to it.
bool virtual_gpu_loaded() { return dlsym(RTLD_DEFAULT, "ptxvmVersion") != nullptr; }

}  // namespace

Session::Session() {
  cudnnHandle_t raw = nullptr;
  const cudnnStatus_t status = cudnnCreate(&raw);
  if (status == CUDNN_STATUS_SUCCESS)
    handle_.reset(raw, [](cudnnHandle_t handle) { cudnnDestroy(handle); });
  if (status != CUDNN_STATUS_SUCCESS)
    unavailable_ = reason(cudnnGetErrorString(status));
  else if (virtual_gpu_loaded())
    unavailable_ = reason("the virtual GPU's runtime is loaded in its place");
}

const Session& Session::get() {
  static const Session session;
  return session;
}

}  // namespace tconv::cudnn
