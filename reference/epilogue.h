// The epilogue on the oracle's side: bias and activation after the sum, and data that do not
// drown in a tanh.
#pragma once

#include <span>

#include "reference/compare.h"
#include "reference/conv_transpose.h"
#include "reference/problem.h"

namespace tconv {

/// Turns the sums y of an fprop oracle into what a kernel must store: value = activation(sum +
/// bias[oc]), magnitude += |bias[oc]|, terms + 1. All activations have the Lipschitz constant 1, so
/// the sum's bound holds for the result; what they round themselves is activation_error. An
/// epilogue in a launch of its own rounds the sum to `dtype` once more: that is within the
/// 2u_in*magnitude which the bound grants to the rounding of inputs, as these are numbers of
/// `dtype` already. int_exact: LeakyReLU's product rounded to float, then to `dtype`, so that it
/// can be compared to the bit; tanh cannot, and keeps its error. Throws ProblemError if `bias` is
/// not [out_channels].
void apply_epilogue(const Problem&, Epilogue, DType, DataMode, std::span<const float> bias,
                    OracleResult& y);

/// Multiplies weights and bias by powers of two, so that the sums are of order 1: a tanh of more is
/// 1 whatever the sum was. Integers become multiples of one power of two: sums stay exact. Weights
/// are rounded to `dtype` again.
void scale_to_unit_sums(const Problem&, DType, std::span<const float> x, std::span<float> w,
                        std::span<float> bias);

}  // namespace tconv
