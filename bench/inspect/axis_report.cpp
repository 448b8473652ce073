#include "bench/inspect/axis_report.h"

#include <algorithm>
#include <string>

namespace tconv::inspect {
namespace {

// Counting visits every (input, tap) pair and keeps a number per output.
constexpr int64_t kMostPairs = int64_t{1} << 26;
constexpr int64_t kMostOutputs = int64_t{1} << 20;

// Twice a crop, and a kernel longer by a stride's worth of dilated taps, must not overflow.
constexpr int64_t kLargestExtent = int64_t{1} << 60;

std::optional<Coverage> count_coverage(const Axis& a, double mean) {
  if (a.out > kMostOutputs || a.in > kMostPairs / a.kernel) return std::nullopt;
  Coverage c;
  c.map = coverage(a);
  int64_t run = 0;
  for (const int64_t taps : c.map) {
    ++c.histogram[taps];
    const double off = static_cast<double>(taps) - mean;
    c.variance += off * off / static_cast<double>(a.out);
    run = taps == 0 ? run + 1 : 0;
    c.longest_gap = std::max(c.longest_gap, run);
  }
  return c;
}

std::vector<Phase> list_phases(const Axis& a) {
  std::vector<Phase> phases(static_cast<size_t>(a.stride));
  for (int64_t q = 0; q < a.stride; ++q)
    phases[static_cast<size_t>(q)] = {q, {}, phase_outputs(a, q)};
  // One pass over the taps; phase_taps() per phase would be quadratic.
  for (int64_t t = 0; t < a.kernel; ++t) {
    phases[static_cast<size_t>(t * a.dilation % a.stride)].taps.push_back(t);
  }
  return phases;
}

void require_small(char letter, const Axis& a) {
  const auto check = [&](char quantity, const char* what, int64_t value) {
    if (value > kLargestAxisParameter) {
      throw ProblemError(std::string{quantity, letter} + std::to_string(value) + ": " + what +
                         " must be at most " + std::to_string(kLargestAxisParameter) +
                         " to be inspected");
    }
  };
  check('k', "kernel size", a.kernel);
  check('s', "stride", a.stride);
  check('d', "dilation (0-based)", a.dilation - 1);
  if (a.full() > kLargestExtent) {
    throw ProblemError(std::string("axis ") + letter + ": extent before cropping must be at most " +
                       std::to_string(kLargestExtent) + " to be inspected");
  }
}

}  // namespace

bool AxisReport::has_framework_form() const {
  return output_padding >= 0 && output_padding < std::max(axis.stride, axis.dilation);
}

AxisReport inspect_axis(char letter, const Axis& a) {
  require_small(letter, a);
  const int64_t extent = a.dilation * (a.kernel - 1) + 1;
  const double mean = static_cast<double>(a.valid_pairs()) / static_cast<double>(a.out);
  return {.letter = letter,
          .axis = a,
          .forward_sizes = output_sizes(a.in, extent, a.stride, a.crop_lo),
          .output_padding = a.crop_lo - a.crop_hi(),
          .split = phase_split(a),
          .phases = list_phases(a),
          .interior = phase_coverage(a),
          .variance_formula =
              a.dilation == 1 ? std::optional(coverage_variance(a.kernel, a.stride)) : std::nullopt,
          .mean = mean,
          .coverage = count_coverage(a, mean),
          .gap = longest_gap(a),
          .centre = footprint_centre(a, 0),
          .offset = grid_offset(a),
          .half_pixel_shift = footprint_centre(a, 0) - static_cast<double>(a.stride - 1) / 2};
}

}  // namespace tconv::inspect
