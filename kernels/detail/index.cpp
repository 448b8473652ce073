#include "kernels/detail/index.cuh"

#include <algorithm>
#include <numeric>
#include <string>

namespace tconv::detail {
namespace {

int inverse_modulo(int value, int modulus) {
  for (int candidate = 0; candidate < modulus; ++candidate) {
    if (int64_t{candidate} * value % modulus == 1 % modulus) return candidate;
  }
  return 0;  // unreachable for coprime arguments
}

AxisIndex make_axis(const Axis& a) {
  AxisIndex index{};
  index.in = static_cast<int>(a.in);
  index.out = static_cast<int>(a.out);
  index.kernel = static_cast<int>(a.kernel);
  index.stride = static_cast<int>(a.stride);
  index.dilation = static_cast<int>(a.dilation);
  index.crop = static_cast<int>(a.crop_lo);
  index.common = std::gcd(index.stride, index.dilation);
  index.classes = index.stride / index.common;
  index.step = index.dilation / index.common;
  index.inverse = inverse_modulo(index.step % index.classes, index.classes);
  return index;
}

}  // namespace

Shape make_shape(const Problem& p) {
  return {.batch = static_cast<int>(p.batch),
          .groups = static_cast<int>(p.groups),
          .ic = static_cast<int>(p.ic_per_group()),
          .oc = static_cast<int>(p.oc_per_group()),
          .in_spatial = static_cast<int>(p.in_spatial()),
          .out_spatial = static_cast<int>(p.out_spatial()),
          .taps = static_cast<int>(p.taps()),
          .d = make_axis(p.axes[0]),
          .h = make_axis(p.axes[1]),
          .w = make_axis(p.axes[2])};
}

std::string index_limit_reason(const Problem& p) {
  const auto too_large = [](const char* what, int64_t value) {
    return std::string(what) + " is " + std::to_string(value) + ": must be at most " +
           std::to_string(kIndexLimit);
  };
  for (const Axis& a : p.axes) {
    // One stride of slack: phase arithmetic steps at most that far beyond the last output.
    const int64_t extent = std::max(a.full(), a.out) + a.crop_lo + a.stride;
    if (extent > kIndexLimit) return too_large("extent of an axis before cropping", extent);
  }
  if (p.in_spatial() > kIndexLimit) return too_large("input size per channel", p.in_spatial());
  if (p.out_spatial() > kIndexLimit) return too_large("output size per channel", p.out_spatial());
  if (p.taps() > kIndexLimit) return too_large("number of taps", p.taps());
  if (p.batch > kIndexLimit) return too_large("batch", p.batch);
  if (p.in_channels > kIndexLimit) return too_large("number of input channels", p.in_channels);
  if (p.out_channels > kIndexLimit) return too_large("number of output channels", p.out_channels);
  return {};
}

}  // namespace tconv::detail
