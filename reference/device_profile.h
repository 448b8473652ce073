// Published rates of a few NVIDIA GPUs: what bounds are computed from, and what the virtual GPU
// pretends to be.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tconv {

struct DeviceProfile {
  std::string_view name;         ///< "h100-sxm"
  std::string_view device_name;  ///< as cudaDeviceProp.name has it
  std::string_view source;       ///< document that each rate comes from
  int sm_major, sm_minor;
  int sms;
  double boost_ghz;
  double dram_bytes_per_s;
  int64_t dram_bytes;
  int64_t l2_bytes;
  int64_t l1_bytes_per_sm;         ///< L1 + shared, unified
  int64_t shared_bytes_per_block;  ///< static limit
  int64_t shared_bytes_per_block_optin;
  int64_t shared_bytes_per_sm;
  int threads_per_sm, blocks_per_sm, registers_per_sm;
  // Per SM and clock.
  int fma_f32_lanes;      ///< FP32 fused multiply-adds per clock
  int l1_sectors;         ///< 32-byte sectors that L1 serves per clock
  int shared_wavefronts;  ///< shared-memory wavefronts per clock
  int tensor_macs_f16;    ///< dense f16/bf16 multiply-adds per clock
  int tensor_macs_tf32;
  double l2_bytes_per_clock;    ///< read from L2, whole device; an estimate, used by estimates only
  double atomics_per_l2_clock;  ///< 32-bit reductions on distinct addresses that the L2 retires per
                                ///< clock, whole device
};

/// All profiles: h100-sxm, a100-sxm, l40s, rtx4090, t4.
std::span<const DeviceProfile> device_profiles();
/// Throws std::invalid_argument that lists the known names.
const DeviceProfile& device_profile(std::string_view name);

}  // namespace tconv
