// Copies to shared memory that threads have begun and not waited for (cp.async, PTX ISA 9.0,
// section 9.7.9.25.3). The source is read when the copy begins; the destination changes when the
// thread waits for it, or when somebody looks at the mbarrier that it was made to arrive at: as
// late as may be, so that a program that forgets to wait finds the old bytes, every time.
#pragma once

#include <memory>
#include <vector>

#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// One cp.async of some lanes of a warp, or one arrival that follows it.
struct AsyncCopy {
  uint32_t mask;               // lanes that it is pending for
  uint32_t group;              // of those lanes, counted from the start of the block
  uint32_t bytes;              // 0: an arrival
  uint32_t to[kLanes];         // offset in shared memory: destination, or mbarrier object
  std::byte data[kLanes][16];  // what will be written
};

class AsyncCopies {
 public:
  /// No copies of any of the block's warps.
  void reset(size_t warps);
  /// A copy to fill in, for begin().
  AsyncCopy& next(const Warp&);
  /// The copy that next() gave is pending.
  void begin(const Warp&);
  void commit(const Warp&);
  /// Performs the running lanes' groups but the latest `keep`.
  void wait(Warp&, const Op*, uint32_t keep);
  /// When all copies that the running lanes began are done, they arrive at `to[lane]`.
  void arrive_when_done(Warp&, const Op*, const uint32_t* to);
  /// Somebody looks at the object at `offset`: what will arrive there does so now.
  void settle(Warp&, const Op*, uint32_t offset);

 private:
  struct Queue {  // of one warp
    uint32_t committed[kLanes];
    std::vector<AsyncCopy*> pending, free;  // in the order that they began; `next` is free.back()
  };
  AsyncCopy& fresh(Queue&);
  void perform(Warp&, const Op*, AsyncCopy&, uint32_t lanes);
  void forget_done(Queue&);

  std::vector<Queue> queues_;
  std::vector<std::unique_ptr<AsyncCopy>> all_;
};

}  // namespace ptxvm
