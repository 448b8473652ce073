#include "reference/geometry.h"

#include <algorithm>
#include <numeric>

namespace tconv {

std::vector<int64_t> coverage(const Axis& a) {
  std::vector<int64_t> count(static_cast<size_t>(a.out));
  for (int64_t i = 0; i < a.in; ++i) {
    for (int64_t t = 0; t < a.kernel; ++t) {
      const int64_t o = i * a.stride - a.crop_lo + t * a.dilation;
      if (o >= 0 && o < a.out) ++count[static_cast<size_t>(o)];
    }
  }
  return count;
}

int64_t phase_of(const Axis& a, int64_t output) { return (output + a.crop_lo) % a.stride; }

std::vector<int64_t> phase_taps(const Axis& a, int64_t phase) {
  std::vector<int64_t> taps;
  for (int64_t t = 0; t < a.kernel; ++t) {
    if (t * a.dilation % a.stride == phase) taps.push_back(t);
  }
  return taps;
}

std::vector<double> phase_gains(const Axis& a, std::span<const double> weights) {
  std::vector<double> gains(static_cast<size_t>(a.stride));
  for (int64_t t = 0; t < a.kernel; ++t) {
    gains[static_cast<size_t>(t * a.dilation % a.stride)] += weights[static_cast<size_t>(t)];
  }
  return gains;
}

double coverage_variance(int64_t kernel, int64_t stride) {
  const double share = static_cast<double>(kernel % stride) / static_cast<double>(stride);
  return share * (1 - share);
}

int64_t gap_width(int64_t kernel, int64_t stride) { return std::max<int64_t>(0, stride - kernel); }

PhaseOutputs phase_outputs(const Axis& a, int64_t phase) {
  // The smallest o >= 0 with (o + crop_lo) mod stride = phase; then every stride-th.
  const int64_t first = (phase - a.crop_lo % a.stride + a.stride) % a.stride;
  if (first >= a.out) return {0, a.out};
  return {(a.out - 1 - first) / a.stride + 1, first};
}

namespace {

/// Taps of every phase, counted in one pass.
std::vector<int64_t> phase_sizes(const Axis& a) {
  std::vector<int64_t> sizes(static_cast<size_t>(a.stride));
  for (int64_t t = 0; t < a.kernel; ++t) ++sizes[static_cast<size_t>(t * a.dilation % a.stride)];
  return sizes;
}

}  // namespace

Spread phase_coverage(const Axis& a) {
  const double mean = static_cast<double>(a.kernel) / static_cast<double>(a.stride);
  double variance = 0;
  for (const int64_t size : phase_sizes(a)) {
    const double off = static_cast<double>(size) - mean;
    variance += off * off / static_cast<double>(a.stride);
  }
  return {mean, variance};
}

int64_t longest_gap(const Axis& a) {
  // Phase 0 holds tap 0, so no gap wraps around the period.
  int64_t longest = 0, run = 0;
  for (const int64_t size : phase_sizes(a)) {
    run = size == 0 ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

PhaseSplit phase_split(const Axis& a) {
  const int64_t g = std::gcd(a.stride, a.dilation);
  return {a.stride / g, a.dilation / g, a.stride - a.stride / g};
}

SizeRange output_sizes(int64_t in, int64_t kernel, int64_t stride, int64_t crop) {
  const int64_t first = stride * (in - 1) + kernel - 2 * crop;
  return {first, first + stride};
}

double footprint_centre(const Axis& a, int64_t input) {
  return static_cast<double>(a.stride * input - a.crop_lo) +
         static_cast<double>(a.dilation * (a.kernel - 1)) / 2;
}

double grid_offset(const Axis& a) {
  return static_cast<double>(2 * a.crop_lo - a.dilation * (a.kernel - 1)) /
         static_cast<double>(2 * a.stride);
}

}  // namespace tconv
