// A resident block: shared memory, barriers, warps and their call levels. Warps run one after
// another on one worker, each until it blocks, exits or has used up its turn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reference/ptxvm/async_copy.h"
#include "reference/ptxvm/bulk_copy.h"
#include "reference/ptxvm/trace.h"
#include "reference/ptxvm/warp.h"
#include "reference/ptxvm/worker.h"

namespace ptxvm {

struct Grid;
struct Cluster;
struct CodePlan;
struct CtaChecks;

inline constexpr int kBarriers = 16;

/// Threads arrive; the barrier opens when `expected` have, or all living ones if no count was
/// given.
struct Barrier {
  uint32_t arrived = 0;
  uint32_t expected = 0;  // 0: all threads of the block
  uint32_t voters = 0,
           votes = 0;  // bar.red: threads that brought a predicate, and those whose predicate holds
};

struct AlignedDelete {
  void operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t{64}); }
};
using AlignedBytes = std::unique_ptr<std::byte[], AlignedDelete>;
AlignedBytes aligned_bytes(size_t size);

struct Cta {
  /// Storage for any block of the grid, on one worker.
  Cta(Grid&, Worker&, Site* sites, BlockCount* blocks);
  Cta(const Cta&) = delete;
  Cta& operator=(const Cta&) = delete;

  /// Makes it block number `linear` (x fastest), all threads at the entry. cluster: null where the
  /// launch has none.
  void start(uint64_t linear, std::shared_ptr<Cluster> cluster = nullptr);

  enum class Turn { finished, progress, spinning };
  /// Runs every warp that can run once. Throws Trap.
  Turn turn();
  /// One line for each warp that has not ended: where it is and what it waits for.
  std::string where() const;

  /// A new call level below `parent` for `lanes` of the warp.
  Frame* enter(Warp&, const CodePlan&, Frame* parent, const Op* call, uint32_t lanes);
  void leave(Warp&, Frame*);

  /// The running lanes arrive at a barrier. True: it is open (this was the last arrival, or nobody
  /// has to wait).
  bool arrive(Warp&, const Op*, uint32_t id, uint32_t count, uint32_t voters, bool waits);
  void exited(uint32_t threads);
  /// A warp has ended: traps if it is the last of its warp group and not all computed as many
  /// wgmma products.
  void left_group(Warp&, const Op*);
  /// The warp's threads have at least so many bytes of local memory from now on.
  void grow_local(Warp&, uint32_t bytes);

  Grid& grid;
  Worker& worker;
  Dim3 block_id;
  uint64_t linear = 0;
  std::shared_ptr<Cluster> cluster;  // null: alone, and nobody has asked (cluster.h)
  uint32_t rank = 0;                 // in the cluster
  std::byte* shared = nullptr;
  uint32_t shared_bytes = 0;
  uint32_t living = 0;      // threads that have not exited
  uint32_t idle_turns = 0;  // since any warp did more than wait for other threads
  uint64_t clock = 0;       // %clock: advances when it is read
  Barrier barriers[kBarriers];
  AsyncCopies async;
  BulkCopies bulk;
  std::vector<uint32_t> wgmmas;   // products that each warp computed for its warp group
  std::vector<WarpTrace> traces;  // by warp; empty unless the launch models caches
  std::vector<Warp> warps;
  std::shared_ptr<CtaChecks> checks;  // null: none

 private:
  struct Levels {  // of one warp
    std::vector<std::unique_ptr<Frame>> all;
    std::vector<AlignedBytes> registers;
    std::vector<std::vector<Frame*>> free;  // by Code::index
    AlignedBytes local;
  };
  void set_specials(const Warp&, const CodePlan&, Frame&) const;
  void open(uint32_t id);
  void run(Warp&);

  AlignedBytes shared_storage_;
  std::vector<Levels> levels_;
  Site* sites_;
  BlockCount* blocks_;
};

}  // namespace ptxvm
