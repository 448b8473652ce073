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
void copy_to_symbol(const void* symbol, const void* from, size_t bytes, size_t offset,
                    cudaMemcpyKind kind);
void copy_from_symbol(void* to, const void* symbol, size_t bytes, size_t offset,
                      cudaMemcpyKind kind);
void fill(Box to, int value, Extent extent);

}  // namespace cudart
