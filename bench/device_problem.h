// DeviceProblem: one row's tensors on the device, and what must still be true of them after a
// launch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/guarded_buffer.h"
#include "bench/inputs.h"
#include "bench/row.h"

namespace tconv::bench {

class DeviceProblem {
 public:
  DeviceProblem(const Row&, int64_t workspace_bytes, int64_t guard_bytes, cudaStream_t);

  /// Uploads the inputs (kept, to compare with later) and poisons the output.
  void load(const Inputs&);
  /// NaN into the output and the workspace: nothing of an earlier launch may help this one.
  void poison();
  /// Runs `prepare`, if the strategy has one. What it makes lives until the next load().
  void prepare();
  void launch();
  /// Waits for the stream and throws CudaError if anything on it failed.
  void synchronise() const;

  std::vector<std::byte> output_bytes() const { return buffer(output_).download(); }
  /// The output widened to float, logical order.
  std::vector<float> output() const;
  TensorShape output_shape() const { return shape_of(row_.problem, output_); }
  /// Empty, or one line: which guard band or which input a launch changed.
  std::string damage() const;
  std::string note() const { return prepared_ ? prepared_->note() : std::string(); }

 private:
  struct Named {
    const char* name;
    GuardedBuffer buffer;
    std::vector<std::byte> expected;  ///< empty: may change
    int64_t element;                  ///< bytes, for messages
  };
  GuardedBuffer& buffer(Tensor tensor) { return buffers_[static_cast<size_t>(tensor)].buffer; }
  const GuardedBuffer& buffer(Tensor tensor) const {
    return buffers_[static_cast<size_t>(tensor)].buffer;
  }
  Call call();

  const Row& row_;
  Tensor output_;
  cudaStream_t stream_;
  std::vector<Named> buffers_;  ///< x, w, y as in Tensor, then workspace and bias
  std::unique_ptr<Prepared> prepared_;
};

}  // namespace tconv::bench
