#include "reference/cudart/pinned.h"

#include <map>

#include "reference/cudart/address.h"
#include "reference/cudart/memory.h"

namespace cudart {
namespace {

// By host address.
std::map<uintptr_t, PinnedRange>& pinned() {
  static auto& map = *new std::map<uintptr_t, PinnedRange>;  // used by the program's exit handlers
  return map;
}

}  // namespace

const PinnedRange* find_pinned(const void* host) {
  auto after = pinned().upper_bound(number(host));
  if (after == pinned().begin()) return nullptr;
  --after;
  return number(host) - after->first < after->second.bytes ? &after->second : nullptr;
}

void* allocate_pinned(size_t bytes, unsigned flags) {
  if (bytes == 0) return nullptr;
  const uint64_t address = allocate_shown(bytes, "cudaHostAlloc");
  pinned()[address] = {address, bytes, flags, false};
  return pointer(address);
}

void forget_pinned() { pinned().clear(); }

void release_pinned(void* host) {
  if (!host) return;
  const auto found = pinned().find(number(host));
  require(found != pinned().end() && !found->second.registered, cudaErrorInvalidValue);
  memory().release(found->first);
  pinned().erase(found);
}

void register_pinned(void* host, size_t bytes, unsigned flags) {
  require(host && bytes, cudaErrorInvalidValue);
  require(!find_pinned(host), cudaErrorHostMemoryAlreadyRegistered);
  pinned()[number(host)] = {number(host), bytes, flags, true};
}

void unregister_pinned(void* host) {
  const auto found = pinned().find(number(host));
  require(found != pinned().end() && found->second.registered, cudaErrorHostMemoryNotRegistered);
  pinned().erase(found);
}

void* device_pointer_of_pinned(void* host) {
  const auto* range = find_pinned(host);
  require(range, cudaErrorInvalidValue);
  if (range->registered)
    fail(cudaErrorNotSupported,
         "cudaHostGetDevicePointer: the virtual GPU maps memory of cudaHostAlloc only, not of "
         "cudaHostRegister");
  return host;
}

unsigned pinned_flags(void* host) {
  const auto* range = find_pinned(host);
  require(range, cudaErrorInvalidValue);
  return range->flags;
}

}  // namespace cudart
