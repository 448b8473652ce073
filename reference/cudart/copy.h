// Copies and fills, checked against the allocations to the byte.
#pragma once

#include <cstddef>

#include <cuda_runtime_api.h>

namespace cudart {

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
/// The device address of bytes of a variable; fails with cudaErrorInvalidValue if they do not lie
/// in it.
void* inside_symbol(const void* symbol, size_t bytes, size_t offset);
/// The value's low 1, 2 or 4 bytes over and over; rows are whole elements.
void fill(Box to, unsigned value, Extent extent, unsigned element_size = 1);

}  // namespace cudart
