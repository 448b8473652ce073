// The checked handlers: look, run the op, look again.
#include <algorithm>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/check/init.h"
#include "reference/ptxvm/check/instrument.h"
#include "reference/ptxvm/check/races.h"
#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/check/sources.h"
#include "reference/ptxvm/check/units.h"
#include "reference/ptxvm/check/views.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

bool races(const Warp& warp) { return warp.cta->checks->grid.which.race; }

/// What the async proxy may read.
void note_threads(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  if (!warp.cta->checks->by_threads.empty()) written_by_threads(warp, op, c, r);
}

uint32_t first_value(Warp& warp, uint32_t operand) {
  return operand == kNoOperand ? 0 : lanes<uint32_t>(warp, operand)[std::countr_zero(warp.mask)];
}

/// Lanes of a cp.async that read nothing.
uint32_t without_source(Warp& warp, const Op* op) {
  if (op->d == kNoOperand) return 0;
  if (op->narrow_address & kPredicateSource) return predicate(warp, op->d);
  uint32_t none = 0;
  each_of(warp.mask,
          [&](uint32_t lane) { none |= uint32_t(!lanes<uint32_t>(warp, op->d)[lane]) << lane; });
  return none;
}

void begin_pending(Warp& warp, const CheckedOp& c, const Request& to) {
  CtaChecks& checks = *warp.cta->checks;
  each_of(to.shared.mask, [&](uint32_t lane) {
    const uint64_t record =
        warp_record::of(0, 0, warp.cta->rank, {15, c.number, warp.index * kLanes + lane});
    const uint64_t first = to.shared.address(lane) / 4;
    for (uint64_t word = first; word < first + to.bytes / 4; ++word) {
      checks.pending_words += checks.pending[word] == 0;
      checks.pending[word] = record;
    }
  });
}

/// bar.sync is for whole warps: all lanes that have not ended, at the same instruction.
void check_convergence(Warp& warp, const Op* op, CtaChecks& checks, uint32_t id) {
  checks.check_whole(warp, op, id);
  auto& by = checks.barriers[id].by;
  if (by.empty()) return;
  const Op*& earlier = by[warp.index];
  if (earlier && earlier != op) {
    const CheckedOp& other = warp.level->code->checked[size_t(
        std::clamp<std::ptrdiff_t>(earlier - warp.level->code->ops.data(), 0,
                                   std::ptrdiff_t(warp.level->code->ops.size()) - 1))];
    report(
        warp, op, TrapKind::barrier_misuse, -1,
        "barrier " + std::to_string(id) +
            " is waited for at two places by lanes of one warp: it must not be in divergent code",
        std::nullopt, party_of(warp.cta->grid, other.number, warp.cta->linear, warp.index * kLanes),
        other.number);
  }
  earlier = op;
}

void check_member_masks(Warp& warp, const Op* op) {
  if (op->a == kNoOperand) return;
  const uint32_t* masks = lanes<uint32_t>(warp, op->a);
  const auto first = uint32_t(std::countr_zero(warp.mask));
  each_of(warp.mask, [&](uint32_t lane) {
    const bool overlap = masks[lane] >> first & 1 || masks[first] >> lane & 1;
    if (masks[lane] != masks[first] && overlap)
      report(warp, op, TrapKind::barrier_misuse, int(lane),
             "__syncwarp with mask " + hex(masks[lane]) + ", but lane " + std::to_string(first) +
                 " comes with mask " + hex(masks[first]));
  });
}

}  // namespace

const Op* checked_load(Warp& warp, const Op* op) {
  const CheckedOp& c = checked(warp, op);
  const Request r = request_of(warp, op, c);  // now: the address may be the destination
  check_pending(warp, op, r, false);
  const Op* next = c.body(warp, op);
  if (!c.acquires) {
    check_reads(warp, op, c, r);
  } else {
    check_written(warp, op, c, r);
    if (races(warp)) acquire(warp, op, r);
  }
  return next;
}

namespace {

/// `fences`: it is a release, where it orders anything.
const Op* store(Warp& warp, const Op* op, bool fences) {
  const CheckedOp& c = checked(warp, op);
  const Request r = request_of(warp, op, c);
  check_pending(warp, op, r, true);
  if (races(warp)) c.releases ? release(warp, op, r, fences) : check_race_of_writes(warp, op, c, r);
  const Op* next = c.body(warp, op);
  if (races(warp) && !c.releases) check_lanes_agree(warp, op, c, r);
  mark_written(warp, op, r);
  note_threads(warp, op, c, r);
  return next;
}

const Op* atomic(Warp& warp, const Op* op, bool fences) {
  const CheckedOp& c = checked(warp, op);
  const Request r = request_of(warp, op, c);
  if (races(warp)) release(warp, op, r, fences);
  const Op* next = c.body(warp, op);
  check_written(warp, op, c, r);
  mark_written(warp, op, r);
  note_threads(warp, op, c, r);
  if (races(warp) && c.acquires) acquire(warp, op, r);
  return next;
}

}  // namespace

const Op* checked_store(Warp& warp, const Op* op) { return store(warp, op, true); }
const Op* checked_relaxed_store(Warp& warp, const Op* op) { return store(warp, op, false); }
const Op* checked_atomic(Warp& warp, const Op* op) { return atomic(warp, op, true); }
const Op* checked_relaxed_atomic(Warp& warp, const Op* op) { return atomic(warp, op, false); }

const Op* checked_fence(Warp& warp, const Op* op) {
  fence_block(*warp.cta->checks);
  return checked_collective(warp, op);
}

namespace {

/// A cp.async as the store that it is to shared memory.
CheckedOp destination_of(const CheckedOp& c) {
  CheckedOp to = c;
  to.space = ptx::Space::shared;
  to.lanes = 32;
  return to;
}
Op target_of(const Op* op) {
  Op target = *op;
  target.narrow_address &= 1;
  return target;
}

}  // namespace

const Op* checked_guarded_copy(Warp& warp, const Op* op) {
  const CheckedOp& c = checked(warp, op);
  const uint32_t on = predicate(warp, op->guard) ^ (op->guard_negated ? kFullMask : 0);
  if (const uint32_t left_out = warp.mask & ~on; left_out && warp.cta->checks->grid.which.init) {
    const Op target = target_of(op);
    mark_written(warp, op, request_of(warp, &target, destination_of(c), left_out));
  }
  return isa().run_guarded(warp, op);
}

const Op* checked_async_copy(Warp& warp, const Op* op) {
  const CheckedOp& c = checked(warp, op);
  CheckedOp destination = destination_of(c);
  const Op target = target_of(op);
  Op source = *op;
  const uint32_t* displacement = op->more + op->count - 2;
  source.a = op->b;
  source.imm = int64_t(displacement[0] | uint64_t{displacement[1]} << 32);
  source.narrow_address = op->narrow_address >> 1 & 1;
  const Request from = request_of(warp, &source, c, warp.mask & ~without_source(warp, op), 1);
  const Request to = request_of(warp, &target, destination);
  check_pending(warp, op, to, true);
  const Op* next = c.body(warp, op);
  check_reads(warp, op, c, from);
  if (races(warp)) {
    destination.reads = destination.writes = true;  // what it writes is in no register
    check_race_of_writes(warp, op, destination, to);
  }
  begin_pending(warp, c, to);
  mark_written(warp, op, to);
  return next;
}

namespace {

/// Which lane accesses which element is not specified: the first lanes stand for the pieces.
struct Pieces {
  CheckedOp c;
  Request r;
  Pieces(Warp& warp, const Op* op, bool shared, const uint64_t* addresses, uint32_t count,
         uint32_t bytes, bool writes)
      : c(checked(warp, op)) {
    c.reads = true;
    c.writes = writes;
    c.computed = 1;
    c.elements = 1;
    c.bytes = uint8_t(std::min(bytes, 128u));
    r.bytes = bytes;
    const uint32_t mask = count == uint32_t(kLanes) ? kFullMask : (1u << count) - 1;
    Footprint& footprint = warp.cta->checks->mixed[0];
    footprint.learn(addresses, mask, bytes, 0, 0);  // which the op has found to be inside
    (shared ? r.shared : r.global) = {mask, &footprint, addresses[0]};
  }
};

}  // namespace

void check_rows(Warp& warp, const Op* op, bool shared, uint64_t first, uint64_t rows,
                uint64_t bytes, uint64_t pitch, bool writes) {
  uint64_t addresses[kLanes];
  const auto count = uint32_t(std::min<uint64_t>(rows, kLanes));
  for (uint64_t row = 0; row < count; ++row) addresses[row] = first + row * pitch;
  advance(warp);
  const Pieces pieces(warp, op, shared, addresses, count, uint32_t(bytes), writes);
  check_pending(warp, op, pieces.r, writes);
  if (!writes) return check_reads(warp, op, pieces.c, pieces.r);
  if (races(warp)) check_race_of_writes(warp, op, pieces.c, pieces.r);
  mark_written(warp, op, pieces.r);
  note_threads(warp, op, pieces.c, pieces.r);
}

void check_units(Warp& warp, const Op* op, const uint32_t* offsets, uint32_t count,
                 uint32_t bytes) {
  if (!warp.cta->checks) return;
  uint64_t addresses[kLanes];
  std::copy_n(offsets, count, addresses);
  const Pieces pieces(warp, op, true, addresses, count, bytes, false);
  check_pending(warp, op, pieces.r, false);
  check_written(warp, op, pieces.c, pieces.r);
  if (!races(warp)) return;
  // Who writes there next must be behind the wait, whatever is behind the issue.
  CtaChecks& checks = *warp.cta->checks;
  Shadow shadow = checks.shared;
  shadow.unwritten = nullptr;
  const WarpView eye(warp);
  eye.me.dirty = true;
  read(warp, op, pieces.c, bytes, pieces.r.shared, eye, shadow, false);
  product_reads(warp, op, pieces.r.shared, bytes);
  for (uint32_t i = 0; i < count; ++i)
    check_proxy(warp, op, -1, offsets[i] / 4, (offsets[i] + bytes) / 4);
}

const Op* checked_collective(Warp& warp, const Op* op) {
  const Op* next = checked(warp, op).body(warp, op);
  if (next) advance(warp);
  return next;
}

const Op* checked_warp_sync(Warp& warp, const Op* op) {
  if (warp.cta->checks->grid.which.sync) check_member_masks(warp, op);
  return checked_collective(warp, op);
}

const Op* checked_barrier(Warp& warp, const Op* op) {
  const CheckedOp& c = checked(warp, op);
  CtaChecks& checks = *warp.cta->checks;
  const uint32_t id = first_value(warp, op->a);
  if (id >= kBarriers) return c.body(warp, op);  // which says so
  if (checks.grid.which.sync && c.computed) check_convergence(warp, op, checks, id);
  CtaChecks::BarrierState& barrier = checks.barriers[id];
  CtaChecks::WarpState& me = checks.warps[warp.index];
  barrier.clock = std::max(barrier.clock, me.clock);
  const Op* next = c.body(warp, op);
  if (next && c.acquires) me.clock = std::max(me.clock, barrier.opened);
  if (!c.acquires) ++me.clock;  // what follows was not there when others pass
  advance(warp);
  return next;
}

const Op* checked_cluster_barrier(Warp& warp, const Op* op) {
  const CheckedOp& c = checked(warp, op);
  if (!races(warp)) return c.body(warp, op);
  if (!c.acquires) {
    arrive_at_cluster(warp);
    return c.body(warp, op);
  }
  const uint32_t waiting = warp.mask;  // of which some may go on and some come back
  const Op* next = c.body(warp, op);
  pass_cluster(warp, waiting);
  return next;
}

const Op* checked_bulk(Warp& warp, const Op* op) { return checked(warp, op).body(warp, op); }

const Op* checked_mbarrier(Warp& warp, const Op* op) {
  const CheckedOp& c = checked(warp, op);
  const Request r = request_of(warp, op, c);
  if (races(warp) && c.releases) release(warp, op, r, true);
  const Op* next = c.body(warp, op);
  mark_written(warp, op, r);
  if (races(warp) && c.acquires) acquire(warp, op, r);
  return next;
}

const Op* checked_call(Warp& warp, const Op* op) {
  const Frame* caller = warp.level;
  const Op* next = checked(warp, op).body(warp, op);
  if (warp.level == caller) return next;
  CtaChecks& checks = *warp.cta->checks;
  if (checks.grid.which.init) forget_local(warp);
  checks.warps[warp.index].products.entered(warp.level->depth);
  return next;
}

}  // namespace ptxvm
