// Tensors as they lie in device memory: from the logical NC.. order in float to a layout and a
// dtype, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/strategy.h"
#include "reference/problem.h"

namespace tconv::bench {

/// A tensor seen as [outer][channels][spatial]: x and y with outer = batch, w with outer = ic and
/// channels = oc/g.
struct TensorShape {
  int64_t outer = 1;
  int64_t channels = 1;
  int64_t spatial = 1;
  std::vector<int64_t>
      dims;  ///< logical extents of the problem's rank: what messages and .npy files show

  int64_t size() const { return outer * channels * spatial; }
};

TensorShape x_shape(const Problem&);  ///< [batch][ic][i..]
TensorShape w_shape(const Problem&);  ///< [ic][oc/g][k..]
TensorShape y_shape(const Problem&);  ///< [batch][oc][o..]

enum class Tensor { x, w, y };
/// The tensor that an op writes: y for fprop and its alternatives, x for dgrad, w for wgrad.
Tensor output_of(Op);
TensorShape shape_of(const Problem&, Tensor);

/// Device bytes of a logical tensor. nchw keeps the order; nhwc puts channels last. f16 and bf16
/// round to nearest even.
std::vector<std::byte> encode(std::span<const float> logical, const TensorShape&, const Config&);
/// The inverse: what the device holds, widened to float, in logical order.
std::vector<float> decode(std::span<const std::byte> stored, const TensorShape&, const Config&);

}  // namespace tconv::bench
