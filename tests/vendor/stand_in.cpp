// What lets the doubles stand in on the virtual GPU. A program that links this file has these
// definitions ahead of the libraries' own.
#include <dlfcn.h>

#include <cuda_runtime_api.h>

#include "kernels/vendor/native_gpu.h"
#include "tests/vendor/ledger.h"

namespace tconv::vendor {

std::string needs_gpu(std::string_view library, std::string_view why) {
  return std::string(library) + " needs an NVIDIA GPU: " + std::string(why);
}

std::string_view virtual_gpu_in_place() { return ""; }  // the doubles live with it

}  // namespace tconv::vendor

/// The virtual GPU has no time to tell candidates apart by; the doubles' engines pretend one.
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t /*start*/, cudaEvent_t /*end*/) {
  *ms = tconv::doubles::latest_work().ms;
  return cudaSuccess;
}

/// A small L2 cache: it is overwritten before each candidate that is timed, which would be nearly
/// all that these tests do.
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  static const auto original = reinterpret_cast<decltype(&cudaDeviceGetAttribute)>(
      dlsym(RTLD_NEXT, "cudaDeviceGetAttribute"));
  const cudaError_t status = original(value, attribute, device);
  if (attribute == cudaDevAttrL2CacheSize) *value = 4096;
  return status;
}
