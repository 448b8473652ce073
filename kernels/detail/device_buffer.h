// DeviceBuffer: device memory that frees itself.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <cuda_runtime_api.h>

#include "kernels/detail/cuda_check.h"

namespace tconv {

/// `size()` elements of device memory, 256-byte aligned as cudaMalloc gives it; null if empty.
/// Moves, never copies: this object owns an allocation that must be freed exactly once.
template <class T>
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  explicit DeviceBuffer(int64_t size) : size_(size) {
    if (size > 0) TCONV_CUDA(cudaMalloc(reinterpret_cast<void**>(&data_), bytes()));
  }
  explicit DeviceBuffer(std::span<const T> host) : DeviceBuffer(static_cast<int64_t>(host.size())) {
    upload(host);
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;
  ~DeviceBuffer() {
    if (data_ != nullptr) TCONV_CUDA_NOEXCEPT(cudaFree(data_));
  }

  T* data() const { return data_; }
  int64_t size() const { return size_; }
  size_t bytes() const { return static_cast<size_t>(size_) * sizeof(T); }

  /// Blocking copies of the whole buffer.
  void upload(std::span<const T> host) {
    if (size_ > 0) TCONV_CUDA(cudaMemcpy(data_, host.data(), bytes(), cudaMemcpyHostToDevice));
  }
  std::vector<T> download() const {
    std::vector<T> host(static_cast<size_t>(size_));
    if (size_ > 0) TCONV_CUDA(cudaMemcpy(host.data(), data_, bytes(), cudaMemcpyDeviceToHost));
    return host;
  }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace tconv
