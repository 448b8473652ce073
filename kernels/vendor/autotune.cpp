#include "kernels/vendor/autotune.h"

#include <algorithm>
#include <array>

namespace tconv {
namespace {

int64_t l2_bytes() {
  int device = 0;
  int bytes = 0;
  TCONV_CUDA(cudaGetDevice(&device));
  TCONV_CUDA(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, device));
  return bytes;
}

}  // namespace

void EventTimer::Destroy::operator()(CUevent_st* event) const {
  TCONV_CUDA_NOEXCEPT(cudaEventDestroy(event));
}

EventTimer::Event EventTimer::make_event() {
  cudaEvent_t event = nullptr;
  TCONV_CUDA(cudaEventCreate(&event));
  return Event(event);
}

EventTimer::EventTimer(cudaStream_t stream)
    : stream_(stream), start_(make_event()), stop_(make_event()), flush_(2 * l2_bytes()) {}

double EventTimer::median_us(const std::function<void()>& launch) {
  for (int i = 0; i < kWarmups; ++i) once_us(launch);
  std::array<double, kSamples> samples{};
  for (double& sample : samples) sample = once_us(launch);
  std::nth_element(samples.begin(), samples.begin() + kSamples / 2, samples.end());
  return samples[kSamples / 2];
}

double EventTimer::once_us(const std::function<void()>& launch) {
  // The flush keeps the GPU busy while the launch is enqueued, so that the host's part of it is not
  // timed.
  TCONV_CUDA(cudaMemsetAsync(flush_.data(), 0, flush_.bytes(), stream_));
  TCONV_CUDA(cudaEventRecord(start_.get(), stream_));
  launch();
  TCONV_CUDA(cudaEventRecord(stop_.get(), stream_));
  TCONV_CUDA(cudaEventSynchronize(stop_.get()));
  float ms = 0;
  TCONV_CUDA(cudaEventElapsedTime(&ms, start_.get(), stop_.get()));
  return 1e3 * static_cast<double>(ms);
}

}  // namespace tconv
