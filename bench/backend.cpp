#include "bench/backend.h"

#include <dlfcn.h>
#include <filesystem>

#include <cuda_runtime_api.h>
#include <fmt/format.h>

namespace tconv::bench {
namespace {

template <class Function>
Function loaded_function(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_DEFAULT, name));
}

}  // namespace

Backend find_backend() {
  Backend backend;
  backend.reset_counters = loaded_function<void (*)()>("ptxvmCountersReset");
  backend.counters_json = loaded_function<const char* (*)()>("ptxvmCountersJson");
  backend.last_report = loaded_function<const char* (*)()>("ptxvmLastReport");
  backend.is_virtual = backend.reset_counters != nullptr && backend.counters_json != nullptr;
  return backend;
}

void require_device(const Backend& backend) {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status == cudaSuccess && devices > 0) return;
  const std::string why = status == cudaSuccess ? "no device" : cudaGetErrorString(status);
  static_cast<void>(cudaGetLastError());
  throw NoDevice(fmt::format("no NVIDIA GPU here ({}){}", why,
                             backend.is_virtual ? ""
                                                : "; the virtual GPU runs the same binary: set "
                                                  "LD_LIBRARY_PATH=build/virtual"));
}

bool device_is_lost() {
  static_cast<void>(cudaGetLastError());  // what is not sticky goes
  const bool lost = cudaDeviceSynchronize() != cudaSuccess;
  static_cast<void>(cudaGetLastError());
  return lost;
}

std::string cudart_folder() {
  Dl_info info{};
  void* function = ::dlsym(RTLD_DEFAULT, "cudaGetDeviceCount");
  if (function == nullptr || ::dladdr(function, &info) == 0 || info.dli_fname == nullptr) return {};
  return std::filesystem::path(info.dli_fname).parent_path().string();
}

}  // namespace tconv::bench
