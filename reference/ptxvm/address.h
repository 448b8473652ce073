// Where the state spaces lie in the generic address space. Global and constant addresses are
// generic addresses as they are (the arena of vm.h); the windows lie outside what a host can map,
// so that no device address is ever a host address.
#pragma once

#include <cstdint>

namespace ptxvm {

inline constexpr uint64_t kSharedWindow = 0x0001'0000'0000'0000;
inline constexpr uint64_t kLocalWindow = 0x0001'1000'0000'0000;
inline constexpr uint64_t kParamWindow =
    0x0001'2000'0000'0000;  // a kernel's parameters (cvta.param)
/// In the shared window: from this bit on, the rank of a block of the cluster, plus one
/// (cluster.h).
inline constexpr int kPeerShift = 24;
inline constexpr uint64_t kWindowBytes = uint64_t{1} << 32;

inline constexpr bool in_window(uint64_t address, uint64_t window) {
  return address - window < kWindowBytes;
}

}  // namespace ptxvm
