#include "reference/cudart/capture.h"

#include "reference/cudart/entry/entry.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return call([&] { begin_capture(stream, mode); });
}
CUDART_TWIN(cudaStreamBeginCapture, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t stream, cudaGraph_t graph,
                                                       const cudaGraphNode_t* dependencies,
                                                       const cudaGraphEdgeData*, size_t count,
                                                       cudaStreamCaptureMode mode) {
  return call([&] {
    require(graph, cudaErrorInvalidValue);
    begin_capture(stream, mode, graph, {dependencies, count});
  });
}
CUDART_TWIN(cudaStreamBeginCaptureToGraph, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return call([&] {
    require(graph, cudaErrorInvalidValue);
    *graph = nullptr;
    *graph = end_capture(stream);
  });
}
CUDART_TWIN(cudaStreamEndCapture, _ptsz)

CUDART_ENTRY cudaError_t cudaStreamIsCapturing(cudaStream_t stream,
                                               cudaStreamCaptureStatus* status) {
  return call([&] { *status = capture_info(stream).status; });
}
CUDART_TWIN(cudaStreamIsCapturing, _ptsz)
CUDART_ENTRY cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  return call([&] {
    require(mode, cudaErrorInvalidValue);
    *mode = exchange_capture_mode(*mode);
  });
}

#if CUDART_VERSION >= 13000
CUDART_ENTRY cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream,
                                                  cudaStreamCaptureStatus* status,
                                                  unsigned long long* id, cudaGraph_t* graph,
                                                  const cudaGraphNode_t** dependencies,
                                                  const cudaGraphEdgeData** edges, size_t* count) {
  return call([&] {
    const CaptureInfo info = capture_info(stream);
    *status = info.status;
    if (info.status != cudaStreamCaptureStatusActive) return;
    if (id) *id = info.id;
    if (graph) *graph = info.graph;
    if (dependencies) *dependencies = info.dependencies.data();
    if (edges) *edges = nullptr;  // every edge is a whole one
    if (count) *count = info.dependencies.size();
  });
}
CUDART_TWIN(cudaStreamGetCaptureInfo, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream,
                                                             cudaGraphNode_t* dependencies,
                                                             const cudaGraphEdgeData*, size_t count,
                                                             unsigned flags) {
  return call([&] {
    require(flags <= cudaStreamSetCaptureDependencies, cudaErrorInvalidValue);
    update_capture_dependencies(stream, {dependencies, count},
                                flags == cudaStreamSetCaptureDependencies);
  });
}
CUDART_TWIN(cudaStreamUpdateCaptureDependencies, _ptsz)
#endif
