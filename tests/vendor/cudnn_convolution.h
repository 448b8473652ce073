// An operation as the double understands its descriptors, and what it computes: cuDNN's
// convolution by its definition, whichever of the three tensors is asked for.
//
//   response[n][k][o] = sum over c, r: image[n][group(k)*C + c][o*stride - pre + r*dilation]
//                                      * filter[k][c][r]
//
// Backward-data and backward-filter are the same sum with another tensor on the left.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <cudnn.h>

#include "tests/vendor/cudnn_object.h"

namespace tconv::doubles {

/// Indices into Convolution::tensors.
enum Role : size_t { image = 0, filter = 1, response = 2 };

struct Tensor {
  int64_t id, alignment;
  cudnnDataType_t type;
  std::vector<int64_t> dims, strides;

  int64_t size() const;  ///< elements; those of memory too, since there are no holes
};

struct Convolution {
  std::array<Tensor, 3> tensors;
  Role computed;
  std::vector<int64_t> stride, dilation, pre, post;
  bool turned;  ///< a true convolution: taps are read backwards
  float alpha, beta;

  int64_t groups() const { return tensors[image].dims[1] / tensors[filter].dims[1]; }
};

/// How an engine adds up.
enum class Sums {
  exact,        ///< in double
  any_order,    ///< in float, one way and the other in turns
  tensor_core,  ///< of floats that were cut to TF32
  half          ///< in half precision
};

/// Each refuses what cuDNN does: unfinished or missing parts, sizes that do not belong together.
void check_tensor(const Object&);
void check_convolution(const Object&);
Convolution read_operation(const Object&);

using Values = std::array<std::vector<double>, 3>;
/// Replaces values[computed]; `backwards` is the order of Sums::any_order.
void convolve(const Convolution&, Sums, bool backwards, Values&);

}  // namespace tconv::doubles
