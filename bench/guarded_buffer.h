// GuardedBuffer: device memory between two bands of known bytes, so that writes beyond either end
// show.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "kernels/detail/device_buffer.h"

namespace tconv::bench {

/// `size` bytes between two bands of `guard` bytes (a multiple of 256), 256-byte aligned or
/// `misalign` bytes further on. A virtual GPU checks every access against the allocation itself,
/// reads included: there a band of 0 catches more than any other.
class GuardedBuffer {
 public:
  GuardedBuffer(int64_t size, int64_t guard, int64_t misalign = 0);

  void* data() const { return size_ == 0 ? nullptr : buffer_.data() + before_; }
  int64_t size() const { return size_; }

  void upload(std::span<const std::byte>);
  std::vector<std::byte> download() const;
  /// Sets every byte to 0xFF: NaN in every floating-point format.
  void poison();
  /// Empty, or "3 bytes changed before the start, the first at -12".
  std::string damage() const;

 private:
  int64_t size_;
  int64_t before_, after_;  ///< bytes of the bands
  DeviceBuffer<std::byte> buffer_;
};

}  // namespace tconv::bench
