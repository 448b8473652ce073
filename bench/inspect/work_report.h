// Multiply-adds that the ways to organise the computation execute, what is moved at least, and on
// which side of a GPU's roofline that falls.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/device_profile.h"
#include "reference/problem.h"

namespace tconv::inspect {

/// One way to organise the multiply-adds, without a kernel's own padding to tiles.
struct Organisation {
  std::string_view name;
  std::string_view idea;
  int64_t macs;
};

/// From least to most work: valid pairs only; per phase; every tap at every input; fused phases;
/// zero insertion. (Which of the last three is largest depends on borders.)
std::vector<Organisation> organisations(const Problem&);

/// Multiply-adds that a strategy of this build executes, tiles included.
struct StrategyWork {
  std::string name;
  int64_t macs;
};

/// Peak rate of the pipe that a dtype uses, in FLOP/s; absent if the GPU has no such pipe.
std::optional<double> peak_flops(DType, const DeviceProfile&);

struct RooflineSide {
  DType dtype;
  std::optional<double> ridge{};  ///< FLOP/byte where memory and arithmetic take equally long
  bool compute_bound = false;     ///< intensity >= ridge
};
struct Roofline {
  std::string_view profile;
  std::vector<RooflineSide> sides;  ///< one per dtype
};

struct Intensity {
  DType dtype;
  int64_t bytes;  ///< compulsory
  double flops_per_byte;
};

std::vector<Intensity> intensities(const Problem&);
std::vector<Roofline> rooflines(const Problem&, std::span<const DeviceProfile* const>);

/// Statement 13: the roles of fan-in and fan-out.
struct Fans {
  int64_t window_in;       ///< ic/g * taps: the weights that one output channel owns
  int64_t fan_out;         ///< oc/g * taps: outputs that one input reaches, before cropping
  double fan_in;           ///< ic/g * taps / product of strides: terms of one output, mean
  double he_std;           ///< sqrt(2 / fan_in)
  int64_t convolution_in;  ///< fan-in of the convolution with the same weights: oc/g * taps
  double convolution_out;  ///< its fan-out: ic/g * taps / product of strides
};
Fans fans(const Problem&);

}  // namespace tconv::inspect
