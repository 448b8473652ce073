// Device memory. Functions fail (error.h) as the C functions of the same purpose do.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace cudart {

/// A new allocation's address, never 0; `label` names it in reports. Fails with
/// cudaErrorMemoryAllocation.
uint64_t allocate_address(size_t bytes, const char* label);
/// The same as a pointer; null for no bytes.
void* allocate(size_t bytes, const char* label);
void release(void* device);
/// For owners that the program may have been faster than.
void release_if_live(void* device);
/// After the machine is gone.
void forget_allocations();
/// Rows of `width` bytes at a pitch of whole 512-byte units, as a GPU's texture unit would ask.
cudaPitchedPtr allocate_pitched(size_t width, size_t rows, const char* label);

cudaPointerAttributes pointer_attributes(const void* pointer);

}  // namespace cudart
