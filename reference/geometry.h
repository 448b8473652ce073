// What the shape of one axis alone says: coverage, phases, alignment. Statements 7 to 11 of the
// operator, as numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/problem.h"

namespace tconv {

/// Number of (input, tap) pairs that reach each output of an axis.
std::vector<int64_t> coverage(const Axis&);

/// Phase of output o: (o + crop_lo) mod stride. Away from the borders all outputs of one phase are
/// made from the same taps.
int64_t phase_of(const Axis&, int64_t output);
/// The taps of a phase: those with t*dilation = phase (mod stride), in order. Empty: the phase
/// receives nothing.
std::vector<int64_t> phase_taps(const Axis&, int64_t phase);
/// DC gain of each phase: the sum of its taps' weights. Unequal gains print a pattern of period
/// `stride` (checkerboard).
std::vector<double> phase_gains(const Axis&, std::span<const double> weights);

/// Variance over the phases of taps per output, interior, dilation 1: (r/s)(1-r/s) with r = kernel
/// mod stride.
double coverage_variance(int64_t kernel, int64_t stride);
/// Width of the gaps between the footprints of neighbouring inputs: max(0, stride - kernel) at
/// dilation 1.
int64_t gap_width(int64_t kernel, int64_t stride);

/// Outputs of [0, out) that belong to a phase, and the first of them (out if there is none).
struct PhaseOutputs {
  int64_t count, first;
};
PhaseOutputs phase_outputs(const Axis&, int64_t phase);
/// Mean and variance, over the phases, of taps per output: coverage_variance() at any dilation.
struct Spread {
  double mean, variance;
};
Spread phase_coverage(const Axis&);
/// Longest run of neighbouring outputs that receive nothing, away from the borders, at any
/// dilation: gap_width() when dilation is 1.
int64_t longest_gap(const Axis&);

/// How polyphase splits an axis: gcd(stride, dilation) decides which outputs interact.
struct PhaseSplit {
  int64_t classes;   ///< sub-problems: stride / gcd
  int64_t dilation;  ///< of each sub-problem: dilation / gcd
  int64_t
      skipped;  ///< of every `stride` outputs, those that belong to no class and receive nothing
};
PhaseSplit phase_split(const Axis&);

/// Half-open range of output sizes that a forward convolution (dilation 1, symmetric crop p) maps
/// back to `in`. With dilation d, pass the extent d*(k-1)+1 as the kernel.
struct SizeRange {
  int64_t first, end;
};
SizeRange output_sizes(int64_t in, int64_t kernel, int64_t stride, int64_t crop);

/// Where the centre of the footprint of input n lies, in output coordinates: s*n - p + d*(k-1)/2.
double footprint_centre(const Axis&, int64_t input);
/// Centre, in input coordinates, of what output 0 sees: (2p - d*(k-1)) / (2s). Positive: the output
/// grid begins to the right of input 0's centre, that is, the image is shifted towards lower output
/// indices.
double grid_offset(const Axis&);

}  // namespace tconv
