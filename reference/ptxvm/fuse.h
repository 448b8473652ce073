// Fusing: ops in a row with the same handler run as one where a handler for that exists. What is
// saved is the way through the run loop. The ops stay where they are, so reports, profiles and
// disassembly know nothing of it; only Op::run of the first one changes.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// Within basic blocks, where nothing is guarded. Once, after all operands have their places.
void fuse(Code&);

/// Each op by itself again.
void unfuse(Code&);

/// Ops that run when this one does: 1 unless it leads a fused row.
uint32_t fused_ops(const Op&);

}  // namespace ptxvm
