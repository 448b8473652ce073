// Block barriers. Threads arrive one by one, as sm_70 and later do; a warp that arrives with all
// its living threads counts in full where a number of threads was asked for, because such numbers
// are multiples of the warp size.
#include "reference/ptxvm/barrier.h"

#include <bit>
#include <string>

#include "reference/ptxvm/check/state.h"
#include "reference/ptxvm/cta.h"

namespace ptxvm {
namespace {

/// What bar.red gives to the threads that waited.
void deliver(const Op* op, std::byte* registers, uint32_t mask, const Barrier& barrier) {
  const auto vote = BarrierVote(op->imm & 3);
  if (vote == BarrierVote::none || op->dst == kNoOperand) return;
  if (vote == BarrierVote::popc) {
    auto* result = reinterpret_cast<uint32_t*>(registers + op->dst);
    for (; mask; mask &= mask - 1) result[std::countr_zero(mask)] = barrier.votes;
    return;
  }
  const bool holds =
      vote == BarrierVote::any ? barrier.votes != 0 : barrier.votes == barrier.voters;
  auto& result = *reinterpret_cast<uint32_t*>(registers + op->dst);
  result = holds ? result | mask : result & ~mask;
}

}  // namespace

void Cta::open(uint32_t id) {
  if (checks) checks->opened(*this, id);
  for (Warp& warp : warps) {
    for (uint32_t i = 0; i < warp.split_count; ++i) {
      Split& split = warp.splits[i];
      if (split.waiting != Stop::barrier || split.barrier != id) continue;
      deliver(split.pc - 1, split.level->registers, split.mask, barriers[id]);
      split.waiting = Stop::none;
    }
  }
  barriers[id] = Barrier{};
}

bool Cta::arrive(Warp& warp, const Op* op, uint32_t id, uint32_t count, uint32_t voters,
                 bool waits) {
  if (id >= kBarriers)
    raise(warp, op, TrapKind::barrier_misuse, -1,
          ("there is no barrier " + std::to_string(id)).c_str());
  if (count % kLanes != 0)
    raise(warp, op, TrapKind::barrier_misuse, -1,
          ("a barrier for " + std::to_string(count) + " threads: not a multiple of 32").c_str());
  Barrier& barrier = barriers[id];
  if (barrier.arrived && barrier.expected != count) {
    const std::string text = "barrier " + std::to_string(id) + ": this thread expects " +
                             std::to_string(count) + " threads, earlier arrivals " +
                             std::to_string(barrier.expected) + " (0: all)";
    raise(warp, op, TrapKind::barrier_misuse, -1, text.c_str());
  }
  ++worker.barriers;
  const auto here = uint32_t(std::popcount(warp.mask));
  barrier.expected = count;
  barrier.arrived += count && warp.mask == warp.alive ? kLanes : here;
  barrier.voters += here;
  barrier.votes += uint32_t(std::popcount(voters & warp.mask));
  if (barrier.arrived < (count ? count : living)) return !waits;
  deliver(op, warp.frame, warp.mask, barrier);
  open(id);
  return true;
}

void Cta::exited(uint32_t threads) {
  living -= threads;
  for (uint32_t id = 0; id < kBarriers; ++id) {
    const Barrier& barrier = barriers[id];
    if (barrier.arrived && !barrier.expected && barrier.arrived >= living) open(id);
  }
}

const Op* barrier(Warp& warp, const Op* op, uint32_t id, uint32_t count, uint32_t voters,
                  bool waits) {
  if (warp.cta->arrive(warp, op, id, count, voters, waits)) return op + 1;
  warp.why = Stop::barrier;
  warp.barrier = uint8_t(id);
  warp.resume = op + 1;
  return nullptr;
}

}  // namespace ptxvm
