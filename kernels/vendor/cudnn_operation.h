// A problem as a cuDNN operation graph. The transposed convolution is cuDNN's backward-data: its dy
// is our x, its dx is our y. The other two directions are rows of the same table: dgrad is
// convolution forward, wgrad is backward-filter.
#pragma once

#include <string>
#include <vector>

#include "kernels/strategy.h"
#include "kernels/vendor/cudnn_descriptor.h"

namespace tconv::cudnn {

/// Unique ids of the tensors in the graph, and in the variant pack that a plan is executed with.
enum class TensorId : int64_t { x = 1, w = 2, y = 3 };
/// Bytes. Plans may assume it of every tensor: the widest vector access. cuDNN refuses pointers
/// that are aligned to less.
inline constexpr int64_t kTensorAlignment = 16;

class Operation {
 public:
  /// Dense tensors in config.layout, as Call has them; accumulation in f32; alpha 1, beta 0. A 1-D
  /// problem stays 1-D. Crops are cuDNN's paddings; output padding is in the size of y alone.
  /// Throws Error with cuDNN's reason for what it cannot express. Works without a GPU.
  Operation(Op op, const Problem& problem, const Config& config);

  const Descriptor& descriptor() const { return operation_; }

 private:
  std::vector<Descriptor> tensors_;
  Descriptor convolution_;
  Descriptor operation_;
};

/// Why cuDNN cannot express this, one line; empty if it can. Works without a GPU. Throws Error if
/// cuDNN fails for another reason.
std::string inexpressible(Op op, const Problem& problem, const Config& config);

}  // namespace tconv::cudnn
