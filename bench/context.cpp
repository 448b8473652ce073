#include "bench/context.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <dlfcn.h>

#include <cuda_runtime_api.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "bench/git_revision.h"  // written by the build whenever the revision changes
#include "bench/nvml.h"
#include "kernels/detail/cuda_check.h"

namespace tconv::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDefaultProfile = "h100-sxm";

cudaDeviceProp device_properties() {
  cudaDeviceProp properties{};
  int device = 0;
  TCONV_CUDA(cudaGetDevice(&device));
  TCONV_CUDA(cudaGetDeviceProperties(&properties, device));
  return properties;
}

/// 13000 -> "13.0"; 0, which means none, -> null.
Json cuda_version(int number) {
  return number == 0 ? Json() : Json(fmt::format("{}.{}", number / 1000, number % 1000 / 10));
}

/// Of the library that is loaded, which need not be the one that the headers came with. Null if
/// there is none.
Json cudnn_version() {
  const auto loaded = reinterpret_cast<size_t (*)()>(::dlsym(RTLD_DEFAULT, "cudnnGetVersion"));
  if (loaded == nullptr) return {};
  const size_t number = loaded();
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

NvmlReadings readings_of(const Backend& backend, const cudaDeviceProp& gpu) {
  if (backend.is_virtual) return {};
  return read_nvml(
      fmt::format("{:04x}:{:02x}:{:02x}.0", gpu.pciDomainID, gpu.pciBusID, gpu.pciDeviceID));
}

}  // namespace

std::string git_revision() { return TCONV_GIT_REVISION; }

const DeviceProfile& choose_profile(const std::string& name) {
  if (!name.empty()) return device_profile(name);
  const std::string device = device_properties().name;
  for (const DeviceProfile& profile : device_profiles()) {
    // The virtual GPU adds words to the name of the GPU that it pretends to be.
    if (device.find(profile.device_name) != std::string::npos) return profile;
  }
  return device_profile(kDefaultProfile);
}

Json describe_run(const Backend& backend, const Options& options, const DeviceProfile& profile,
                  const std::vector<std::string>& argv) {
  const cudaDeviceProp gpu = device_properties();
  const NvmlReadings nvml = readings_of(backend, gpu);
  int runtime = 0;
  int driver = 0;
  TCONV_CUDA(cudaRuntimeGetVersion(&runtime));
  TCONV_CUDA(cudaDriverGetVersion(&driver));
  Json context;
  context["backend"] = std::string(backend.name());
  context["device"] = std::string(gpu.name);
  context["compute_capability"] = fmt::format("{}.{}", gpu.major, gpu.minor);
  context["cuda"] = cuda_version(runtime);
  context["cudnn"] = cudnn_version();
  context["driver"] = nvml.driver ? Json(*nvml.driver) : Json();
  context["driver_cuda"] = backend.is_virtual ? Json() : cuda_version(driver);
  context["git"] = git_revision();
  context["argv"] = argv;
  context["date"] = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  context["device_profile"] = std::string(profile.name);
  context["sm_limits"] = {{"threads", profile.threads_per_sm},
                          {"blocks", profile.blocks_per_sm},
                          {"registers", profile.registers_per_sm},
                          {"shared", profile.shared_bytes_per_sm},
                          {"compute_capability", profile.sm_major * 10 + profile.sm_minor}};
  context["data"] = options.data ? Json(std::string(to_string(*options.data))) : Json();
  context["seed"] = options.seed;
  context["batch"] = or_null(options.batch);
  context["crop_macs"] = or_null(options.crop_macs);
  context["verify_only"] = options.verify_only;
  context["sms"] = gpu.multiProcessorCount;
  context["l2_bytes"] = gpu.l2CacheSize;
  context["clocks"] = {{"sm_mhz", or_null(nvml.sm_clock_mhz)},
                       {"memory_mhz", or_null(nvml.memory_clock_mhz)},
                       {"max_sm_mhz", or_null(nvml.max_sm_clock_mhz)},
                       {"max_memory_mhz", or_null(nvml.max_memory_clock_mhz)}};
  context["power_limit_w"] = or_null(nvml.power_limit_w);
  context["ecc"] = or_null(nvml.ecc);
  context["compile_flags"] = TCONV_COMPILE_FLAGS;
  return context;
}

}  // namespace tconv::bench
