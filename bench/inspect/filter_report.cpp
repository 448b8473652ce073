#include "bench/inspect/filter_report.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "reference/conv_transpose.h"
#include "reference/geometry.h"
#include "reference/spectrum.h"

namespace tconv::inspect {
namespace {

// A picture of more outputs, or of more work, would neither fit a page nor be quick.
constexpr int64_t kMostShown = int64_t{1} << 16;
constexpr int64_t kMostMacs = int64_t{1} << 26;
constexpr int64_t kMostMatrixEntries = 1024;

std::optional<double> finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

template <class Magnitude>
std::vector<double> sample(int count, Magnitude magnitude) {
  std::vector<double> values(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    values[static_cast<size_t>(i)] = magnitude(std::numbers::pi * i / (count - 1));
  }
  return values;
}

PhaseFilter inspect_phase(const Axis& a, const std::vector<double>& taps, int64_t phase) {
  PhaseFilter f;
  for (const int64_t t : phase_taps(a, phase)) f.taps.push_back(taps[static_cast<size_t>(t)]);
  f.dc_gain = std::accumulate(f.taps.begin(), f.taps.end(), 0.0);
  f.magnitude = sample(
      kPhaseSamples, [&](double omega) { return std::abs(phase_response(a, taps, phase, omega)); });
  f.nyquist = f.magnitude.back();
  return f;
}

AxisFilter inspect_axis_filter(char letter, const Axis& a, const std::vector<double>& taps) {
  AxisFilter f;
  f.letter = letter;
  f.taps = taps;
  f.spread = finite(gain_spread(phase_gains(a, taps)));
  // Equal gains leak nothing; a transform would leave rounding.
  if (f.spread) f.leakage = *f.spread == 0 ? 0 : finite(image_leakage(a, taps));
  for (int64_t q = 0; q < a.stride; ++q) f.phases.push_back(inspect_phase(a, taps, q));
  const auto [low, high] = std::minmax_element(
      f.phases.begin(), f.phases.end(),
      [](const PhaseFilter& x, const PhaseFilter& y) { return x.nyquist < y.nyquist; });
  f.nyquist_spread = high->nyquist - low->nyquist;
  f.stopband = stopband_share(a, taps);
  f.magnitude =
      sample(kSamples, [&](double omega) { return std::abs(kernel_response(a, taps, omega)); });
  f.ideal_magnitude =
      sample(kSamples, [&](double omega) { return ideal_response(omega, a.stride); });
  for (int64_t t = 0; t < a.kernel; ++t) {
    const double n = static_cast<double>(a.dilation) *
                     (static_cast<double>(t) - static_cast<double>(a.kernel - 1) / 2);
    f.ideal_taps.push_back(ideal_interpolator(n, a.stride));
  }
  return f;
}

/// One channel and one image of the layer.
Problem single_channel(const Problem& p) {
  Problem one = p;
  one.batch = one.groups = one.in_channels = one.out_channels = 1;
  one.name.clear();
  return one;
}

/// The same with no more input than it takes to show both borders and three periods of the
/// interior.
Problem thumbnail(const Problem& p) {
  Problem small = single_channel(p);
  for (Axis& a : small.axes) {
    const int64_t crop_hi = a.crop_hi();
    const int64_t reach = a.dilation * (a.kernel - 1) / a.stride;
    const int64_t wanted = 2 * reach + 4 + (a.crop_lo + std::max<int64_t>(crop_hi, 0)) / a.stride;
    if (a.in <= wanted) continue;
    a.in = wanted;
    a.out = a.full() - a.crop_lo - crop_hi;
  }
  return small;
}

bool is_small(const Problem& p) {
  return p.x_size() <= kMostShown && p.y_size() <= kMostShown && p.macs_needed() <= kMostMacs;
}

std::vector<float> narrow(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

Response respond(const Problem& p, const std::vector<float>& x, const Kernel& kernel) {
  return {{p.axes[0].out, p.axes[1].out, p.axes[2].out},
          scatter_oracle(p, x, narrow(kernel.weights)).value};
}

}  // namespace

FilterReport inspect_kernel(const Problem& p, Kernel kernel) {
  FilterReport report;
  report.kernel = std::move(kernel);
  report.gains = report.kernel.gains(p);
  report.spread = finite(gain_spread(report.gains));
  for (int a = 3 - p.rank; a < 3; ++a) {
    report.axes.push_back(
        inspect_axis_filter("dhw"[a], p.axes[static_cast<size_t>(a)], report.kernel.along(p, a)));
  }
  const Problem small = thumbnail(p);
  if (is_small(small)) {
    std::vector<float> x(static_cast<size_t>(small.x_size()), 1.0f);
    report.constant = respond(small, x, report.kernel);
    std::fill(x.begin(), x.end(), 0.0f);
    const auto& [d, h, w] = small.axes;
    x[static_cast<size_t>((d.in / 2 * h.in + h.in / 2) * w.in + w.in / 2)] = 1;
    report.impulse = respond(small, x, report.kernel);
  }
  const Problem one = single_channel(p);
  if (one.x_size() <= kMostMatrixEntries && one.y_size() <= kMostMatrixEntries / one.x_size()) {
    std::vector<float> x(static_cast<size_t>(one.x_size()));
    std::iota(x.begin(), x.end(), 1.0f);
    report.ramp = respond(one, x, report.kernel);
    report.matrix = transpose_matrix(one, narrow(report.kernel.weights));
  }
  return report;
}

}  // namespace tconv::inspect
