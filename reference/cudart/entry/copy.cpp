// Copies and fills. The asynchronous ones differ in that they name a stream, which must exist.
#include "reference/cudart/copy.h"

#include "reference/cudart/device.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/modules.h"
#include "reference/cudart/stream.h"

using namespace cudart;

namespace {

template <class Body>
cudaError_t call_on(cudaStream_t stream, Body&& body) noexcept {
  return call([&] {
    stream_of(stream);
    body();
  });
}

Box rows_of(const void* base, size_t pitch) { return {const_cast<void*>(base), pitch, 1}; }
Box slices_of(const cudaPitchedPtr& p) { return {p.ptr, p.pitch, p.ysize}; }

}  // namespace

CUDART_ENTRY cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return call([&] { copy(to, from, bytes, kind); });
}
CUDART_TWIN(cudaMemcpy, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes,
                                         cudaMemcpyKind kind, cudaStream_t s) {
  return call_on(s, [&] { copy(to, from, bytes, kind); });
}
CUDART_TWIN(cudaMemcpyAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device,
                                        size_t bytes) {
  return call([&] {
    check_device(to_device);
    check_device(from_device);
    copy(to, from, bytes, cudaMemcpyDeviceToDevice);
  });
}
CUDART_ENTRY cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from,
                                             int from_device, size_t bytes, cudaStream_t s) {
  return call_on(s, [&] {
    check_device(to_device);
    check_device(from_device);
    copy(to, from, bytes, cudaMemcpyDeviceToDevice);
  });
}

CUDART_ENTRY cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from,
                                      size_t from_pitch, size_t width, size_t height,
                                      cudaMemcpyKind kind) {
  return call([&] {
    copy(rows_of(to, to_pitch), rows_of(from, from_pitch), {width, height}, kind);
  });
}
CUDART_TWIN(cudaMemcpy2D, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from,
                                           size_t from_pitch, size_t width, size_t height,
                                           cudaMemcpyKind kind, cudaStream_t s) {
  return call_on(s, [&] {
    copy(rows_of(to, to_pitch), rows_of(from, from_pitch), {width, height}, kind);
  });
}
CUDART_TWIN(cudaMemcpy2DAsync, _ptsz)

CUDART_ENTRY cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* p) {
  return call([&] {
    require(p, cudaErrorInvalidValue);
    copy_3d(*p);
  });
}
CUDART_TWIN(cudaMemcpy3D, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* p, cudaStream_t s) {
  return call_on(s, [&] {
    require(p, cudaErrorInvalidValue);
    copy_3d(*p);
  });
}
CUDART_TWIN(cudaMemcpy3DAsync, _ptsz)

CUDART_ENTRY cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, size_t bytes,
                                            size_t offset, cudaMemcpyKind kind) {
  return call([&] { copy_to_symbol(symbol, from, bytes, offset, kind); });
}
CUDART_TWIN(cudaMemcpyToSymbol, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* from, size_t bytes,
                                                 size_t offset, cudaMemcpyKind kind,
                                                 cudaStream_t s) {
  return call_on(s, [&] { copy_to_symbol(symbol, from, bytes, offset, kind); });
}
CUDART_TWIN(cudaMemcpyToSymbolAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemcpyFromSymbol(void* to, const void* symbol, size_t bytes,
                                              size_t offset, cudaMemcpyKind kind) {
  return call([&] { copy_from_symbol(to, symbol, bytes, offset, kind); });
}
CUDART_TWIN(cudaMemcpyFromSymbol, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpyFromSymbolAsync(void* to, const void* symbol, size_t bytes,
                                                   size_t offset, cudaMemcpyKind kind,
                                                   cudaStream_t s) {
  return call_on(s, [&] { copy_from_symbol(to, symbol, bytes, offset, kind); });
}
CUDART_TWIN(cudaMemcpyFromSymbolAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaGetSymbolAddress(void** address, const void* symbol) {
  return call([&] { *address = reinterpret_cast<void*>(Modules::get().symbol(symbol).address); });
}
CUDART_ENTRY cudaError_t cudaGetSymbolSize(size_t* size, const void* symbol) {
  return call([&] { *size = Modules::get().symbol(symbol).size; });
}

CUDART_ENTRY cudaError_t cudaMemset(void* to, int value, size_t bytes) {
  return call([&] { fill(rows_of(to, bytes), value, {bytes}); });
}
CUDART_TWIN(cudaMemset, _ptds)
CUDART_ENTRY cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t s) {
  return call_on(s, [&] { fill(rows_of(to, bytes), value, {bytes}); });
}
CUDART_TWIN(cudaMemsetAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemset2D(void* to, size_t pitch, int value, size_t width,
                                      size_t height) {
  return call([&] { fill(rows_of(to, pitch), value, {width, height}); });
}
CUDART_TWIN(cudaMemset2D, _ptds)
CUDART_ENTRY cudaError_t cudaMemset2DAsync(void* to, size_t pitch, int value, size_t width,
                                           size_t height, cudaStream_t s) {
  return call_on(s, [&] { fill(rows_of(to, pitch), value, {width, height}); });
}
CUDART_TWIN(cudaMemset2DAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemset3D(cudaPitchedPtr to, int value, cudaExtent e) {
  return call([&] { fill(slices_of(to), value, {e.width, e.height, e.depth}); });
}
CUDART_TWIN(cudaMemset3D, _ptds)
CUDART_ENTRY cudaError_t cudaMemset3DAsync(cudaPitchedPtr to, int value, cudaExtent e,
                                           cudaStream_t s) {
  return call_on(s, [&] { fill(slices_of(to), value, {e.width, e.height, e.depth}); });
}
CUDART_TWIN(cudaMemset3DAsync, _ptsz)
