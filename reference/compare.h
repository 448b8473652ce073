// Comparing a device result with an oracle: per-element bound, first bad index, verdict.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "reference/conv_transpose.h"
#include "reference/problem.h"

namespace tconv {

enum class DataMode { int_exact, normal, uniform };
enum class Verdict { passed, failed, mistrusted };

struct Comparison {
  Verdict verdict = Verdict::failed;
  std::string reason;  ///< empty when passed; else one line that names the first bad element and
                       ///< its indices
  double max_abs = 0;  ///< largest |got - want|
  double max_rel_to_bound = 0;  ///< largest |got - want| / bound: above 1 fails (real mode)
  double rms = 0;               ///< sqrt(mean((got-want)^2)) / max|want|
  int64_t mismatches = 0;
};

/// Compares `got` (device output widened to float, logical NC.. order) with `want`. `dims` are the
/// logical dimensions of the tensor, for messages. int_exact demands equality; otherwise |got -
/// want| may be at most
///   (2u_in + u_in^2 + gamma_n) * magnitude + u_out * |want| + half of the smallest subnormal,
/// n = terms, gamma_n = n*u/(1 - n*u) (Higham). u is 2^-24 for f32 and 2^-23 for the others, whose
/// sums tensor cores may truncate; u_out of tf32 is f32's, since results are stored as f32. Outputs
/// that no tap reaches must be zero. An activation (apply_epilogue()) adds
///   (want.activation_error + u_out) * |want| + half of the smallest subnormal,
/// in int_exact too. Non-finite results always fail. Mistrusted: more than half of
/// the reached outputs are zero, or int_exact data whose sums cannot be exact.
Comparison compare(std::span<const float> got, const OracleResult& want,
                   std::span<const int64_t> dims, DType dtype, DataMode mode);

/// Unit round-off of stored inputs/outputs: 2^-24, 2^-11, 2^-11, 2^-8.
double unit_roundoff(DType);
/// Nearest value (ties to even) that `dtype` stores; overflow gives infinity.
float round_to(float value, DType dtype);

/// The largest number of products that can meet in one element of what an op writes.
int64_t max_terms(Op, const Problem&);

/// The data that a result of this op can be checked with: resize_bilinear weighs with fractions, so
/// that nothing is exact and int_exact becomes normal.
DataMode checkable(Op, DataMode);

/// Fills with the mode's distribution, already rounded to what `dtype` can hold. int_exact: small
/// integers, thinned so that every partial sum of `max_terms` products is exact in f32 accumulation
/// and the result is exact in `dtype`. The first element is non-zero.
void fill(std::span<float> data, DataMode mode, DType dtype, uint64_t seed, int64_t max_terms);

}  // namespace tconv
