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

/// `size` bytes, 256-byte aligned, between two bands of `guard` bytes (a multiple of 256). A
/// virtual GPU checks every access against the allocation itself, reads included: there a band of 0
/// catches more than any other.
class GuardedBuffer {
 public:
  GuardedBuffer(int64_t size, int64_t guard);

  void* data() const { return size_ == 0 ? nullptr : buffer_.data() + guard_; }
  int64_t size() const { return size_; }

  void upload(std::span<const std::byte>);
  std::vector<std::byte> download() const;
  /// Sets every byte to 0xFF: NaN in every floating-point format.
  void poison();
  /// Empty, or "3 bytes changed before the start, the first at -12".
  std::string damage() const;

 private:
  int64_t size_;
  int64_t guard_;
  DeviceBuffer<std::byte> buffer_;
};

}  // namespace tconv::bench
