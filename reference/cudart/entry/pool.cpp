#include "reference/cudart/pool.h"

#include "reference/cudart/capture.h"
#include "reference/cudart/device.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/memory.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  return call([&] {
    check_device(device);
    *pool = default_pool();
  });
}
CUDART_ENTRY cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device) {
  return cudaDeviceGetDefaultMemPool(pool, device);
}
CUDART_ENTRY cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t pool) {
  return call([&] {
    check_device(device);
    pool_of(pool);
  });
}
CUDART_ENTRY cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* props) {
  return call([&] {
    require(pool && props, cudaErrorInvalidValue);
    *pool = create_pool(*props);
  });
}
CUDART_ENTRY cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  return call([&] { destroy_pool(pool); });
}
CUDART_ENTRY cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t) {
  return call([&] { pool_of(pool); });
}
CUDART_ENTRY cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute,
                                                 void* value) {
  return call([&] { set_pool_attribute(pool, attribute, value); });
}
CUDART_ENTRY cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute,
                                                 void* value) {
  return call([&] { get_pool_attribute(pool, attribute, value); });
}
CUDART_ENTRY cudaError_t cudaMemPoolSetAccess(cudaMemPool_t pool, const cudaMemAccessDesc*,
                                              size_t) {
  return call([&] { pool_of(pool); });
}
CUDART_ENTRY cudaError_t cudaMemPoolGetAccess(cudaMemAccessFlags* flags, cudaMemPool_t pool,
                                              cudaMemLocation* location) {
  return call([&] {
    pool_of(pool);
    require(flags && location && location->type == cudaMemLocationTypeDevice,
            cudaErrorInvalidValue);
    check_device(location->id);
    *flags = cudaMemAccessFlagsProtReadWrite;
  });
}
CUDART_ENTRY cudaError_t cudaMallocFromPoolAsync(void** out, size_t bytes, cudaMemPool_t pool,
                                                 cudaStream_t stream) {
  return call([&] {
    require(out, cudaErrorInvalidValue);
    pool_of(pool);
    *out = allocate_on(stream, bytes, "cudaMallocFromPoolAsync");
  });
}
CUDART_TWIN(cudaMallocFromPoolAsync, _ptsz)
