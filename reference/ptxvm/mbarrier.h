// The opaque 64 bits of an mbarrier object, and what happens to them. PTX ISA 9.0, section
// 9.7.13.15.
#pragma once

#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// Pending and expected arrivals in 20 bits each, transactions in 21, the phase in 2, and a bit
/// that tells an initialised object from any other. A state that arrive returns is this word before
/// it.
struct Mbarrier {
  uint32_t pending = 0, expected = 0;
  int32_t transactions = 0;
  uint32_t phase = 0;

  static constexpr uint32_t kMaxCount = (1u << 20) - 1;
  static Mbarrier read(uint64_t word);
  uint64_t word() const;
};

struct Arrival {
  uint32_t count = 1;
  int32_t transactions = 0;  // expected in addition
  bool drops = false;        // also out of the phases that follow
  bool must_not_complete = false;
};

/// Each works on the object at `at`; lane is whom a trap names. All but init trap if the object was
/// not initialised.
void mbarrier_init(Warp&, const Op*, int lane, std::byte* at, uint32_t count);
void mbarrier_invalidate(Warp&, const Op*, int lane, std::byte* at);
/// Returns the state before.
uint64_t mbarrier_arrive(Warp&, const Op*, int lane, std::byte* at, const Arrival&);
/// tx-count plus `expected` (negative: transactions completed).
void mbarrier_transact(Warp&, const Op*, int lane, std::byte* at, int64_t expected);
/// Has the phase `state`, or the phase of this parity, completed?
bool mbarrier_passed(Warp&, const Op*, int lane, const std::byte* at, uint64_t state);
bool mbarrier_passed_parity(Warp&, const Op*, int lane, const std::byte* at, uint32_t parity);
/// One more arrival is awaited in the current phase (cp.async.mbarrier.arrive without .noinc).
void mbarrier_await_one_more(Warp&, const Op*, int lane, std::byte* at);

}  // namespace ptxvm
