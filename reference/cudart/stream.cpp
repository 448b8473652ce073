#include "reference/cudart/stream.h"

#include <algorithm>

#include "reference/cudart/handles.h"

namespace cudart {
namespace {

Handles<CUstream_st>& streams() {
  static auto& handles = *new Handles<CUstream_st>(cudaErrorInvalidResourceHandle);
  return handles;
}

Handles<CUevent_st>& events() {
  static auto& handles = *new Handles<CUevent_st>(cudaErrorInvalidResourceHandle);
  return handles;
}

}  // namespace

cudaStream_t create_stream(unsigned flags, int priority) {
  static uint64_t count = 2;  // 1 and 2 are the default streams
  require(flags == cudaStreamDefault || flags == cudaStreamNonBlocking, cudaErrorInvalidValue);
  return streams().add({flags, std::clamp(priority, kGreatestPriority, kLeastPriority), ++count});
}

void destroy_stream(cudaStream_t stream) { streams().remove(stream); }

CUstream_st& stream_of(cudaStream_t stream) {
  static CUstream_st legacy{.id = 1}, per_thread{.id = 2};
  if (stream == nullptr || stream == cudaStreamLegacy) return legacy;
  if (stream == cudaStreamPerThread) return per_thread;
  return streams().at(stream);
}

cudaEvent_t create_event(unsigned flags) {
  constexpr unsigned known = cudaEventBlockingSync | cudaEventDisableTiming | cudaEventInterprocess;
  require((flags & ~known) == 0, cudaErrorInvalidValue);
  return events().add({.flags = flags});
}

void destroy_event(cudaEvent_t event) { events().remove(event); }
CUevent_st& event_of(cudaEvent_t event) { return events().at(event); }

float elapsed_ms(cudaEvent_t start, cudaEvent_t end) {
  for (const cudaEvent_t event : {start, end})
    require(event_of(event).recorded && !(event->flags & cudaEventDisableTiming),
            cudaErrorInvalidResourceHandle);
  static bool said = false;
  if (!said) note("cudaEventElapsedTime: the virtual GPU has no time, every elapsed time is 0");
  said = true;
  return 0.0F;
}

}  // namespace cudart
