#include "reference/cudart/memory.h"

#include <string>
#include <unordered_set>

#include "reference/cudart/address.h"
#include "reference/cudart/faults.h"
#include "reference/cudart/pinned.h"

namespace cudart {
namespace {
constexpr size_t kPitchUnit = 512;

// What cudaFree may free: pinned memory and the program's variables have device addresses too.
std::unordered_set<uint64_t>& freeable() {
  static auto& set = *new std::unordered_set<uint64_t>;  // used by the program's exit handlers
  return set;
}
}  // namespace

uint64_t allocate_address(size_t bytes, const char* label) {
  static uint64_t count = 0;
  count_call(FaultKind::malloc);
  const uint64_t address =
      memory().allocate(bytes, std::string(label) + " #" + std::to_string(++count));
  require(address != 0, cudaErrorMemoryAllocation);
  return address;
}

void* allocate(size_t bytes, const char* label) {
  if (bytes == 0) return nullptr;
  const uint64_t address = allocate_address(bytes, label);
  freeable().insert(address);
  return pointer(address);
}

void forget_allocations() { freeable().clear(); }

void release(void* device) {
  if (!device) return;
  if (freeable().erase(number(device)) == 1) {
    memory().release(number(device));
    return;
  }
  fail(cudaErrorInvalidValue,
       "cudaFree: not the start of a live allocation: " + memory().describe(number(device)));
}

void release_if_live(void* device) {
  if (freeable().contains(number(device))) release(device);
}

cudaPitchedPtr allocate_pitched(size_t width, size_t rows, const char* label) {
  require(width <= SIZE_MAX - kPitchUnit, cudaErrorInvalidValue);
  const size_t pitch = (width + kPitchUnit - 1) / kPitchUnit * kPitchUnit;
  size_t bytes = 0;
  require(!__builtin_mul_overflow(pitch, rows, &bytes), cudaErrorInvalidValue);
  return {allocate(bytes, label), pitch, width, rows};
}

cudaPointerAttributes pointer_attributes(const void* p) {
  cudaPointerAttributes a{};
  a.type = cudaMemoryTypeUnregistered;
  a.device = -2;  // cudaInvalidDeviceId
  a.hostPointer = const_cast<void*>(p);
  if (const auto* range = find_pinned(p)) {
    a.type = cudaMemoryTypeHost;
    a.device = 0;
    if (range->device) a.devicePointer = device_pointer_of_pinned(const_cast<void*>(p));
  } else if (memory().find(number(p))) {
    a.type = cudaMemoryTypeDevice;
    a.device = 0;
    a.devicePointer = const_cast<void*>(p);
    a.hostPointer = nullptr;
  }
  return a;
}

}  // namespace cudart
