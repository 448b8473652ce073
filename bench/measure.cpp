#include "bench/measure.h"

#include <algorithm>

namespace tconv::bench {
namespace {

class Event {
 public:
  Event() { TCONV_CUDA(cudaEventCreate(&event_)); }
  ~Event() { TCONV_CUDA_NOEXCEPT(cudaEventDestroy(event_)); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void record(cudaStream_t stream) const { TCONV_CUDA(cudaEventRecord(event_, stream)); }
  void wait() const { TCONV_CUDA(cudaEventSynchronize(event_)); }
  double microseconds_since(const Event& start) const {
    float milliseconds = 0;
    TCONV_CUDA(cudaEventElapsedTime(&milliseconds, start.event_, event_));
    return milliseconds * 1e3;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

int64_t flush_bytes() {
  int device = 0;
  int l2 = 0;
  TCONV_CUDA(cudaGetDevice(&device));
  TCONV_CUDA(cudaDeviceGetAttribute(&l2, cudaDevAttrL2CacheSize, device));
  constexpr int64_t kMore = 1 << 20;
  return 2 * int64_t{l2} + kMore;
}

bool precise(std::vector<double> samples, double precision) {
  std::sort(samples.begin(), samples.end());
  const auto ci = median_ci95(samples);
  return ci && (ci->second - ci->first) / 2 <= precision * quantile(samples, 0.5);
}

}  // namespace

std::string stop_reason(const std::vector<double>& samples, double seconds,
                        const MeasureLimits& limits) {
  const auto n = static_cast<int64_t>(samples.size());
  if (n >= limits.max_samples) return "samples";
  if (n > 0 && seconds >= limits.max_seconds) return "time";
  // Looked at every tenth sample only: each look is another chance to stop by luck.
  if (n >= limits.min_samples && n % 10 == 0 && precise(samples, limits.precision))
    return "precision";
  return {};
}

L2Flush::L2Flush() : buffer_(flush_bytes()) {}

void L2Flush::operator()(cudaStream_t stream) const {
  TCONV_CUDA(cudaMemsetAsync(buffer_.data(), 0, buffer_.bytes(), stream));
}

Summary measure(const std::function<void()>& launch, const std::function<void()>& before,
                cudaStream_t stream, const MeasureLimits& limits) {
  using Clock = std::chrono::steady_clock;
  for (int64_t i = 0; i < limits.warm_up; ++i) {
    before();
    launch();
  }
  TCONV_CUDA(cudaStreamSynchronize(stream));

  const Event start;
  const Event stop;
  std::vector<double> samples;
  std::string reason;
  const auto begin = Clock::now();
  while (reason.empty()) {
    before();
    start.record(stream);
    launch();
    stop.record(stream);
    stop.wait();
    samples.push_back(stop.microseconds_since(start));
    const std::chrono::duration<double> spent = Clock::now() - begin;
    reason = stop_reason(samples, spent.count(), limits);
  }
  return summarise(std::move(samples), limits.warm_up, std::move(reason));
}

}  // namespace tconv::bench
