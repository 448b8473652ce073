// mbarrier: barriers that are objects in shared memory. Lanes act one after the other, lowest
// first. PTX ISA 9.0, section 9.7.13.15.
#include "reference/ptxvm/ops/mbarrier.h"

#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/ops/simd.h"
#include "reference/ptxvm/schedule.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Space;

/// The second source, 1 if there is none.
uint32_t count(Warp& w, const Op* op, int lane) {
  return op->b == kNoOperand ? 1 : lanes<uint32_t>(w, op->b)[lane];
}

template <Space space, class F>
PTXVM_INLINE const Op* each_object(Warp& w, const Op* op, F f) {
  std::byte* at[kLanes];
  resolve_mbarriers(w, op, space, at);
  each_lane(w.mask, [&](int lane) { f(lane, at[lane]); });
  return op + 1;
}

template <Space space>
const Op* init(Warp& w, const Op* op) {
  return each_object<space>(
      w, op, [&](int lane, std::byte* at) { mbarrier_init(w, op, lane, at, count(w, op, lane)); });
}
template <Space space>
const Op* invalidate(Warp& w, const Op* op) {
  return each_object<space>(w, op,
                            [&](int lane, std::byte* at) { mbarrier_invalidate(w, op, lane, at); });
}
template <Space space, int sign>
const Op* transact(Warp& w, const Op* op) {
  return each_object<space>(w, op, [&](int lane, std::byte* at) {
    mbarrier_transact(w, op, lane, at, sign * int64_t{count(w, op, lane)});
  });
}

enum ArriveFlag { kDrop = 1, kNoComplete = 2, kExpect = 4 };
template <Space space, int flags>
const Op* arrive(Warp& w, const Op* op) {
  uint64_t* state = op->dst == kNoOperand ? nullptr : lanes<uint64_t>(w, op->dst);
  uint64_t before[kLanes];
  each_object<space>(w, op, [&](int lane, std::byte* at) {
    Arrival arrival;
    arrival.drops = flags & kDrop;
    arrival.must_not_complete = flags & kNoComplete;
    if (flags & kExpect)
      arrival.transactions = int32_t(count(w, op, lane));
    else
      arrival.count = count(w, op, lane);
    before[lane] = mbarrier_arrive(w, op, lane, at, arrival);
  });
  if (state) each_lane(w.mask, [&](int lane) { state[lane] = before[lane]; });
  return op + 1;
}

/// A try_wait that passes for no lane ends the warp's turn: the others have to arrive first.
template <Space space, bool by_parity, bool yields>
const Op* wait(Warp& w, const Op* op) {
  uint32_t passed = 0;
  each_object<space>(w, op, [&](int lane, std::byte* at) {
    if (at < w.cta->shared || at >= w.cta->shared + w.cta->shared_bytes)
      raise(w, op, TrapKind::invalid_address_space, lane,
            "a thread waits for an mbarrier object of its own block only");
    w.cta->async.settle(w, op, uint32_t(at - w.cta->shared));
    w.cta->bulk.settle(w, op, lane, uint32_t(at - w.cta->shared));
    const bool pass = by_parity
                          ? mbarrier_passed_parity(w, op, lane, at, lanes<uint32_t>(w, op->b)[lane])
                          : mbarrier_passed(w, op, lane, at, lanes<uint64_t>(w, op->b)[lane]);
    passed |= uint32_t(pass) << lane;
  });
  if (op->dst != kNoOperand) set_predicate(w, op->dst, passed);
  if (passed) return op + 1;
  if (!yields) {
    count_spin(w);
    return op + 1;
  }
  w.spins += uint32_t(kFuel / kSpinCost);
  return out_of_fuel(w, op + 1);
}

const Op* pending_count(Warp& w, const Op* op) {
  const uint64_t* state = lanes<uint64_t>(w, op->a);
  uint32_t result[kLanes];
  each_lane(w.mask, [&](int lane) { result[lane] = Mbarrier::read(state[lane]).pending; });
  each_lane(w.mask, [&](int lane) { lanes<uint32_t>(w, op->dst)[lane] = result[lane]; });
  return op + 1;
}

template <Space space>
Selected select_arrive(const ptx::Instruction& in) {
  const int flags = (in.has("arrive_drop") ? kDrop : 0) | (in.has("noComplete") ? kNoComplete : 0) |
                    (in.has("expect_tx") ? kExpect : 0);
  switch (flags) {
    case 0:
      return {arrive<space, 0>};
    case kDrop:
      return {arrive<space, kDrop>};
    case kNoComplete:
      return {arrive<space, kNoComplete>};
    case kDrop | kNoComplete:
      return {arrive<space, kDrop | kNoComplete>};
    case kExpect:
      return {arrive<space, kExpect>};
    case kDrop | kExpect:
      return {arrive<space, kDrop | kExpect>};
    default:
      return {};
  }
}

template <Space space>
Selected select_in(const ptx::Instruction& in) {
  if (in.has("arrive") || in.has("arrive_drop")) return select_arrive<space>(in);
  if (in.has("try_wait"))
    return {in.has("parity") ? wait<space, true, true> : wait<space, false, true>};
  if (in.has("test_wait"))
    return {in.has("parity") ? wait<space, true, false> : wait<space, false, false>};
  if (in.has("init")) return {init<space>};
  if (in.has("inval")) return {invalidate<space>};
  if (in.has("expect_tx")) return {transact<space, 1>};
  return in.has("complete_tx") ? Selected{transact<space, -1>} : Selected{};
}

}  // namespace

Selected select_mbarrier(const ptx::Instruction& in) {
  if (in.has("pending_count")) return {pending_count};
  if (in.space() == Space::shared) return select_in<Space::shared>(in);
  if (in.space() == Space::shared_cluster) return select_in<Space::shared_cluster>(in);
  return in.space() == Space::generic ? select_in<Space::generic>(in) : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
