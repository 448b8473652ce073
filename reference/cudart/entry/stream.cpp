#include "reference/cudart/stream.h"

#include "reference/cudart/capture.h"
#include "reference/cudart/entry/entry.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaStreamCreate(cudaStream_t* out) {
  return call([&] { *out = create_stream(cudaStreamDefault, 0); });
}
CUDART_ENTRY cudaError_t cudaStreamCreateWithFlags(cudaStream_t* out, unsigned flags) {
  return call([&] { *out = create_stream(flags, 0); });
}
CUDART_ENTRY cudaError_t cudaStreamCreateWithPriority(cudaStream_t* out, unsigned flags,
                                                      int priority) {
  return call([&] { *out = create_stream(flags, priority); });
}
CUDART_ENTRY cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return call([&] {
    leave_captures(stream);
    destroy_stream(stream);
  });
}
CUDART_ENTRY cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
  return call([&] { *priority = stream_of(stream).priority; });
}
CUDART_TWIN(cudaStreamGetPriority, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned* flags) {
  return call([&] { *flags = stream_of(stream).flags; });
}
CUDART_TWIN(cudaStreamGetFlags, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamGetId(cudaStream_t stream, unsigned long long* id) {
  return call([&] { *id = stream_of(stream).id; });
}
CUDART_TWIN(cudaStreamGetId, _ptsz)
#if CUDART_VERSION >= 12080
CUDART_ENTRY cudaError_t cudaStreamGetDevice(cudaStream_t stream, int* device) {
  return call([&] {
    stream_of(stream);
    *device = 0;
  });
}
CUDART_TWIN(cudaStreamGetDevice, _ptsz)
#endif
CUDART_ENTRY cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return call([&] {
    if (least) *least = kLeastPriority;
    if (greatest) *greatest = kGreatestPriority;
  });
}

CUDART_ENTRY cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call([&] { require_not_capturing(stream); });
}
CUDART_TWIN(cudaStreamSynchronize, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return call([&] { require_not_capturing(stream); });
}
CUDART_TWIN(cudaStreamQuery, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event,
                                             unsigned flags) {
  return call([&] {
    require(flags <= cudaEventWaitExternal, cudaErrorInvalidValue);
    wait_event(stream, event, flags == cudaEventWaitExternal);
  });
}
CUDART_TWIN(cudaStreamWaitEvent, _ptsz)

// Not seen by captures, unlike cudaLaunchHostFunc.
CUDART_ENTRY cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t fn,
                                               void* data, unsigned) {
  return call([&] {
    require(fn, cudaErrorInvalidValue);
    require_not_capturing(stream);
    const Unlocked unlocked;
    fn(stream, cudaSuccess, data);
  });
}
CUDART_TWIN(cudaStreamAddCallback, _ptsz)

// Attributes tell caches and schedulers what to prefer; there are none.
CUDART_ENTRY cudaError_t cudaStreamSetAttribute(cudaStream_t stream, cudaStreamAttrID,
                                                const cudaStreamAttrValue*) {
  return call([&] { stream_of(stream); });
}
CUDART_TWIN(cudaStreamSetAttribute, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamGetAttribute(cudaStream_t stream, cudaStreamAttrID,
                                                cudaStreamAttrValue* value) {
  return call([&] {
    stream_of(stream);
    *value = {};
  });
}
CUDART_TWIN(cudaStreamGetAttribute, _ptsz)
CUDART_ENTRY cudaError_t cudaStreamCopyAttributes(cudaStream_t to, cudaStream_t from) {
  return call([&] {
    stream_of(to);
    stream_of(from);
  });
}
CUDART_TWIN(cudaStreamCopyAttributes, _ptsz)
CUDART_ENTRY cudaError_t cudaCtxResetPersistingL2Cache() {
  return call([] {});
}
