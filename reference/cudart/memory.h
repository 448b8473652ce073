// Device and pinned memory, copies and fills. Functions fail (error.h) as the C functions of the
// same purpose do.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace cudart {

void* allocate(size_t bytes, const char* label);
void release(void* device);
/// Rows of `width` bytes at a pitch of whole 512-byte units, as a GPU's texture unit would ask.
cudaPitchedPtr allocate_pitched(size_t width, size_t rows, const char* label);

/// Pinned memory lives in the device's arena and has two addresses: the host's (returned) and the
/// device's.
void* allocate_pinned(size_t bytes, unsigned flags);
void release_pinned(void* host);
/// After the machine is gone.
void forget_pinned();
void register_pinned(void* host, size_t bytes, unsigned flags);
void unregister_pinned(void* host);
void* device_pointer_of_pinned(void* host);
unsigned pinned_flags(void* host);
cudaPointerAttributes pointer_attributes(const void* pointer);

/// A box of rows: `width` bytes, `rows` rows at `pitch`, `slices` slices at `pitch * slice_rows`.
struct Box {
  void* base;
  size_t pitch, slice_rows;
};
struct Extent {
  size_t width, rows = 1, slices = 1;
};
/// `kind` must say what the two addresses are, or be cudaMemcpyDefault.
void copy(Box to, Box from, Extent extent, cudaMemcpyKind kind);
void copy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
void copy_3d(const cudaMemcpy3DParms& parms);
void copy_to_symbol(const void* symbol, const void* from, size_t bytes, size_t offset,
                    cudaMemcpyKind kind);
void copy_from_symbol(void* to, const void* symbol, size_t bytes, size_t offset,
                      cudaMemcpyKind kind);
void fill(Box to, int value, Extent extent);

}  // namespace cudart
