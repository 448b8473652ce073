#include "reference/cudart/entry/entry.h"
#include "reference/cudart/stream.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaEventCreate(cudaEvent_t* out) {
  return call([&] { *out = create_event(cudaEventDefault); });
}
CUDART_ENTRY cudaError_t cudaEventCreateWithFlags(cudaEvent_t* out, unsigned flags) {
  return call([&] { *out = create_event(flags); });
}
CUDART_ENTRY cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call([&] { destroy_event(event); });
}
CUDART_ENTRY cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call([&] {
    stream_of(stream);
    event_of(event).recorded = true;
  });
}
CUDART_TWIN(cudaEventRecord, _ptsz)
CUDART_ENTRY cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream,
                                                  unsigned) {
  return cudaEventRecord(event, stream);
}
CUDART_TWIN(cudaEventRecordWithFlags, _ptsz)
CUDART_ENTRY cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call([&] { event_of(event); });
}
CUDART_ENTRY cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&] { event_of(event); });
}
CUDART_ENTRY cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  return call([&] { *ms = elapsed_ms(start, end); });
}
