// Managed memory: one address for host and device, and nothing to move. Hints are checked and
// taken.
#include "reference/cudart/capture.h"
#include "reference/cudart/device.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/memory.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaMallocManaged(void** out, size_t bytes, unsigned flags) {
  return call([&] {
    require_safe_for_captures();
    require(out, cudaErrorInvalidValue);
    *out = allocate_managed(bytes, flags);
  });
}
CUDART_ENTRY cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void* memory, size_t,
                                                  unsigned) {
  return call([&] {
    require_not_capturing(stream);
    require(is_managed(memory), cudaErrorInvalidValue);
  });
}
CUDART_TWIN(cudaStreamAttachMemAsync, _ptsz)

#if CUDART_VERSION >= 13000
static void check_range(const void* memory, size_t bytes, const cudaMemLocation& location) {
  require(bytes != 0 && is_managed(memory, bytes), cudaErrorInvalidValue);
  if (location.type == cudaMemLocationTypeDevice) check_device(location.id);
}

CUDART_ENTRY cudaError_t cudaMemPrefetchAsync(const void* memory, size_t bytes,
                                              cudaMemLocation location, unsigned flags,
                                              cudaStream_t stream) {
  return call([&] {
    require_not_capturing(stream);
    require(flags == 0, cudaErrorInvalidValue);
    check_range(memory, bytes, location);
  });
}
CUDART_TWIN(cudaMemPrefetchAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemAdvise(const void* memory, size_t bytes, cudaMemoryAdvise advice,
                                       cudaMemLocation location) {
  return call([&] {
    const bool names_a_place =
        advice != cudaMemAdviseSetReadMostly && advice != cudaMemAdviseUnsetReadMostly;
    require(advice >= cudaMemAdviseSetReadMostly && advice <= cudaMemAdviseUnsetAccessedBy,
            cudaErrorInvalidValue);
    check_range(memory, bytes, names_a_place ? location : cudaMemLocation{});
  });
}

// The copies of a batch may run in any order; here it is the order given.
CUDART_ENTRY cudaError_t cudaMemcpyBatchAsync(void* const* to, const void* const* from,
                                              const size_t* bytes, size_t count,
                                              cudaMemcpyAttributes* attributes, size_t* firsts,
                                              size_t attribute_count, cudaStream_t stream) {
  return call([&] {
    require(to && from && bytes && count && attributes && firsts && attribute_count &&
                attribute_count <= count && firsts[0] == 0,
            cudaErrorInvalidValue);
    require(stream && stream != cudaStreamLegacy, cudaErrorInvalidValue);
    for (size_t i = 0; i < count; ++i)
      submit(stream, copy_operation(to[i], from[i], bytes[i], cudaMemcpyDefault));
  });
}
CUDART_TWIN(cudaMemcpyBatchAsync, _ptsz)
#endif
