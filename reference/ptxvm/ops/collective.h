// Ops that a warp executes as one.
#pragma once

#include "reference/ptxvm/warp.h"

namespace ptxvm::PTXVM_ISA {

/// False: the handler must return null, for other lanes are still on their way. A warp that does
/// not have 32 living threads cannot run such an op.
inline bool whole_warp(Warp& warp, const Op* op) {
  if (warp.mask == kFullMask) [[likely]]
    return true;
  if (!converge(warp, op, kFullMask)) return false;
  raise(warp, op, TrapKind::barrier_misuse, -1,
        "an instruction that all 32 threads of a warp execute together, in a warp where some have "
        "exited or never were");
}

}  // namespace ptxvm::PTXVM_ISA
