// Races: between warps and lanes in shared memory, between blocks in global memory.
#pragma once

#include "reference/ptxvm/check/request.h"

namespace ptxvm {

/// Reads of what another party wrote, and of what nobody did.
void check_reads(Warp&, const Op*, const CheckedOp&, const Request&);
/// Before the bytes change: a write of what is there already is no race with another write.
void check_race_of_writes(Warp&, const Op*, const CheckedOp&, const Request&);
/// Two lanes of one store, with different values for one address.
void check_lanes_agree(Warp&, const Op*, const CheckedOp&, const Request&);
/// Accesses to the destination of a copy that may not have arrived.
void report_pending(Warp&, const Op*, const Request&, bool writes);
inline void check_pending(Warp& warp, const Op* op, const Request& r, bool writes) {
  if (warp.cta->checks->pending_words) [[unlikely]]
    report_pending(warp, op, r, writes);
}

/// Orders what this thread did before those who look at these places later; and the other way
/// round.
void release(Warp&, const Request&);
void acquire(Warp&, const Request&);

}  // namespace ptxvm
