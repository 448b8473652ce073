// An estimate of what a launch's global accesses do to a GPU's caches. Not exact, unlike the
// counters: a GPU's order of accesses, placement of blocks and replacement are not published.
//
// What is assumed, and why:
//   Blocks     block b runs on SM b % SMs, in waves of as many blocks as fit (by threads, blocks
//   and
//              shared memory; registers are ptxas's). Within an SM, warps of a block take turns
//              request by request, then blocks do, then SMs: a fixed order, whatever the number of
//              workers.
//   L1         per SM; what the blocks' shared memory leaves of the unified array. Lines of 128
//              bytes, of which only sectors that are asked for are filled (NVIDIA's description of
//              Volta's L1, forums.developer.nvidia.com/t/49571). 32 ways, least recently used goes
//              first (Accel-Sim's microbenchmarks find even more ways: 4 sets in all). Written
//              through to L2; stores do not allocate. Atomics go to L2.
//   L2         one for all SMs; 16 ways, written back, sectors; a store allocates its sector
//              without reading it (as Accel-Sim has it).
//   Launches   begin with empty caches, as under Nsight Compute's default --cache-control all, and
//              write back at their end what they left dirty.
// Not modelled: local memory, constant caches, cache hints, evictions by priority, DRAM pages.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "reference/ptxvm/sector_cache.h"
#include "reference/ptxvm/trace.h"

namespace ptxvm {

struct CacheGeometry {
  uint64_t l1_bytes = 0;  // per SM, without shared memory
  uint64_t l2_bytes = 0;
  uint32_t sms = 1;
  uint32_t resident = 1;  // blocks on an SM at a time
};

/// In sectors of 32 bytes.
struct CacheTotals {
  uint64_t l1_hits = 0;
  uint64_t l2_read = 0, l2_written = 0, l2_atomic = 0;  // asked of L2
  uint64_t l2_hits = 0;                                 // of loads and atomics
  uint64_t dram_read = 0, dram_written = 0;
};

class CacheModel {
 public:
  CacheModel(const CacheGeometry&, uint64_t blocks);
  /// What a block did, warp by warp. From any thread, blocks in any order, each once.
  void finish(uint64_t block, std::span<const WarpTrace> warps);
  /// Of the whole launch, once all blocks have finished.
  CacheTotals totals();

 private:
  using Stream = std::vector<CacheAccess>;
  using Wave = std::map<uint64_t, Stream>;  // by block
  Stream merge(std::span<const WarpTrace> warps, CacheTotals&) const;
  void replay(const Wave&);
  void access(SectorCache& l1, const CacheAccess&);

  const CacheGeometry geometry_;
  const uint64_t blocks_;
  std::mutex mutex_;
  std::map<uint64_t, Wave> waves_;  // that are not complete, or whose predecessors are not
  uint64_t next_wave_ = 0;
  std::vector<SectorCache> l1_;
  SectorCache l2_;
  CacheTotals totals_;
};

}  // namespace ptxvm
