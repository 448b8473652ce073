// Each lane's bytes on the host, for accesses that go lane by lane: atomics, ordered loads and
// stores.
#pragma once

#include "reference/ptxvm/pattern.h"

namespace ptxvm {

/// Fills `at` for the running lanes, checked and counted; returns those whose address is in global
/// or shared memory (the others are local, through generic addresses).
uint32_t resolve(Warp&, const Op*, ptx::Space, MemoryAccess, std::byte* at[kLanes]);

/// Does a place that resolve() gave lie in shared memory, the block's or its cluster's?
bool is_shared(const Warp&, const std::byte* place);

/// This access may be waiting for another thread: the turn ends sooner.
void count_spin(Warp&);

}  // namespace ptxvm
