// Copies and fills. The asynchronous ones differ in that they name a stream, which must exist.
#include "reference/cudart/copy.h"

#include "reference/cudart/capture.h"
#include "reference/cudart/device.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/modules.h"
#include "reference/cudart/stream.h"

using namespace cudart;

namespace {

// Calls without a stream are the legacy default stream's.
constexpr cudaStream_t kDefault = nullptr;

cudaError_t submit_copy(cudaStream_t s, void* to, const void* from, size_t bytes,
                        cudaMemcpyKind kind) {
  return call([&] { submit(s, copy_operation(to, from, bytes, kind)); });
}
cudaError_t submit_copy_2d(cudaStream_t s, void* to, size_t to_pitch, const void* from,
                           size_t from_pitch, size_t width, size_t rows, cudaMemcpyKind kind) {
  return call(
      [&] { submit(s, copy_operation_2d(to, to_pitch, from, from_pitch, width, rows, kind)); });
}
cudaError_t submit_copy_3d(cudaStream_t s, const cudaMemcpy3DParms* p) {
  return call([&] {
    require(p, cudaErrorInvalidValue);
    submit(s, CopyOperation{*p});
  });
}
cudaError_t submit_to_symbol(cudaStream_t s, const void* symbol, const void* from, size_t bytes,
                             size_t offset, cudaMemcpyKind kind) {
  return call(
      [&] { submit(s, copy_operation(inside_symbol(symbol, bytes, offset), from, bytes, kind)); });
}
cudaError_t submit_from_symbol(cudaStream_t s, void* to, const void* symbol, size_t bytes,
                               size_t offset, cudaMemcpyKind kind) {
  return call(
      [&] { submit(s, copy_operation(to, inside_symbol(symbol, bytes, offset), bytes, kind)); });
}
cudaError_t submit_between_peers(cudaStream_t s, void* to, int to_device, const void* from,
                                 int from_device, size_t bytes) {
  return call([&] {
    check_device(to_device);
    check_device(from_device);
    submit(s, copy_operation(to, from, bytes, cudaMemcpyDeviceToDevice));
  });
}
cudaError_t submit_peer_3d(cudaStream_t s, const cudaMemcpy3DPeerParms* p) {
  return call([&] {
    require(p, cudaErrorInvalidValue);
    check_device(p->srcDevice);
    check_device(p->dstDevice);
    submit(s, CopyOperation{{p->srcArray, p->srcPos, p->srcPtr, p->dstArray, p->dstPos, p->dstPtr,
                             p->extent, cudaMemcpyDeviceToDevice}});
  });
}
cudaError_t submit_fill(cudaStream_t s, const cudaPitchedPtr& to, int value, cudaExtent e) {
  return call([&] {
    submit(s, FillOperation{{to.ptr, to.pitch, static_cast<unsigned>(value), 1, e.width, e.height},
                            e.depth,
                            to.ysize});
  });
}

}  // namespace

CUDART_ENTRY cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return submit_copy(kDefault, to, from, bytes, kind);
}
CUDART_TWIN(cudaMemcpy, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes,
                                         cudaMemcpyKind kind, cudaStream_t s) {
  return submit_copy(s, to, from, bytes, kind);
}
CUDART_TWIN(cudaMemcpyAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device,
                                        size_t bytes) {
  return submit_between_peers(kDefault, to, to_device, from, from_device, bytes);
}
CUDART_ENTRY cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from,
                                             int from_device, size_t bytes, cudaStream_t s) {
  return submit_between_peers(s, to, to_device, from, from_device, bytes);
}

CUDART_ENTRY cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from,
                                      size_t from_pitch, size_t width, size_t height,
                                      cudaMemcpyKind kind) {
  return submit_copy_2d(kDefault, to, to_pitch, from, from_pitch, width, height, kind);
}
CUDART_TWIN(cudaMemcpy2D, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from,
                                           size_t from_pitch, size_t width, size_t height,
                                           cudaMemcpyKind kind, cudaStream_t s) {
  return submit_copy_2d(s, to, to_pitch, from, from_pitch, width, height, kind);
}
CUDART_TWIN(cudaMemcpy2DAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* p) {
  return submit_copy_3d(kDefault, p);
}
CUDART_TWIN(cudaMemcpy3D, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* p, cudaStream_t s) {
  return submit_copy_3d(s, p);
}
CUDART_TWIN(cudaMemcpy3DAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemcpy3DPeer(const cudaMemcpy3DPeerParms* p) {
  return submit_peer_3d(kDefault, p);
}
CUDART_TWIN(cudaMemcpy3DPeer, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpy3DPeerAsync(const cudaMemcpy3DPeerParms* p, cudaStream_t s) {
  return submit_peer_3d(s, p);
}
CUDART_TWIN(cudaMemcpy3DPeerAsync, _ptsz)

CUDART_ENTRY cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, size_t bytes,
                                            size_t offset, cudaMemcpyKind kind) {
  return submit_to_symbol(kDefault, symbol, from, bytes, offset, kind);
}
CUDART_TWIN(cudaMemcpyToSymbol, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* from, size_t bytes,
                                                 size_t offset, cudaMemcpyKind kind,
                                                 cudaStream_t s) {
  return submit_to_symbol(s, symbol, from, bytes, offset, kind);
}
CUDART_TWIN(cudaMemcpyToSymbolAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemcpyFromSymbol(void* to, const void* symbol, size_t bytes,
                                              size_t offset, cudaMemcpyKind kind) {
  return submit_from_symbol(kDefault, to, symbol, bytes, offset, kind);
}
CUDART_TWIN(cudaMemcpyFromSymbol, _ptds)
CUDART_ENTRY cudaError_t cudaMemcpyFromSymbolAsync(void* to, const void* symbol, size_t bytes,
                                                   size_t offset, cudaMemcpyKind kind,
                                                   cudaStream_t s) {
  return submit_from_symbol(s, to, symbol, bytes, offset, kind);
}
CUDART_TWIN(cudaMemcpyFromSymbolAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaGetSymbolAddress(void** address, const void* symbol) {
  return call([&] { *address = reinterpret_cast<void*>(Modules::get().symbol(symbol).address); });
}
CUDART_ENTRY cudaError_t cudaGetSymbolSize(size_t* size, const void* symbol) {
  return call([&] { *size = Modules::get().symbol(symbol).size; });
}

CUDART_ENTRY cudaError_t cudaMemset(void* to, int value, size_t bytes) {
  return submit_fill(kDefault, {to, bytes, bytes, 1}, value, {bytes, 1, 1});
}
CUDART_TWIN(cudaMemset, _ptds)
CUDART_ENTRY cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t s) {
  return submit_fill(s, {to, bytes, bytes, 1}, value, {bytes, 1, 1});
}
CUDART_TWIN(cudaMemsetAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemset2D(void* to, size_t pitch, int value, size_t width,
                                      size_t height) {
  return submit_fill(kDefault, {to, pitch, width, height}, value, {width, height, 1});
}
CUDART_TWIN(cudaMemset2D, _ptds)
CUDART_ENTRY cudaError_t cudaMemset2DAsync(void* to, size_t pitch, int value, size_t width,
                                           size_t height, cudaStream_t s) {
  return submit_fill(s, {to, pitch, width, height}, value, {width, height, 1});
}
CUDART_TWIN(cudaMemset2DAsync, _ptsz)
CUDART_ENTRY cudaError_t cudaMemset3D(cudaPitchedPtr to, int value, cudaExtent e) {
  return submit_fill(kDefault, to, value, e);
}
CUDART_TWIN(cudaMemset3D, _ptds)
CUDART_ENTRY cudaError_t cudaMemset3DAsync(cudaPitchedPtr to, int value, cudaExtent e,
                                           cudaStream_t s) {
  return submit_fill(s, to, value, e);
}
CUDART_TWIN(cudaMemset3DAsync, _ptsz)
