// Block barriers, as ops/barrier.cpp asks for them.
#pragma once

#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// Low bits of Op::imm of bar ops: what bar.red makes of the predicates.
enum class BarrierVote : uint8_t { none, popc, all, any };

/// The running lanes arrive; `voters` are those whose predicate holds. Returns the next op, or null
/// if they have to wait.
const Op* barrier(Warp&, const Op*, uint32_t id, uint32_t count, uint32_t voters, bool waits);

}  // namespace ptxvm
