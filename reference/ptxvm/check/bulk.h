// Bulk copies, as the checks see them: one lane reads and writes whole ranges. A copy to shared
// memory is pending from its beginning until a thread looks at the mbarrier that counts it; it
// writes then, as the thread that began it and as of when it did. Nothing here does anything
// without checks.
#pragma once

#include <cstdint>

#include "reference/ptxvm/cta.h"

namespace ptxvm {

/// A copy is about to begin that reads these bytes.
void bulk_reads_global(Warp&, const Op*, int lane, uint64_t address, uint32_t bytes);
void bulk_reads_shared(Warp&, const Op*, int lane, Cta& owner, uint32_t at, uint32_t bytes);
/// It begins to write `bytes` at `at`, from its byte `from` on. `barrier`: of the same block.
void bulk_begins(Warp&, const Op*, int lane, Cta& owner, uint32_t barrier, uint32_t at,
                 uint32_t bytes, uint32_t from, bool reduces);
/// All of it has begun.
void bulk_begun(Warp&);
/// What the object at `barrier` counts has arrived.
void bulk_arrived(Cta& owner, uint32_t barrier);
/// It wrote these bytes, from its byte `from` on.
void bulk_writes_global(Warp&, const Op*, int lane, uint64_t address, uint32_t bytes, bool reduces);

}  // namespace ptxvm
