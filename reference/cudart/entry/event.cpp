#include "reference/cudart/capture.h"
#include "reference/cudart/entry/entry.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaEventCreate(cudaEvent_t* out) {
  return call([&] { *out = create_event(cudaEventDefault); });
}
CUDART_ENTRY cudaError_t cudaEventCreateWithFlags(cudaEvent_t* out, unsigned flags) {
  return call([&] { *out = create_event(flags); });
}
CUDART_ENTRY cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call([&] {
    leave_captures(event);
    destroy_event(event);
  });
}
CUDART_ENTRY cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call([&] { record_event(event, stream, false); });
}
CUDART_TWIN(cudaEventRecord, _ptsz)
CUDART_ENTRY cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream,
                                                  unsigned flags) {
  return call([&] {
    require(flags <= cudaEventRecordExternal, cudaErrorInvalidValue);
    record_event(event, stream, flags == cudaEventRecordExternal);
  });
}
CUDART_TWIN(cudaEventRecordWithFlags, _ptsz)
CUDART_ENTRY cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call([&] {
    require_uncaptured(event);
    require_safe_for_captures();
  });
}
CUDART_ENTRY cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&] {
    require_uncaptured(event);
    require_safe_for_captures();
  });
}
CUDART_ENTRY cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  return call([&] { *ms = elapsed_ms(start, end); });
}
