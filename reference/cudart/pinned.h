// Host memory that the device can reach.
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace cudart {

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

struct PinnedRange {
  uintptr_t host;
  size_t bytes;
  unsigned flags;
  uint64_t device;  // 0: the program's own memory, registered
};
/// The range that holds the host address, or null.
const PinnedRange* find_pinned(const void* host);

}  // namespace cudart
