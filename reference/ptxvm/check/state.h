// What the checks remember while a grid runs.
//
// Order between threads is kept in Lamport clocks: one per block for global memory, one per warp
// for shared memory. Whoever releases (a barrier, an atomic, a volatile or ordered store) publishes
// its clock at that place; whoever acquires there goes beyond it. If one access happens before
// another, its clock is smaller; so an earlier access by somebody else whose clock is not smaller
// than mine is a race for certain, and what clocks cannot tell apart is not reported.
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <vector>

#include "reference/ptxvm/check/footprint.h"
#include "reference/ptxvm/check/products.h"
#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {

struct GridChecks {
  Checks which;
  Shadow global;
  uint64_t arena_begin = 0, arena_bytes = 0;

  /// Block clocks by hashed address: two places that share an entry order more, never less.
  static constexpr size_t kPlaces = 1 << 14;
  std::vector<std::atomic<uint32_t>> published = std::vector<std::atomic<uint32_t>>(kPlaces);
  /// Places where a block left out what it had not fenced.
  std::vector<std::atomic<uint8_t>> unfenced = std::vector<std::atomic<uint8_t>>(kPlaces);

  std::function<void(const Trap&)> findings;
  std::mutex reporting;
  std::set<std::pair<uint64_t, uint64_t>> reported;  // kind and op, the other op
};

struct CtaChecks {
  CtaChecks(const Cta&, GridChecks&);
  /// The block's storage is another block's now.
  void start(const Cta&);
  /// Barrier `id` lets its threads go.
  void opened(Cta&, uint32_t id);
  /// No lane of a warp whose running lanes wait at a barrier for whole warps may have ended.
  void check_whole(Warp&, const Op*, uint32_t id);
  /// A pending copy has arrived at `offset` of shared memory.
  void arrived(uint32_t offset, uint32_t bytes);

  struct WarpState {
    uint32_t clock = 1;  // order between warps
    uint32_t syncs = 1;  // order between lanes: two accesses with the same number have none
    bool dirty = false;  // accesses since the clock was published
    uint32_t threads = 0;
    std::vector<uint8_t> local;  // as Shadow::unwritten, by lane, then word
    uint32_t local_words = 0;    // of a lane
    Products products;
    struct ProxyFence {
      uint32_t clock = 0, syncs = 0;
      uint32_t lanes = 0;  // 0: there was none
    } proxy_fence;         // fence.proxy.async, the last one
  };
  struct BarrierState {
    uint32_t clock = 0, opened = 0;
    std::vector<const Op*> by;  // of each warp that arrived, since it opened last
  };

  GridChecks& grid;
  Shadow shared;
  std::vector<uint64_t>
      pending;  // by word: who began a copy that has not arrived, as a write record
  uint32_t pending_words = 0;
  bool reads_begun = false;  // some word has a record in `reading`
  std::vector<WarpState> warps;
  BarrierState barriers[kBarriers];
  static constexpr size_t kPlaces = 256;
  uint32_t published[kPlaces] = {};  // warp clocks by hashed address
  uint32_t clock = 0;                // of the block
  uint32_t fenced = 0;               // what is older than this clock was fenced and published
  bool dirty = false;
  bool fence_seen = false;        // of what was not published
  bool met_unfenced = false;      // looked at a place in GridChecks::unfenced
  uint32_t from_peer_blocks = 0;  // clocks of blocks of the cluster that released to this one
  struct {
    uint32_t warps = 0, blocks = 0;  // clocks
  } at_cluster[2];                   // of those that arrived at the cluster's barrier, by phase
  const Scans& scans;
  Footprint mixed[2];  // of requests to several spaces: global, shared

  /// What is remembered of the first or second addresses of the op of this number.
  Footprint& footprint(uint32_t number, uint32_t which) {
    std::unique_ptr<Footprint>& there = footprints_[2 * size_t{number} + which];
    if (!there) [[unlikely]]
      there = std::make_unique<Footprint>();
    const size_t next = 2 * size_t{number} + 2;  // which the op that comes next will mostly want
    if (next < footprints_.size())
      if (const Footprint* soon = footprints_[next].get()) {
        __builtin_prefetch(soon);
        __builtin_prefetch(soon->relative32);
        __builtin_prefetch(soon->relative32 + kLanes / 2);
      }
    return *there;
  }
  /// Forgets everything.
  void restart();

  /// A bulk copy that has begun and not arrived: words of this block's shared memory.
  struct Bulk {
    uint32_t barrier;  // offset of the mbarrier object that counts it
    uint32_t at, bytes;
    uint64_t record;                 // of the write
    std::vector<uint8_t> unwritten;  // by word, of what it brings
  };
  std::vector<Bulk> bulk;
  std::vector<uint8_t> carried;  // as Bulk::unwritten, by the copy that is just beginning

  std::vector<uint64_t> reading;     // by word: asynchronous work (check/sources.h); may be empty
  std::vector<uint64_t> by_threads;  // by word: a write that no proxy fence is known to follow
  std::vector<AsyncGroups> copies;   // bulk copies out of shared memory, by thread; may be empty

 private:
  std::vector<std::unique_ptr<Footprint>> footprints_;
  std::vector<uint8_t> unwritten_;
  std::vector<uint64_t> writes_, reads_;
};

/// An access of the whole warp to rows of a matrix (wmma), in shared or global memory.
void check_rows(Warp&, const Op*, bool shared, uint64_t first, uint64_t rows, uint64_t bytes,
                uint64_t pitch, bool writes);

/// A finding by `lane` (-1: the first) of the running lanes: throws Trap, or reports it once and
/// returns.
void report(Warp&, const Op*, TrapKind, int lane, const std::string& detail,
            std::optional<Place> = std::nullopt, std::optional<Party> other = std::nullopt,
            uint32_t other_op = 0);
/// The running lanes and the others of the warp are in step: what follows is after what was. Clocks
/// that have no room left begin anew, in all blocks of the cluster.
void advance(Warp&);
/// The number in the grid of the block of this rank in the cluster.
uint64_t block_of_rank(const Cta&, uint32_t rank);
/// The thread that ran the op of this number.
Party party_of(const Grid&, uint32_t op, uint64_t block, uint32_t thread);

}  // namespace ptxvm
