#include "kernels/vendor/native_gpu.h"

#include <dlfcn.h>

namespace tconv::vendor {

std::string needs_gpu(std::string_view library, std::string_view why) {
  return std::string(library) + " needs an NVIDIA GPU: " + std::string(why) +
         "; the virtual GPU cannot run its machine code";
}

std::string_view virtual_gpu_in_place() {
  const bool loaded = dlsym(RTLD_DEFAULT, "ptxvmVersion") != nullptr;
  return loaded ? "the virtual GPU's runtime is loaded in its place" : "";
}

}  // namespace tconv::vendor
