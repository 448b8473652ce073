// The kernel to inspect: a preset, values typed on the command line, or a .npy file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reference/problem.h"

namespace tconv::inspect {

/// The spatial kernel between one pair of channels.
struct Kernel {
  std::string source;           ///< as asked for, and which channels if the file had many
  std::vector<double> weights;  ///< [kd][kh][kw]

  /// Along axis `a` (0..2) for a signal that does not vary along the others, averaged over their
  /// phases: the sum over the other axes divided by their strides. A separable interpolation kernel
  /// gives its own taps back.
  std::vector<double> along(const Problem&, int a) const;
  /// DC gain of each of the s_d x s_h x s_w phases, row-major.
  std::vector<double> gains(const Problem&) const;
  /// Turned by 180 degrees.
  Kernel rotated() const;
};

/// `spec` is one of
///   ones | ramp (1, 2, 3, ...) | random:SEED (uniform in [-1, 1))
///   bilinear    linear interpolation by the stride: max(0, 1 - |n|/s) per axis, n from the centre
///   triangular  a triangle as wide as the kernel, scaled to a mean gain of 1 over the phases
///   ideal       sin(pi n/s)/(pi n/s) per axis, cut off at the kernel's edge
///   V,V,...     the values, row-major; as many as the kernel has taps
///   FILE.npy    shaped [k..] or [ic][oc/g][k..]; of many channel pairs, the one whose phases'
///   gains
///               differ most
/// Throws ProblemError: one line, what does not fit.
Kernel make_kernel(const Problem&, std::string_view spec);

/// (max - min) / |mean| of the gains; infinite if the mean vanishes beside them, 0 if all are equal
/// but for rounding.
double gain_spread(const std::vector<double>& gains);

}  // namespace tconv::inspect
