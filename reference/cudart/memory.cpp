#include "reference/cudart/memory.h"

#include <string>
#include <unordered_set>

#include "reference/cudart/address.h"
#include "reference/cudart/faults.h"
#include "reference/cudart/pinned.h"

namespace cudart {
namespace {
constexpr size_t kPitchUnit = 512;
constexpr uint64_t kPage = 4096;  // what the host sees, it sees by whole pages

// What cudaFree may free: pinned memory and the program's variables have device addresses too.
std::unordered_set<uint64_t>& freeable() {
  static auto& set = *new std::unordered_set<uint64_t>;  // used by the program's exit handlers
  return set;
}

// Starts of allocations that cudaMallocManaged or __managed__ made.
std::unordered_set<uint64_t>& managed() {
  static auto& set = *new std::unordered_set<uint64_t>;
  return set;
}

void show(uint64_t address) {
  if (memory().show_to_host(address)) return;
  memory().release(address);
  fail(cudaErrorMemoryAllocation, "managed or pinned memory: the system maps no more pages");
}
}  // namespace

uint64_t allocate_address(size_t bytes, const char* label, uint64_t alignment) {
  static uint64_t count = 0;
  count_call(FaultKind::malloc);
  const uint64_t address =
      memory().allocate(bytes, std::string(label) + " #" + std::to_string(++count), alignment);
  require(address != 0, cudaErrorMemoryAllocation);
  return address;
}

uint64_t allocate_shown(size_t bytes, const char* label) {
  const uint64_t address = allocate_address(bytes, label, kPage);
  show(address);
  return address;
}

void* allocate_managed(size_t bytes, unsigned flags) {
  require(bytes != 0 && (flags == cudaMemAttachGlobal || flags == cudaMemAttachHost),
          cudaErrorInvalidValue);
  const uint64_t address = allocate_shown(bytes, "cudaMallocManaged");
  freeable().insert(address);
  managed().insert(address);
  return pointer(address);
}

void show_variable(uint64_t address) {
  if (!managed().insert(address).second) return;
  show(address);
}

bool is_managed(const void* p, size_t bytes) {
  const auto* allocation = memory().find(number(p), bytes);
  return allocation && managed().contains(allocation->address);
}

bool is_shown(const void* p) { return find_pinned(p) || is_managed(p); }

void* allocate(size_t bytes, const char* label) {
  if (bytes == 0) return nullptr;
  const uint64_t address = allocate_address(bytes, label);
  memory().set_written(address, bytes, false);
  freeable().insert(address);
  return pointer(address);
}

void forget_allocations() {
  freeable().clear();
  managed().clear();
}

void release(void* device) {
  if (!device) return;
  if (freeable().erase(number(device)) == 1) {
    managed().erase(number(device));
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
    if (!range->registered) a.devicePointer = const_cast<void*>(p);
  } else if (memory().find(number(p))) {
    a.type = cudaMemoryTypeDevice;
    a.device = 0;
    a.devicePointer = const_cast<void*>(p);
    a.hostPointer = nullptr;
    if (is_managed(p)) {
      a.type = cudaMemoryTypeManaged;
      a.hostPointer = const_cast<void*>(p);
    }
  }
  return a;
}

}  // namespace cudart
