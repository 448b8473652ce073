// Stream capture: between begin and end, what a stream is asked to do becomes nodes of a graph.
// Other streams join by waiting for an event of the capture, and must be joined back.
#pragma once

#include <cuda_runtime_api.h>

#include "reference/cudart/graph.h"
#include "reference/cudart/stream.h"

namespace cudart {

/// Runs the operation now, or adds it to the graph that the stream is captured into. Every
/// asynchronous call ends here.
void submit(cudaStream_t stream, Operation operation);

/// Memory by order of a stream. In a capture it becomes a node, and its address is good in every
/// launch of the graph.
void* allocate_on(cudaStream_t stream, size_t bytes, const char* label);
void release_on(cudaStream_t stream, void* device);

/// Into `graph` behind `dependencies`, or into a new one where it is null.
void begin_capture(cudaStream_t stream, cudaStreamCaptureMode mode, cudaGraph_t graph = nullptr,
                   Nodes dependencies = {});
cudaGraph_t end_capture(cudaStream_t stream);

struct CaptureInfo {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  unsigned long long id = 0;
  cudaGraph_t graph = nullptr;
  Nodes dependencies;  // of the next operation; valid until the capture goes on
};
CaptureInfo capture_info(cudaStream_t stream);
void update_capture_dependencies(cudaStream_t stream, Nodes dependencies, bool replace);
bool is_capturing(cudaStream_t stream);

void record_event(cudaEvent_t event, cudaStream_t stream, bool as_node);
void wait_event(cudaStream_t stream, cudaEvent_t event, bool as_node);
/// Queries and waits cannot be answered for an event that was recorded into a graph.
void require_uncaptured(cudaEvent_t event);
/// Waiting for a stream (or, with no argument, for the device) that is being captured would never
/// end.
void require_not_capturing(cudaStream_t stream);
void require_no_capture();
/// Calls that a capture does not see and that may change what it means, such as cudaMalloc, fail in
/// the modes that protect from them, and end the capture.
void require_safe_for_captures();
cudaStreamCaptureMode exchange_capture_mode(cudaStreamCaptureMode mode);
/// Before a stream or event is destroyed.
void leave_captures(cudaStream_t stream);
void leave_captures(cudaEvent_t event);
/// After the machine is gone.
void forget_captures();

}  // namespace cudart
