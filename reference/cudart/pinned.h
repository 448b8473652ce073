// Host memory that the device can reach.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace cudart {

/// Pinned memory lives in the device's arena, at one address for both.
void* allocate_pinned(size_t bytes, unsigned flags);
void release_pinned(void* host);
/// After the machine is gone.
void forget_pinned();
void register_pinned(void* host, size_t bytes, unsigned flags);
void unregister_pinned(void* host);
void* device_pointer_of_pinned(void* host);
unsigned pinned_flags(void* host);

struct PinnedRange {
  uintptr_t host;
  size_t bytes;
  unsigned flags;
  bool registered;  // the program's own memory: the device does not reach it
};
/// The range that holds the host address, or null.
const PinnedRange* find_pinned(const void* host);

}  // namespace cudart
