// Where the mbarrier objects are that the running lanes name.
#pragma once

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/mbarrier.h"
#include "reference/ptxvm/pattern.h"
#include "reference/ptxvm/resolve.h"

namespace ptxvm::PTXVM_ISA {

/// Fills `at` for the running lanes; checked, and counted as atomics.
inline void resolve_mbarriers(Warp& warp, const Op* op, ptx::Space space, std::byte* at[kLanes]) {
  for (uint32_t m = warp.mask; space == ptx::Space::generic && m; m &= m - 1) {
    const int lane = __builtin_ctz(m);
    if (!in_window(lane_address(warp, op, uint32_t(lane)), kSharedWindow))
      raise(warp, op, TrapKind::invalid_address_space, lane,
            "an mbarrier object lies in shared memory");
  }
  resolve(warp, op, space, {8, true, true}, at);
}

}  // namespace ptxvm::PTXVM_ISA
