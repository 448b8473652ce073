// Checked handlers: a program is lowered as always, then the ops that the checks look at get a
// handler that looks and calls the op's own one. Without checks no op is touched.
#pragma once

#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {

void instrument(Program&, const Checks&);

/// What instrument() noted of an op.
const CheckedOp& checked(const Warp&, const Op*);

/// The handlers, by what the op does.
const Op* checked_load(Warp&, const Op*);
const Op* checked_store(Warp&, const Op*);
const Op* checked_relaxed_store(Warp&, const Op*);
const Op* checked_atomic(Warp&, const Op*);
const Op* checked_relaxed_atomic(Warp&, const Op*);
const Op* checked_fence(Warp&, const Op*);
const Op* checked_async_copy(Warp&, const Op*);
/// A cp.async with a guard. Whoever guards a copy knows that there may be nothing to copy: what
/// lies where a lane left it out is meant to stay, and to be read with the rest of the tile.
const Op* checked_guarded_copy(Warp&, const Op*);
/// Does a guard decide which lanes run the op's body?
bool has_guard(const Op&);
const Op* checked_warp_sync(Warp&, const Op*);
const Op* checked_collective(Warp&, const Op*);
const Op* checked_barrier(Warp&, const Op*);
const Op* checked_mbarrier(Warp&, const Op*);
const Op* checked_cluster_barrier(Warp&, const Op*);
/// wgmma and the registers that it works on.
const Op* checked_registers(Warp&, const Op*);
const Op* checked_product(Warp&, const Op*);
const Op* checked_product_fence(Warp&, const Op*);
const Op* checked_product_commit(Warp&, const Op*);
const Op* checked_product_wait(Warp&, const Op*);
/// Groups of bulk copies; fence.proxy.async.
const Op* checked_copy_commit(Warp&, const Op*);
const Op* checked_copy_wait(Warp&, const Op*);
const Op* checked_proxy_fence(Warp&, const Op*);
/// Bulk copies tell the checks themselves (check/bulk.h).
const Op* checked_bulk(Warp&, const Op*);
const Op* checked_call(Warp&, const Op*);

}  // namespace ptxvm
