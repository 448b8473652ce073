// Device memory. Functions fail (error.h) as the C functions of the same purpose do.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace cudart {

/// A new allocation's address, never 0; `label` names it in reports. Fails with
/// cudaErrorMemoryAllocation.
uint64_t allocate_address(size_t bytes, const char* label, uint64_t alignment = 256);
/// The same, and the host may use it at that address.
uint64_t allocate_shown(size_t bytes, const char* label);
/// The same as a pointer; null for no bytes.
void* allocate(size_t bytes, const char* label);
void release(void* device);
/// Managed memory; release() frees it. Fails with cudaErrorInvalidValue for flags that are not one
/// of cudaMemAttach*.
void* allocate_managed(size_t bytes, unsigned flags);
/// True if the bytes are managed: allocated so, or a __managed__ variable that the program has
/// used.
bool is_managed(const void* pointer, size_t bytes = 1);
/// Lets the host use a __managed__ variable at its device address.
void show_variable(uint64_t address);
/// True if the host can use the memory at its device address.
bool is_shown(const void* pointer);
/// For owners that the program may have been faster than.
void release_if_live(void* device);
/// After the machine is gone.
void forget_allocations();
/// Rows of `width` bytes at a pitch of whole 512-byte units, as a GPU's texture unit would ask.
cudaPitchedPtr allocate_pitched(size_t width, size_t rows, const char* label);

cudaPointerAttributes pointer_attributes(const void* pointer);

}  // namespace cudart
