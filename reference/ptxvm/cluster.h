// Blocks of a cluster: who they are, their barrier, and their shared memory as each other's. PTX
// ISA 9.0, sections 5.1.7 (shared::cluster), 9.7.9.26 (mapa), 9.7.13.4 (barrier.cluster).
//
// A cluster's blocks live on one worker, which runs them in turn. An address in the window of
// shared::cluster is the offset in a block's shared memory plus, from kPeerShift on, the block's
// rank plus one; 0 there is the block that asks, so that its own shared addresses are addresses of
// the window as they are.
#pragma once

#include <memory>
#include <vector>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/pattern.h"

namespace ptxvm {

struct Cluster {
  struct Lanes {           // of one warp
    uint32_t arrived = 0;  // in the running phase
    uint32_t due = 0;      // arrived and have not waited
    uint32_t parity = 0;   // of the phase that a due lane arrived in
  };
  Cluster(uint32_t ranks, uint32_t warps, uint32_t threads);

  std::vector<Cta*> blocks;  // by rank; null once a block has ended
  uint32_t warps;            // of a block
  std::vector<Lanes> lanes;  // by rank and warp
  uint32_t living;           // threads that have not exited
  uint32_t arrived = 0;      // of them, in this phase
  uint32_t phase = 0;        // parity
  bool trapped = false;      // one of its blocks has: the others end too

  void complete();
};

/// The cluster of a block; of a launch without clusters one of this block alone.
Cluster& cluster_of(Cta&);
/// The running lanes arrive at the cluster's barrier.
void cluster_arrive(Warp&, const Op*);
/// The next op, or null: the lanes whose phase is not complete come back to this op.
const Op* cluster_wait(Warp&, const Op*);
/// Lanes of this warp have exited.
void cluster_exit(Warp&, uint32_t lanes);

/// The block's number in a grid of clusters, by the cluster's number and the rank within it.
uint64_t block_number(const Grid&, uint64_t cluster, uint32_t rank);
/// Its rank, x fastest.
uint32_t cluster_rank(const Grid&, const Dim3& block_id);

/// Does a generic address in the shared window name a block?
constexpr bool names_peer(uint64_t address) { return (address & 0xffffffff) >> kPeerShift != 0; }
/// The place of an address in the window of shared::cluster, generic or not. Traps if there is no
/// such block, or the place is out of bounds or misaligned.
std::byte* cluster_place(Warp&, const Op*, int lane, uint64_t address, MemoryAccess);
/// The block whose shared memory that is.
Cta& cluster_block(Warp&, const Op*, int lane, uint64_t address);

/// ld and st of the running lanes, one after the other. `bytes`: of an element.
void load_cluster(Warp&, const Op*, uint32_t bytes, bool sign_extend);
void store_cluster(Warp&, const Op*, uint32_t bytes);
/// ld and st of .shared::cluster; handler null for any other space.
Selected select_cluster_load(const ptx::Instruction&);
Selected select_cluster_store(const ptx::Instruction&);

}  // namespace ptxvm
