// 128 bits at once: cmpxchg16b, which the plain x86-64 target does not have. Files that include
// this are compiled with -mcx16 (CMakeLists.txt).
#pragma once

#include <cstddef>

namespace ptxvm {

using Bits128 = unsigned __int128;

/// The aligned 16 bytes at `at` become change(what they were), which is returned. Others may change
/// them at the same time unless alone.
template <class F>
Bits128 update_128(bool alone, std::byte* at, F change) {
  auto* p = reinterpret_cast<Bits128*>(at);
  Bits128 old = *p;
  if (alone) {
    *p = change(old);
    return old;
  }
  for (;;) {
    const Bits128 seen = __sync_val_compare_and_swap(p, old, change(old));
    if (seen == old) return old;
    old = seen;
  }
}

}  // namespace ptxvm
