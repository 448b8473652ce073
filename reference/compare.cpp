#include "reference/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace tconv {
namespace {

constexpr double kHuge = std::numeric_limits<double>::max();

/// "[n,c,h,w]" of a flat index; just "[index]" if the dimensions do not describe the tensor.
std::string index_text(size_t flat, size_t size, std::span<const int64_t> dims) {
  int64_t elements = 1;
  for (const int64_t d : dims) elements *= d;
  std::string text = "]";
  auto rest = static_cast<int64_t>(flat);
  if (dims.empty() || elements != static_cast<int64_t>(size))
    return "[" + std::to_string(flat) + "]";
  for (size_t k = dims.size(); k-- > 0;) {
    text = (k ? "," : "[") + std::to_string(rest % dims[k]) + text;
    rest /= dims[k];
  }
  return text;
}

std::string number(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", v);
  return text;
}

/// Error that storing a result may add on top of u_out*|y| when it is subnormal: half of the
/// smallest subnormal.
double underflow_unit(DType dtype) {
  return dtype == DType::f16 ? 0x1p-25 : dtype == DType::bf16 ? 0x1p-134 : 0x1p-150;
}

struct Roundoffs {
  double in, out, accumulate, underflow;
};

Roundoffs roundoffs(DType dtype) {
  Roundoffs u{};
  u.in = unit_roundoff(dtype);
  u.out =
      dtype == DType::tf32 ? unit_roundoff(DType::f32) : u.in;  // tf32 results are stored as f32
  u.accumulate =
      dtype == DType::f32 ? 0x1p-24 : 0x1p-23;  // tensor cores truncate instead of rounding
  u.underflow = underflow_unit(dtype);
  return u;
}

/// What the activation adds to a result that is exact otherwise.
double activation_bound(const Roundoffs& u, double want, double activation_error) {
  if (activation_error == 0) return 0;
  return (activation_error + u.out) * std::abs(want) + u.underflow;
}

double bound_of(const Roundoffs& u, double want, double magnitude, int64_t terms) {
  if (terms == 0) return 0;  // nothing reaches it: zero to the bit
  const double nu = static_cast<double>(terms) * u.accumulate;
  const double gamma = nu < 1 ? nu / (1 - nu) : kHuge;
  const double bound =
      (2 * u.in + u.in * u.in + gamma) * magnitude + u.out * std::abs(want) + u.underflow;
  return std::min(bound, kHuge);
}

/// Why an integer-mode result says nothing, or empty: a sum that float32 or `dtype` cannot hold
/// exactly.
std::string inexact(const OracleResult& want, DType dtype, std::span<const int64_t> dims) {
  for (size_t i = 0; i < want.value.size(); ++i) {
    const double v = want.value[i];
    if (want.magnitude[i] > 0x1p24) {
      return "integer data too large: partial sums at " + index_text(i, want.value.size(), dims) +
             " may exceed 2^24";
    }
    const DType stored = dtype == DType::tf32 ? DType::f32 : dtype;
    if (want.activation_error == 0 && round_to(static_cast<float>(v), stored) != v) {
      return "integer data too large: " + number(v) + " at " +
             index_text(i, want.value.size(), dims) + " is not a number of type " +
             std::string(to_string(dtype));
    }
  }
  return {};
}

/// Too many zeros to tell a right answer from none.
std::string mostly_zero(const OracleResult& want) {
  int64_t reached = 0, zero = 0;
  for (size_t i = 0; i < want.value.size(); ++i) {
    if (want.terms[i] == 0) continue;
    ++reached;
    zero += want.value[i] == 0;
  }
  // A clipped zero proves the sum's sign, but not if nothing else is left.
  const bool all_clipped = want.clipped > 0 && zero == reached;
  if (2 * (zero - want.clipped) <= reached && !all_clipped) return {};
  return std::to_string(zero) + " of " + std::to_string(reached) +
         " outputs that taps reach are zero: nothing is proven";
}

}  // namespace

Comparison compare(std::span<const float> got, const OracleResult& want,
                   std::span<const int64_t> dims, DType dtype, DataMode mode) {
  Comparison c;
  const size_t size = want.value.size();
  if (got.size() != size) {
    c.reason =
        "result has " + std::to_string(got.size()) + " elements: must be " + std::to_string(size);
    return c;
  }
  const Roundoffs u = roundoffs(dtype);
  double squares = 0, largest = 0;
  for (size_t i = 0; i < size; ++i) {
    const double y = want.value[i];
    const double error = std::abs(static_cast<double>(got[i]) - y);
    double bound = activation_bound(u, y, want.activation_error);
    if (mode != DataMode::int_exact) bound += bound_of(u, y, want.magnitude[i], want.terms[i]);
    largest = std::max(largest, std::abs(y));
    if (std::isfinite(error)) {
      c.max_abs = std::max(c.max_abs, error);
      squares += error * error;
      if (bound > 0)
        c.max_rel_to_bound = std::max(c.max_rel_to_bound, std::min(error / bound, kHuge));
    }
    if (error <= bound) continue;  // false for NaN
    if (c.mismatches++ == 0) {
      c.reason = index_text(i, size, dims) + " is " + number(got[i]) + ", must be " + number(y) +
                 (bound == 0 ? " exactly" : " within " + number(bound));
    }
  }
  c.rms =
      size == 0 ? 0 : std::sqrt(squares / static_cast<double>(size)) / (largest > 0 ? largest : 1);
  if (!std::isfinite(c.rms)) c.rms = kHuge;
  if (c.mismatches > 0) {
    c.reason += " (" + std::to_string(c.mismatches) + " of " + std::to_string(size) + " wrong)";
    return c;
  }
  if (mode == DataMode::int_exact) c.reason = inexact(want, dtype, dims);
  if (c.reason.empty()) c.reason = mostly_zero(want);
  c.verdict = c.reason.empty() ? Verdict::passed : Verdict::mistrusted;
  return c;
}

}  // namespace tconv
