// 128 bits at once: cmpxchg16b, which the plain x86-64 target does not have. Files that include
// this are compiled with -mcx16 (CMakeLists.txt).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ptxvm {

using Bits128 = unsigned __int128;

/// The aligned 16 bytes at `at` become change(what they were), which is returned. Others may change
/// them at the same time unless alone.
template <class F>
Bits128 update_128(bool alone, std::byte* at, F change) {
  auto* p = reinterpret_cast<Bits128*>(at);
  if (alone) {
    const Bits128 old = *p;
    *p = change(old);
    return old;
  }
  // A guess: its halves may be of two writes, but then the exchange fails and tells.
  auto* const halves = reinterpret_cast<uint64_t*>(at);
  Bits128 old = Bits128{__atomic_load_n(halves + 1, __ATOMIC_RELAXED)} << 64 |
                __atomic_load_n(halves, __ATOMIC_RELAXED);
  for (;;) {
    const Bits128 seen = __sync_val_compare_and_swap(p, old, change(old));
    if (seen == old) return old;
    old = seen;
  }
}

}  // namespace ptxvm
