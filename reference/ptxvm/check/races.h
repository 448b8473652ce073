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
/// Accesses to the destination of a copy that may not have arrived; writes to what asynchronous
/// work may be reading.
void report_pending(Warp&, const Op*, const Request&, bool writes);
/// One access, at an offset in shared memory of which `begun` was kept when the copy began.
void report_begun(Warp&, const Op*, uint32_t lane, uint32_t bytes, uint64_t offset, bool writes,
                  uint64_t begun);
inline void check_pending(Warp& warp, const Op* op, const Request& r, bool writes) {
  const CtaChecks& checks = *warp.cta->checks;
  if (checks.pending_words || r.peers || (writes && checks.reads_begun)) [[unlikely]]
    report_pending(warp, op, r, writes);
}

/// Orders what this thread did before those who look at these places later, and the other way
/// round. In other blocks only if the access itself `fences` or its block has run a fence since it
/// last did so.
void release(Warp&, const Op*, const Request&, bool fences);
/// A fence for other blocks too.
void fence_block(CtaChecks&);
void acquire(Warp&, const Op*, const Request&);
/// The same of the cluster's barrier.
void arrive_at_cluster(Warp&);
void pass_cluster(Warp&, uint32_t waiting);
/// What this thread did is before what those do who look at the mbarrier object at `offset` of a
/// block's shared memory.
void release_at(Warp&, CtaChecks& owner, uint32_t offset);

}  // namespace ptxvm
