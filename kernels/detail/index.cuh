// Index math of the operator: which taps reach an output, and how outputs fall into phases. Host
// and device run the same functions, so that host tests can compare them with brute force.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <cuda_runtime_api.h>

#include "reference/problem.h"

namespace tconv::detail {

/// One axis in 32 bits, with the gcd split of operator.md 10. Taps t and t + classes reach the same
/// outputs, from inputs that lie `step` apart; outputs whose o + crop is no multiple of `common`
/// are reached by no tap.
struct AxisIndex {
  int in, out, kernel, stride, dilation, crop;
  int common;   ///< gcd(stride, dilation)
  int classes;  ///< stride / common
  int step;     ///< dilation / common
  int inverse;  ///< of `step` modulo `classes`
};

/// A problem as kernels see it: three axes, channel counts per group.
struct Shape {
  int batch, groups, ic, oc;
  int in_spatial, out_spatial, taps;
  AxisIndex d, h, w;
};

/// What is counted in 32 bits ends here: a whole tile beyond the last element must still have a
/// number.
inline constexpr int64_t kIndexLimit = std::numeric_limits<int>::max() - 1024;

/// Narrows to 32 bits. Only for problems that index_limit_reason() lets pass.
Shape make_shape(const Problem&);

/// Empty, or why 32-bit positions cannot index this problem. Offsets of whole tensors are 64-bit
/// everywhere, so only what is counted within one channel, and each extent, is limited.
std::string index_limit_reason(const Problem&);

/// a / b rounded up, for a >= 0, b > 0.
__host__ __device__ constexpr int divide_up(int a, int b) { return a / b + (a % b != 0); }
__host__ __device__ constexpr int64_t divide_up(int64_t a, int64_t b) {
  return a / b + (a % b != 0);
}

/// Taps tap + j*classes read inputs input - j*step, for 0 <= j < count; all of them exist.
struct TapRun {
  int tap, input, count;
};

/// The class of taps that reaches outputs with this o + crop >= 0, or -1: t*dilation = o + crop
/// (modulo stride), solved for the smallest t >= 0.
__host__ __device__ inline int class_of(const AxisIndex& a, int shifted) {
  if (shifted % a.common != 0) return -1;
  return static_cast<int>(int64_t{shifted / a.common % a.classes} * a.inverse % a.classes);
}

/// Everything that reaches output o: found directly, without scanning taps or inputs.
__host__ __device__ inline TapRun taps_of(const AxisIndex& a, int o) {
  const int shifted = o + a.crop;
  const int tap = class_of(a, shifted);
  if (tap < 0 || tap >= a.kernel) return {0, 0, 0};
  const int reach = shifted - tap * a.dilation;  // a multiple of the stride
  if (reach < 0) return {0, 0, 0};
  const int input = reach / a.stride;
  const int skip = input < a.in ? 0 : divide_up(input - (a.in - 1), a.step);
  const int by_taps = (a.kernel - 1 - tap) / a.classes;
  const int by_inputs = input / a.step;
  const int count = (by_taps < by_inputs ? by_taps : by_inputs) - skip + 1;
  return {tap + skip * a.classes, input - skip * a.step, count < 0 ? 0 : count};
}

/// Numbers first <= n < first + count of one axis.
struct Span {
  int first, count;
};

/// Steps 0 <= j < count from `at`, maybe outside, that lie inside: 0 <= at + j*step < extent.
__host__ __device__ inline Span steps_inside(int at, int step, int extent, int count) {
  const int begin = at < 0 ? divide_up(-at, step) : 0;
  const int first = at + begin * step;
  const int inside = first < extent ? divide_up(extent - first, step) : 0;
  const int left = count > begin ? count - begin : 0;
  return {begin, left < inside ? left : inside};
}

/// Taps through which input i reaches an output: those with 0 <= i*stride - crop + t*dilation <
/// out.
__host__ __device__ inline Span taps_from(const AxisIndex& a, int i) {
  return steps_inside(i * a.stride - a.crop, a.dilation, a.out, a.kernel);
}

/// Inputs that tap t sends to an output: those with 0 <= i*stride - crop + t*dilation < out.
__host__ __device__ inline Span inputs_through(const AxisIndex& a, int t) {
  return steps_inside(t * a.dilation - a.crop, a.stride, a.out, a.in);
}

/// Outputs first, first + stride, ... (`outputs` of them) share one class of taps: output first +
/// m*stride reads inputs input + m - j*step through taps tap + j*classes, 0 <= j < taps, where they
/// exist.
struct AxisPhase {
  int first, outputs, tap, taps, input;
};

/// Number of taps in class c: those t < kernel with t = c modulo classes.
__host__ __device__ inline int taps_in_class(const AxisIndex& a, int c) {
  return c < a.kernel ? (a.kernel - 1 - c) / a.classes + 1 : 0;
}

/// Number of taps in classes below c.
__host__ __device__ inline int taps_before_class(const AxisIndex& a, int c) {
  const int rest = a.kernel % a.classes;
  return c * (a.kernel / a.classes) + (c < rest ? c : rest);
}

/// Phase r: the outputs with o % stride == r. r < stride; phases at or beyond `out` have no
/// outputs.
__host__ __device__ inline AxisPhase phase_of(const AxisIndex& a, int r) {
  const int outputs = r < a.out ? divide_up(a.out - r, a.stride) : 0;
  const int shifted = r + a.crop;
  const int tap = class_of(a, shifted);
  if (tap < 0 || tap >= a.kernel) return {r, outputs, 0, 0, 0};
  return {r, outputs, tap, taps_in_class(a, tap), (shifted - tap * a.dilation) / a.stride};
}

/// Number of phases that have outputs.
__host__ __device__ inline int phases_of(const AxisIndex& a) {
  return a.stride < a.out ? a.stride : a.out;
}

}  // namespace tconv::detail
