// What the geometry of one axis says: sizes, phases, coverage, alignment.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "reference/geometry.h"
#include "reference/problem.h"

namespace tconv::inspect {

struct Phase {
  int64_t index;              ///< (output + crop_lo) mod stride
  std::vector<int64_t> taps;  ///< that feed it; empty: these outputs receive nothing
  PhaseOutputs outputs;
};

/// Taps per output, counted over the whole axis, borders included.
struct Coverage {
  std::vector<int64_t> map;              ///< one entry per output
  std::map<int64_t, int64_t> histogram;  ///< taps -> outputs that receive that many
  double variance = 0;
  int64_t longest_gap = 0;  ///< longest run of outputs that receive nothing
};

struct AxisReport {
  char letter;  ///< d, h or w
  Axis axis;
  /// Sizes of a convolution's input that give this `in` under symmetric padding of crop_lo.
  SizeRange forward_sizes;
  /// crop_lo - crop_hi: what out exceeds the smallest of them by. Negative: no framework's output
  /// padding gives this trim; crop an untrimmed output instead.
  int64_t output_padding;
  PhaseSplit split;
  std::vector<Phase> phases;
  Spread interior;  ///< taps per output, away from the borders
  /// (r/s)(1-r/s); dilation 1 only.
  std::optional<double> variance_formula;
  double mean;                       ///< taps per output, borders included
  std::optional<Coverage> coverage;  ///< absent if the axis is too long to count output by output
  int64_t gap;                       ///< longest_gap() of the interior
  double centre;                     ///< f(n) = stride * n + centre, in output coordinates
  double offset;                     ///< grid_offset(), in input coordinates
  /// centre - (stride-1)/2, in outputs: 0 if every input pixel's area is centred on the stride
  /// outputs that it becomes, as resizing does it.
  double half_pixel_shift;

  /// True if some framework's layer makes this size: 0 <= output_padding < max(stride, dilation).
  bool has_framework_form() const;
};

/// Longest kernel, and largest stride and dilation, of an axis that can be inspected.
inline constexpr int64_t kLargestAxisParameter = 65536;

/// Throws ProblemError if one of them, or the extent before cropping (2^60), is larger.
AxisReport inspect_axis(char letter, const Axis&);

}  // namespace tconv::inspect
