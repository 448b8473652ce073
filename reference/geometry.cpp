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
