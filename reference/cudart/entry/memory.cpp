#include "reference/cudart/memory.h"

#include "reference/cudart/capture.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/pinned.h"

using namespace cudart;

// Calls that no stream orders: a capture cannot see them.
template <class Body>
static cudaError_t call_unsafe(Body&& body) noexcept {
  return call([&] {
    require_safe_for_captures();
    body();
  });
}

CUDART_ENTRY cudaError_t cudaMalloc(void** out, size_t bytes) {
  return call_unsafe([&] {
    require(out, cudaErrorInvalidValue);
    *out = allocate(bytes, "cudaMalloc");
  });
}
CUDART_ENTRY cudaError_t cudaMallocAsync(void** out, size_t bytes, cudaStream_t stream) {
  return call([&] {
    require(out, cudaErrorInvalidValue);
    *out = allocate_on(stream, bytes, "cudaMallocAsync");
  });
}
CUDART_TWIN(cudaMallocAsync, _ptsz)

CUDART_ENTRY cudaError_t cudaFree(void* device) {
  return call_unsafe([&] { release(device); });
}
CUDART_ENTRY cudaError_t cudaFreeAsync(void* device, cudaStream_t stream) {
  return call([&] { release_on(stream, device); });
}
CUDART_TWIN(cudaFreeAsync, _ptsz)

CUDART_ENTRY cudaError_t cudaMallocPitch(void** out, size_t* pitch, size_t width, size_t height) {
  return call_unsafe([&] {
    const cudaPitchedPtr p = allocate_pitched(width, height, "cudaMallocPitch");
    *out = p.ptr;
    *pitch = p.pitch;
  });
}
CUDART_ENTRY cudaError_t cudaMalloc3D(cudaPitchedPtr* out, cudaExtent e) {
  return call_unsafe([&] {
    size_t rows = 0;
    require(!__builtin_mul_overflow(e.height, e.depth, &rows), cudaErrorInvalidValue);
    *out = allocate_pitched(e.width, rows, "cudaMalloc3D");
    out->ysize = e.height;
  });
}

CUDART_ENTRY cudaError_t cudaMallocHost(void** out, size_t bytes) {
  return call_unsafe([&] { *out = allocate_pinned(bytes, cudaHostAllocDefault); });
}
CUDART_ENTRY cudaError_t cudaHostAlloc(void** out, size_t bytes, unsigned flags) {
  return call_unsafe([&] { *out = allocate_pinned(bytes, flags); });
}
CUDART_ENTRY cudaError_t cudaFreeHost(void* host) {
  return call_unsafe([&] { release_pinned(host); });
}
CUDART_ENTRY cudaError_t cudaHostRegister(void* host, size_t bytes, unsigned flags) {
  return call_unsafe([&] { register_pinned(host, bytes, flags); });
}
CUDART_ENTRY cudaError_t cudaHostUnregister(void* host) {
  return call_unsafe([&] { unregister_pinned(host); });
}
CUDART_ENTRY cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  return call([&] { *device = device_pointer_of_pinned(host); });
}
CUDART_ENTRY cudaError_t cudaHostGetFlags(unsigned* flags, void* host) {
  return call([&] { *flags = pinned_flags(host); });
}

CUDART_ENTRY cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes,
                                                  const void* pointer) {
  return call([&] { *attributes = pointer_attributes(pointer); });
}
CUDART_ENTRY cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return call([&] {
    const ptxvm::Memory& memory = Context::get().memory();
    if (free) *free = memory.capacity() - memory.used();
    if (total) *total = memory.capacity();
  });
}
