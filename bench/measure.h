// Measuring on a GPU: one series of launches, each between two CUDA events.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

#include "bench/statistics.h"
#include "kernels/detail/device_buffer.h"

namespace tconv::bench {

/// When a series ends: as soon as the median is known to `precision`, or after `max_samples`, or
/// when `max_seconds` of wall time are spent.
struct MeasureLimits {
  int64_t warm_up = 3;
  int64_t min_samples = 20;
  int64_t max_samples = 400;
  double precision = 0.005;  ///< half width of the median's 95 % interval, relative to the median
  double max_seconds = 1.0;
};

/// "precision", "samples" or "time" if the series is complete, else empty. `seconds`: wall time
/// spent so far.
std::string stop_reason(const std::vector<double>& samples, double seconds, const MeasureLimits&);

/// Overwrites L2: memory of more than twice its size is written, so that whatever a launch reads
/// comes from DRAM.
class L2Flush {
 public:
  L2Flush();
  void operator()(cudaStream_t) const;

 private:
  DeviceBuffer<std::byte> buffer_;
};

/// Times `launch` on `stream` in microseconds. `before` runs ahead of every sample, outside its
/// window (an L2 flush, or nothing).
Summary measure(const std::function<void()>& launch, const std::function<void()>& before,
                cudaStream_t stream, const MeasureLimits&);

}  // namespace tconv::bench
