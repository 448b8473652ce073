#include "bench/nvml.h"

#include <array>
#include <dlfcn.h>
#include <memory>

namespace tconv::bench {
namespace {

// From the NVML API reference: every function returns 0 on success; devices are opaque pointers.
using Device = void*;
constexpr int kSuccess = 0;
constexpr int kClockSm = 1;
constexpr int kClockMemory = 2;
constexpr int kFeatureEnabled = 1;

class Library {
 public:
  Library() : handle_(::dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL), &close) {
    usable_ = call<int()>("nvmlInit_v2").value_or(-1) == kSuccess;
  }
  ~Library() {
    if (usable_) call<int()>("nvmlShutdown");
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  bool usable() const { return usable_; }

  /// The function's status, or nothing if there is no such function.
  template <class Signature, class... Args>
  std::optional<int> call(const char* name, Args... args) const {
    if (!handle_) return std::nullopt;
    auto* function = reinterpret_cast<Signature*>(::dlsym(handle_.get(), name));
    if (function == nullptr) return std::nullopt;
    return function(args...);
  }

 private:
  static void close(void* handle) {
    if (handle != nullptr) ::dlclose(handle);
  }
  std::unique_ptr<void, void (*)(void*)> handle_;
  bool usable_ = false;
};

std::optional<unsigned> clock(const Library& nvml, const char* function, Device device, int which) {
  unsigned mhz = 0;
  if (nvml.call<int(Device, int, unsigned*)>(function, device, which, &mhz) != kSuccess)
    return std::nullopt;
  return mhz;
}

}  // namespace

NvmlReadings read_nvml(const std::string& pci_bus_id) {
  NvmlReadings readings;
  const Library nvml;
  if (!nvml.usable()) return readings;
  std::array<char, 80> version{};
  if (nvml.call<int(char*, unsigned)>("nvmlSystemGetDriverVersion", version.data(),
                                      unsigned{version.size()}) == kSuccess) {
    readings.driver = version.data();
  }
  Device device = nullptr;
  if (nvml.call<int(const char*, Device*)>("nvmlDeviceGetHandleByPciBusId_v2", pci_bus_id.c_str(),
                                           &device) != kSuccess) {
    return readings;
  }
  readings.sm_clock_mhz = clock(nvml, "nvmlDeviceGetClockInfo", device, kClockSm);
  readings.memory_clock_mhz = clock(nvml, "nvmlDeviceGetClockInfo", device, kClockMemory);
  readings.max_sm_clock_mhz = clock(nvml, "nvmlDeviceGetMaxClockInfo", device, kClockSm);
  readings.max_memory_clock_mhz = clock(nvml, "nvmlDeviceGetMaxClockInfo", device, kClockMemory);
  unsigned milliwatts = 0;
  if (nvml.call<int(Device, unsigned*)>("nvmlDeviceGetEnforcedPowerLimit", device, &milliwatts) ==
      kSuccess) {
    readings.power_limit_w = milliwatts * 1e-3;
  }
  int current = 0;
  int pending = 0;
  if (nvml.call<int(Device, int*, int*)>("nvmlDeviceGetEccMode", device, &current, &pending) ==
      kSuccess) {
    readings.ecc = current == kFeatureEnabled;
  }
  return readings;
}

}  // namespace tconv::bench
