// What a given kernel does as a reconstruction filter: gains, responses, the pattern that it
// prints.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/inspect/kernel.h"
#include "reference/problem.h"

namespace tconv::inspect {

struct PhaseFilter {
  std::vector<double> taps;       ///< weights, in the order of Phase::taps
  double dc_gain = 0;             ///< response to a constant
  double nyquist = 0;             ///< magnitude of the response to +1, -1, +1, ...
  std::vector<double> magnitude;  ///< at kPhaseSamples frequencies of [0, pi], input's rate
};

struct AxisFilter {
  char letter = 'w';
  std::vector<double> taps;  ///< Kernel::along()
  std::vector<PhaseFilter> phases;
  std::optional<double> spread;         ///< of the DC gains, relative to |mean|; absent: mean 0
  std::optional<double> leakage;        ///< image_leakage(); absent: no constant gets through
  double nyquist_spread = 0;            ///< largest minus smallest PhaseFilter::nyquist
  double stopband = 0;                  ///< stopband_share()
  std::vector<double> magnitude;        ///< at kSamples frequencies of [0, pi], output's rate
  std::vector<double> ideal_magnitude;  ///< the ideal low-pass of the same stride
  std::vector<double> ideal_taps;       ///< its impulse response at this kernel's taps
};

/// An output, row-major.
struct Response {
  std::array<int64_t, 3> dims;
  std::vector<double> values;
};

struct FilterReport {
  Kernel kernel;
  std::vector<double> gains;     ///< per phase [s_d][s_h][s_w]
  std::optional<double> spread;  ///< of these; the checkerboard. Absent: mean 0
  std::vector<AxisFilter> axes;  ///< of the problem's rank
  /// Of one channel, on an input just large enough to show an interior: one at its middle; all
  /// ones.
  std::optional<Response> impulse, constant;
  /// Of 1, 2, 3, ... on the whole input, and the matrix C^T, [outputs][inputs]; small layers only.
  std::optional<Response> ramp;
  std::optional<std::vector<double>> matrix;
};

inline constexpr int kPhaseSamples = 17;
inline constexpr int kSamples = 65;

FilterReport inspect_kernel(const Problem&, Kernel);

}  // namespace tconv::inspect
