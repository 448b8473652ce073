// Bulk copies (cp.async.bulk, cp.reduce.async.bulk; PTX ISA 9.0, section 9.7.9.25.4). The source is
// read when the copy begins. Bytes for shared memory arrive when a thread looks at the mbarrier
// that counts them: as late as may be, so that a program that forgets to wait finds the old ones.
// Bytes for global memory arrive at once, as its groups allow.
#pragma once

#include <utility>
#include <vector>

#include "reference/ptxvm/atomic.h"
#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// Bytes of shared memory, counted from where the copy's first one goes. Pieces hold the copy's
/// bytes in order: all of them in one, or swizzled (tensor_box.h).
struct BulkPiece {
  uint32_t at, bytes;
};

struct BulkCopy {
  std::byte* to;
  std::vector<std::byte> data;
  std::vector<BulkPiece> pieces;
  BulkReduction reduction;  // null: a plain copy
  uint32_t barrier;         // offset of the mbarrier object in its block's shared memory
  uint32_t transactions;    // bytes that it counts
};

/// Those that an mbarrier of this block counts, in the order that they began.
class BulkCopies {
 public:
  void reset() { pending_.clear(); }
  void begin(BulkCopy copy) { pending_.push_back(std::move(copy)); }
  /// Somebody looks at the object at `offset` of the running warp's block.
  void settle(Warp&, const Op*, int lane, uint32_t offset);

 private:
  std::vector<BulkCopy> pending_;
};

/// Does it now.
void perform_bulk(bool alone, std::byte* to, const std::byte* from, size_t bytes, BulkReduction);
/// `data` arrives in pieces at the shared address `to` of one block, or of each of `blocks`
/// (multicast: ranks, by bit), where the mbarrier at `barrier` counts it.
struct BulkArrival {
  uint64_t to, barrier;
  uint32_t blocks;
  BulkReduction reduction;
  uint32_t transactions;
};
void arrive_in_shared(Warp&, const Op*, int lane, const BulkArrival&,
                      const std::vector<std::byte>& data, const std::vector<BulkPiece>&);
/// Traps unless one allocation holds these bytes; `what` accesses them.
void check_global(Warp&, const Op*, int lane, const char* what, uint64_t address, uint32_t bytes);
/// Bytes that a copy moved to or from the shared memory of one block.
void count_shared_bytes(Warp&, const Op*, uint64_t bytes);

/// One lane's copy, checked, counted and begun.
struct BulkRequest {
  uint64_t to, from;
  uint32_t bytes;
  uint64_t barrier = 0;  // address; unused where global memory is written
  uint32_t blocks = 0;   // multicast: ranks, by bit; 0: no multicast
  BulkReduction reduction = nullptr;
  uint32_t mask = 0xffff;  // to global memory: which bytes of every 16
};
void bulk_to_shared(Warp&, const Op*, int lane, const BulkRequest&, bool from_global);
void bulk_to_global(Warp&, const Op*, int lane, const BulkRequest&);
/// Checks the source only.
void bulk_prefetch(Warp&, const Op*, int lane, const BulkRequest&);

}  // namespace ptxvm
