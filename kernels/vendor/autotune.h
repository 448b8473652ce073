// Timing of candidates while choosing among them. What a report prints is measured by the bench,
// not here.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include <cuda_runtime_api.h>

#include "kernels/detail/device_buffer.h"

namespace tconv {

/// Times one launch at a time with CUDA events on one stream. The L2 cache is overwritten before
/// each, so that every candidate starts as cold as the others whatever ran before it.
class EventTimer {
 public:
  /// Needs device memory of twice the L2 cache.
  explicit EventTimer(cudaStream_t stream);

  static constexpr int kWarmups = 2;
  static constexpr int kSamples = 7;
  /// Median of kSamples launches after kWarmups, in microseconds. Whatever `launch` throws passes
  /// through.
  double median_us(const std::function<void()>& launch);

 private:
  struct Destroy {
    void operator()(CUevent_st* event) const;
  };
  using Event = std::unique_ptr<CUevent_st, Destroy>;
  static Event make_event();
  double once_us(const std::function<void()>& launch);

  cudaStream_t stream_;
  Event start_, stop_;
  DeviceBuffer<std::byte> flush_;
};

}  // namespace tconv
