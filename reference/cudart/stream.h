// Streams and events. Every operation ends before its call returns, so a stream holds nothing and
// an event is reached as soon as it is recorded: program order is one of the orders that a GPU may
// choose. There is no time on this machine.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

// CUDA's own opaque types.
struct CUstream_st {
  unsigned flags = 0;
  int priority = 0;
  uint64_t id = 0;
};
struct CUevent_st {
  unsigned flags = 0;
  bool recorded = false;
};

namespace cudart {

constexpr int kLeastPriority = 0, kGreatestPriority = -5;

cudaStream_t create_stream(unsigned flags, int priority);
void destroy_stream(cudaStream_t stream);
/// The stream behind a handle, the default ones included. Fails with
/// cudaErrorInvalidResourceHandle.
CUstream_st& stream_of(cudaStream_t stream);

cudaEvent_t create_event(unsigned flags);
void destroy_event(cudaEvent_t event);
CUevent_st& event_of(cudaEvent_t event);
/// Always 0: the first call says on stderr that the virtual GPU has no time. Events that a GPU
/// could not time fail as there.
float elapsed_ms(cudaEvent_t start, cudaEvent_t end);

}  // namespace cudart
