// What the addresses of one request mean: bounds, sectors, bank conflicts. Handlers ask only when
// an op's addresses do not lie as they did the last time (Site).
//
// Shared memory has 32 banks of 4 bytes that each give one word per pass; lanes that want the same
// word share it (CUDA C++ Programming Guide, compute capability 5.x and later, "Shared memory"). A
// request of at most 4 bytes a lane is one group of lanes; of 8 bytes, each half warp is a group of
// its own, of 16 bytes, each quarter. A group takes as many passes as the busiest bank has distinct
// words, one at least; the ideal is one pass for each group that has active lanes.
#pragma once

#include "reference/ptxvm/warp.h"
#include "reference/ptxvm/worker.h"

namespace ptxvm {

struct MemoryAccess {
  uint32_t bytes;      // per lane, all elements of a vector
  bool reads, writes;  // an atomic does both
};

/// Learns the pattern of the running lanes: op->a and op->imm minus `bias`. Throws Trap if a lane
/// is out of bounds or misaligned.
void learn_global(Warp&, const Op*, Site&, MemoryAccess);
void learn_shared(Warp&, const Op*, Site&, MemoryAccess, uint64_t bias);

/// Sectors that the learned request touches if its base is `offset` bytes into a sector; kept in
/// site.units.
uint32_t count_sectors(Site&, uint32_t offset, uint32_t bytes);

/// Lists the sectors that the learned request touches if its base is `offset` bytes into a sector,
/// in site.runs.
void list_runs(Site&, uint32_t offset, uint32_t bytes);

/// Passes over the banks that the learned request takes if its base is `base`; kept in site.units
/// and site.ideal.
uint32_t count_wavefronts(Site&, uint64_t base, uint32_t bytes);

/// Marks sectors first touched in this launch, and tells whoever wants every access
/// (MemoryView::epoch). Range: all sectors from `first` to `last`.
void mark_range(Worker&, uint64_t first, uint64_t last, MemoryAccess);
void mark_lanes(Worker&, const Site&, uint64_t base, MemoryAccess);

/// Running lanes by the window that their generic address lies in.
struct Spaces {
  uint32_t global = 0, shared = 0, local = 0, param = 0;
  uint32_t peer = 0;  // shared memory of a block of the cluster that the address names
};
Spaces spaces_of(Warp&, const Op*);

/// A base register's value plus the displacement. Addresses of 32 bits wrap around: compilers put
/// the positive part of a negative index into the displacement.
inline uint64_t displaced(const Op* op, uint64_t base) {
  const uint64_t address = base + uint64_t(op->imm);
  return op->narrow_address ? uint32_t(address) : address;
}

/// The address of one lane: op->a plus op->imm.
inline uint64_t lane_address(Warp& warp, const Op* op, uint32_t lane) {
  if (op->a == kNoOperand) return uint64_t(op->imm);
  return displaced(op, op->narrow_address ? lanes<uint32_t>(warp, op->a)[lane]
                                          : lanes<uint64_t>(warp, op->a)[lane]);
}

}  // namespace ptxvm
