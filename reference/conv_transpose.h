// The oracles: the transposed convolution by its definition, in double, in two independently
// written orders; its adjoint (a convolution) and its weight gradient. Tensors are dense,
// row-major, logical NC.. order whatever the device layout was.
#pragma once

#include <span>
#include <vector>

#include "reference/problem.h"

namespace tconv {

/// What an oracle returns per output element: the value, the sum of |x||w| that reached it, and the
/// number of terms.
struct OracleResult {
  std::vector<double> value;
  std::vector<double> magnitude;  ///< sum of |a||b| over the terms: the scale of the error bound
  std::vector<int64_t> terms;
  /// What an activation after the sum may get wrong, relative to |value|; 0: nothing, or none.
  double activation_error = 0;
  int64_t clipped = 0;  ///< zeros that stand for negative sums (ReLU)
};

/// y by scattering every input through every tap. Shapes as in Problem. Uses all hardware threads.
OracleResult scatter_oracle(const Problem&, std::span<const float> x, std::span<const float> w);
/// y by gathering, per output, the inputs that the definition sends there. Shares no index code
/// with scatter_oracle.
OracleResult gather_oracle(const Problem&, std::span<const float> x, std::span<const float> w);
/// dx = convolution of dy with w (operator.md 3): the adjoint of the map x -> y.
OracleResult dgrad_oracle(const Problem&, std::span<const float> dy, std::span<const float> w);
/// dw (operator.md 4), summed over the batch.
OracleResult wgrad_oracle(const Problem&, std::span<const float> x, std::span<const float> dy);

/// The explicit matrix C^T, (y_size/batch) x (x_size/batch) row-major, for small problems. Throws
/// ProblemError beyond 2^24 entries.
std::vector<double> transpose_matrix(const Problem&, std::span<const float> w);

}  // namespace tconv
