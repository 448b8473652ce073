// NVML, if the driver brought it: clocks, power limit, ECC. Opened at run time, because the toolkit
// does not ship its header.
#pragma once

#include <optional>
#include <string>

namespace tconv::bench {

struct NvmlReadings {
  std::optional<unsigned> sm_clock_mhz, memory_clock_mhz;          ///< now
  std::optional<unsigned> max_sm_clock_mhz, max_memory_clock_mhz;  ///< of the device
  std::optional<double> power_limit_w;
  std::optional<bool> ecc;
  std::optional<std::string> driver;  ///< "580.65.06"
};

/// Of the device with this PCI bus id ("0000:65:00.0"). All empty where NVML is missing or says
/// nothing.
NvmlReadings read_nvml(const std::string& pci_bus_id);

}  // namespace tconv::bench
