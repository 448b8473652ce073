#include "bench/bound.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "reference/alternatives.h"

namespace tconv::bench {
namespace {

constexpr double kSectorBytes = 32;

enum Resource { dram, l1, shared, fma, tensor, atomics, l2, kResources };
constexpr std::array<std::string_view, kResources> kNames{"dram",   "l1",      "shared", "fma",
                                                          "tensor", "atomics", "l2"};

using PerResource = std::array<double, kResources>;

/// Launches run one after another, each as long as its slowest resource needs.
struct Slowest {
  double us = 0;
  PerResource share{};
  void add(const PerResource& launch) {
    const auto slowest = std::max_element(launch.begin(), launch.end());
    share[static_cast<size_t>(slowest - launch.begin())] += *slowest;
    us += *slowest;
  }
  std::string_view limiter() const {
    const auto largest = std::max_element(share.begin(), share.end());
    return kNames[static_cast<size_t>(largest - share.begin())];
  }
};

/// What the busiest SM gets when whole blocks are dealt evenly.
double per_sm(uint64_t total, uint64_t blocks, int sms) {
  if (total == 0) return 0;
  const auto use = static_cast<double>(total);
  if (blocks == 0) return use / sms;
  const double waves = std::ceil(static_cast<double>(blocks) / sms);
  return std::max(use / sms, waves * use / static_cast<double>(blocks));
}

/// use / rate; a resource that the device does not have cannot be used in no time.
double ratio(double use, double rate) {
  if (use == 0) return 0;
  return rate > 0 ? use / rate : std::numeric_limits<double>::infinity();
}

PerResource least_us(const LaunchUse& use, DType dtype, const DeviceProfile& gpu) {
  const double clocks_per_us = gpu.boost_ghz * 1e3;
  const auto sm_local = [&](uint64_t total, double rate) {
    return ratio(per_sm(total, use.blocks, gpu.sms), rate * clocks_per_us);
  };
  PerResource us{};
  us[dram] =
      ratio(static_cast<double>(use.dram_sectors) * kSectorBytes, gpu.dram_bytes_per_s * 1e-6);
  us[l1] = sm_local(use.l1_sectors, gpu.l1_sectors);
  us[shared] = sm_local(use.shared_wavefronts, gpu.shared_wavefronts);
  us[fma] = sm_local(use.fma_lanes, gpu.fma_f32_lanes);
  us[tensor] =
      sm_local(use.tensor_macs, dtype == DType::tf32 ? gpu.tensor_macs_tf32 : gpu.tensor_macs_f16);
  us[atomics] = ratio(static_cast<double>(use.atomics), gpu.atomics_per_l2_clock * clocks_per_us);
  return us;
}

void add_model(PerResource& us, const LaunchUse::Model& use, const DeviceProfile& gpu) {
  us[dram] =
      std::max(us[dram], ratio(static_cast<double>(use.dram_bytes), gpu.dram_bytes_per_s * 1e-6));
  us[l2] = ratio(static_cast<double>(use.l2_sectors) * kSectorBytes,
                 gpu.l2_bytes_per_clock * gpu.boost_ghz * 1e3);
}

double peak_macs_per_clock(DType dtype, const DeviceProfile& gpu) {
  switch (dtype) {
    case DType::f32:
      return gpu.fma_f32_lanes;
    // A GPU without TF32 pipes computes in f32.
    case DType::tf32:
      return std::max(gpu.tensor_macs_tf32, gpu.fma_f32_lanes);
    case DType::f16:
    case DType::bf16:
      return gpu.tensor_macs_f16;
  }
  return 0;
}

}  // namespace

double floor_us(const Problem& problem, DType dtype, const DeviceProfile& gpu, Op op) {
  const double memory =
      ratio(static_cast<double>(problem.bytes_compulsory(dtype)), gpu.dram_bytes_per_s * 1e-6);
  const double macs_per_us = peak_macs_per_clock(dtype, gpu) * gpu.sms * gpu.boost_ghz * 1e3;
  return std::max(memory, ratio(static_cast<double>(macs_needed(op, problem)), macs_per_us));
}

Bound bound(std::span<const LaunchUse> launches, DType dtype, double least,
            const DeviceProfile& gpu) {
  Slowest strict, modelled;
  bool all_modelled = !launches.empty();
  for (const LaunchUse& launch : launches) {
    PerResource us = least_us(launch, dtype, gpu);
    strict.add(us);
    all_modelled &= launch.model.has_value();
    if (!launch.model) continue;
    add_model(us, *launch.model, gpu);
    modelled.add(us);
  }
  Bound result;
  result.us = strict.us;
  result.limiter = strict.limiter();
  result.floor_us = least;
  result.efficiency = strict.us > 0 ? least / strict.us : 0;
  if (all_modelled) {
    result.model = {modelled.us, modelled.limiter(), modelled.us > 0 ? least / modelled.us : 0};
  }
  return result;
}

}  // namespace tconv::bench
