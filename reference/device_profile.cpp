#include "reference/device_profile.h"

#include <stdexcept>
#include <string>

namespace tconv {
namespace {

// Every rate errs, if at all, on the fast side, so that bounds stay lower limits.
//
// FP32 lanes, threads, blocks, registers and shared memory: CUDA C++ Programming Guide, tables
// "Technical Specifications per Compute Capability" and "Throughput of Native Arithmetic
// Instructions". Shared memory: 32 banks of 4 bytes, at most one wavefront a clock (same guide, and
// Nsight Compute's definition of a wavefront). L1: at most one such wavefront of 128 bytes, 4
// sectors, a clock; an upper limit where NVIDIA publishes nothing. Clocks are the highest that a
// peak in the source implies. Tensor rates are dense, with accumulation in f32.
//
// No document publishes the rate at which an L2 retires reductions. What an SM can send limits it:
// 128 bytes, 32 operands, a clock.
constexpr double issue_limited_atomics(int sms) { return 32.0 * sms; }

// Reads from L2: the A100 white paper gives 5120 bytes a clock. For the others, of which NVIDIA
// publishes no such figure, as much for each SM. No strict bound uses this.
constexpr double a100_like_l2(int sms) { return 5120.0 / 108 * sms; }

constexpr DeviceProfile kProfiles[] = {
    {.name = "h100-sxm",
     .device_name = "NVIDIA H100 80GB HBM3",
     .source = "NVIDIA H100 Tensor Core GPU Architecture white paper and data sheet (SXM5); CUDA "
               "C++ Programming "
               "Guide, compute capability 9.0; atomics: no published rate, issue limit",
     .sm_major = 9,
     .sm_minor = 0,
     .sms = 132,
     .boost_ghz = 1.98,  // 67 FP32 TFLOPS / (2 x 128 x 132); the sheet's tensor peaks are at 1.83
     .dram_bytes_per_s = 3.35e12,
     .dram_bytes = 80'000'000'000,
     .l2_bytes = 50 << 20,
     .l1_bytes_per_sm = 256 << 10,
     .shared_bytes_per_block = 48 << 10,
     .shared_bytes_per_block_optin = 227 << 10,
     .shared_bytes_per_sm = 228 << 10,
     .threads_per_sm = 2048,
     .blocks_per_sm = 32,
     .registers_per_sm = 65536,
     .fma_f32_lanes = 128,
     .l1_sectors = 4,
     .shared_wavefronts = 1,
     .tensor_macs_f16 = 2048,
     .tensor_macs_tf32 = 1024,
     .l2_bytes_per_clock = a100_like_l2(132),
     .atomics_per_l2_clock = issue_limited_atomics(132)},
    {.name = "a100-sxm",
     .device_name = "NVIDIA A100-SXM4-80GB",
     .source = "NVIDIA A100 Tensor Core GPU Architecture white paper and A100 80GB data sheet "
               "(SXM4); CUDA C++ "
               "Programming Guide, compute capability 8.0; atomics: no published rate, issue limit",
     .sm_major = 8,
     .sm_minor = 0,
     .sms = 108,
     .boost_ghz = 1.41,
     .dram_bytes_per_s = 2.039e12,
     .dram_bytes = 80'000'000'000,
     .l2_bytes = 40 << 20,
     .l1_bytes_per_sm = 192 << 10,
     .shared_bytes_per_block = 48 << 10,
     .shared_bytes_per_block_optin = 163 << 10,
     .shared_bytes_per_sm = 164 << 10,
     .threads_per_sm = 2048,
     .blocks_per_sm = 32,
     .registers_per_sm = 65536,
     .fma_f32_lanes = 64,
     .l1_sectors = 4,
     .shared_wavefronts = 1,
     .tensor_macs_f16 = 1024,
     .tensor_macs_tf32 = 512,
     .l2_bytes_per_clock = a100_like_l2(108),
     .atomics_per_l2_clock = issue_limited_atomics(108)},
    {.name = "l40s",
     .device_name = "NVIDIA L40S",
     .source = "NVIDIA L40S data sheet; NVIDIA Ada GPU Architecture white paper (AD102); CUDA C++ "
               "Programming "
               "Guide, compute capability 8.9; atomics: no published rate, issue limit",
     .sm_major = 8,
     .sm_minor = 9,
     .sms = 142,
     .boost_ghz = 2.52,
     .dram_bytes_per_s = 0.864e12,
     .dram_bytes = 48'000'000'000,
     .l2_bytes = 96 << 20,
     .l1_bytes_per_sm = 128 << 10,
     .shared_bytes_per_block = 48 << 10,
     .shared_bytes_per_block_optin = 99 << 10,
     .shared_bytes_per_sm = 100 << 10,
     .threads_per_sm = 1536,
     .blocks_per_sm = 24,
     .registers_per_sm = 65536,
     .fma_f32_lanes = 128,
     .l1_sectors = 4,
     .shared_wavefronts = 1,
     .tensor_macs_f16 = 512,
     .tensor_macs_tf32 = 256,
     .l2_bytes_per_clock = a100_like_l2(142),
     .atomics_per_l2_clock = issue_limited_atomics(142)},
    {.name = "rtx4090",
     .device_name = "NVIDIA GeForce RTX 4090",
     .source = "NVIDIA Ada GPU Architecture white paper, GeForce RTX 4090 table (f16 and bf16 with "
               "f32 accumulation); CUDA C++ "
               "Programming Guide, compute capability 8.9; atomics: no published rate, issue limit",
     .sm_major = 8,
     .sm_minor = 9,
     .sms = 128,
     .boost_ghz = 2.52,
     .dram_bytes_per_s = 1.008e12,
     .dram_bytes = 24'000'000'000,
     .l2_bytes = 72 << 20,
     .l1_bytes_per_sm = 128 << 10,
     .shared_bytes_per_block = 48 << 10,
     .shared_bytes_per_block_optin = 99 << 10,
     .shared_bytes_per_sm = 100 << 10,
     .threads_per_sm = 1536,
     .blocks_per_sm = 24,
     .registers_per_sm = 65536,
     .fma_f32_lanes = 128,
     .l1_sectors = 4,
     .shared_wavefronts = 1,
     .tensor_macs_f16 = 256,
     .tensor_macs_tf32 = 128,
     .l2_bytes_per_clock = a100_like_l2(128),
     .atomics_per_l2_clock = issue_limited_atomics(128)},
    {.name = "t4",
     .device_name = "Tesla T4",
     .source =
         "NVIDIA Turing GPU Architecture white paper (Tesla T4 table) and T4 data sheet; CUDA C++ "
         "Programming Guide, compute capability 7.5; no tf32 or bf16; atomics: no published rate, "
         "issue limit",
     .sm_major = 7,
     .sm_minor = 5,
     .sms = 40,
     .boost_ghz = 1.59,
     .dram_bytes_per_s = 0.32e12,
     .dram_bytes = 16'000'000'000,
     .l2_bytes = 4 << 20,
     .l1_bytes_per_sm = 96 << 10,
     .shared_bytes_per_block = 48 << 10,
     .shared_bytes_per_block_optin = 64 << 10,
     .shared_bytes_per_sm = 64 << 10,
     .threads_per_sm = 1024,
     .blocks_per_sm = 16,
     .registers_per_sm = 65536,
     .fma_f32_lanes = 64,
     .l1_sectors = 4,
     .shared_wavefronts = 1,
     .tensor_macs_f16 = 512,
     .tensor_macs_tf32 = 0,
     .l2_bytes_per_clock = a100_like_l2(40),
     .atomics_per_l2_clock = issue_limited_atomics(40)},
};

}  // namespace

std::span<const DeviceProfile> device_profiles() { return kProfiles; }

const DeviceProfile& device_profile(std::string_view name) {
  std::string known;
  for (const DeviceProfile& p : kProfiles) {
    if (p.name == name) return p;
    known += (known.empty() ? "" : ", ") + std::string(p.name);
  }
  throw std::invalid_argument("device profile \"" + std::string(name) + "\": must be one of " +
                              known);
}

}  // namespace tconv
