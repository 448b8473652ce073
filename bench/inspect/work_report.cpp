#include "bench/inspect/work_report.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "reference/geometry.h"

namespace tconv::inspect {
namespace {

constexpr std::array kDTypes{DType::f32, DType::tf32, DType::f16, DType::bf16};

/// (output, tap) pairs of an axis if every output applies all taps of its phase, borders or not.
int64_t phase_pairs(const Axis& a) {
  int64_t pairs = 0;
  for (int64_t t = 0; t < a.kernel; ++t) {
    pairs += phase_outputs(a, t * a.dilation % a.stride).count;
  }
  return pairs;
}

/// The same if every output applies as many taps as the longest phase has.
int64_t fused_pairs(const Axis& a) {
  const int64_t classes = phase_split(a).classes;
  return a.out * ((a.kernel + classes - 1) / classes);
}

template <class PairsOfAxis>
int64_t macs(const Problem& p, PairsOfAxis pairs) {
  return p.batch * p.in_channels * p.oc_per_group() * pairs(p.axes[0]) * pairs(p.axes[1]) *
         pairs(p.axes[2]);
}

}  // namespace

std::vector<Organisation> organisations(const Problem& p) {
  return {{"needed", "valid (input, tap) pairs only", p.macs_needed()},
          {"per_phase", "a stride-1 convolution for each phase", macs(p, phase_pairs)},
          {"dense_input", "every tap at every input, then cropped", p.flops_dense_input() / 2},
          {"fused_phases", "phases padded to the longest, as one", macs(p, fused_pairs)},
          {"zero_insertion", "every tap at every output, zeros too", p.flops_dense_output() / 2}};
}

std::optional<double> peak_flops(DType dtype, const DeviceProfile& gpu) {
  // Turing's tensor cores know neither tf32 nor bf16: the profile's source says so, and its tf32
  // rate is 0.
  const bool ampere = gpu.sm_major >= 8;
  int macs_per_clock = gpu.fma_f32_lanes;
  if (dtype == DType::tf32) macs_per_clock = gpu.tensor_macs_tf32;
  if (dtype == DType::f16) macs_per_clock = gpu.tensor_macs_f16;
  if (dtype == DType::bf16) macs_per_clock = ampere ? gpu.tensor_macs_f16 : 0;
  if (macs_per_clock == 0) return std::nullopt;
  return 2.0 * macs_per_clock * gpu.sms * gpu.boost_ghz * 1e9;
}

std::vector<Intensity> intensities(const Problem& p) {
  std::vector<Intensity> all;
  for (const DType dtype : kDTypes) {
    const int64_t bytes = p.bytes_compulsory(dtype);
    all.push_back(
        {dtype, bytes, static_cast<double>(p.flops_needed()) / static_cast<double>(bytes)});
  }
  return all;
}

std::vector<Roofline> rooflines(const Problem& p, std::span<const DeviceProfile* const> gpus) {
  std::vector<Roofline> all;
  for (const DeviceProfile* gpu : gpus) {
    Roofline line{gpu->name, {}};
    for (const Intensity& intensity : intensities(p)) {
      RooflineSide side{.dtype = intensity.dtype};
      if (const auto peak = peak_flops(intensity.dtype, *gpu)) {
        side.ridge = *peak / gpu->dram_bytes_per_s;
        side.compute_bound = intensity.flops_per_byte >= *side.ridge;
      }
      line.sides.push_back(side);
    }
    all.push_back(line);
  }
  return all;
}

Fans fans(const Problem& p) {
  double stride = 1;
  for (const Axis& a : p.axes) stride *= static_cast<double>(a.stride);
  const int64_t window_in = p.ic_per_group() * p.taps(), fan_out = p.oc_per_group() * p.taps();
  const double fan_in = static_cast<double>(window_in) / stride;
  return {.window_in = window_in,
          .fan_out = fan_out,
          .fan_in = fan_in,
          .he_std = std::sqrt(2 / fan_in),
          .convolution_in = fan_out,
          .convolution_out = fan_in};
}

}  // namespace tconv::inspect
