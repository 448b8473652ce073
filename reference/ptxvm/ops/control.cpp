// Basic blocks, guards, branches, exits and calls.
#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/schedule.h"
#include "reference/ptxvm/worker.h"

namespace ptxvm::PTXVM_ISA {
namespace {

[[gnu::always_inline]] inline uint32_t guard_bits(Warp& warp, const Op* op) {
  if (op->guard == kNoOperand) return warp.mask;
  const uint32_t bits = predicate(warp, op->guard);
  return warp.mask & (op->guard_negated ? ~bits : bits);
}

[[gnu::always_inline]] inline const Op* jump(Warp& warp, const Op* op, const Op* target) {
  if (target <= op && --warp.fuel < 0) [[unlikely]]
    return out_of_fuel(warp, target);
  return target;
}

const Op* run_bra(Warp& warp, const Op* op) {
  const uint32_t taken = guard_bits(warp, op);
  if (taken == warp.mask) return jump(warp, op, op->target);
  if (taken == 0) return op + 1;
  return diverge(warp, op, op->target, taken);
}

const Op* run_exit(Warp& warp, const Op* op) {
  const uint32_t leaving = guard_bits(warp, op);
  return leaving ? exit_lanes(warp, op, leaving) : op + 1;
}

const Op* run_ret(Warp& warp, const Op* op) {
  const uint32_t leaving = guard_bits(warp, op);
  return leaving ? return_lanes(warp, op, leaving) : op + 1;
}

const Op* run_call(Warp& warp, const Op* op) { return call(warp, op); }
const Op* run_brx(Warp& warp, const Op* op) {
  return branch_by_table(warp, op, guard_bits(warp, op));
}

const Op* run_nanosleep(Warp& warp, const Op* op) {
  warp.spins += uint32_t(kFuel / kSpinCost);
  return out_of_fuel(warp, op + 1);
}

const Op* run_fence(Warp&, const Op* op) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return op + 1;
}

const Op* run_nothing(Warp&, const Op* op) { return op + 1; }

const Op* run_trap(Warp& warp, const Op* op) {
  raise(warp, op, TrapKind::trap, -1, "the program stopped itself");
}

Selected with_guard(Handler handler) { return {.handler = handler, .reads_guard = true}; }

}  // namespace

const Op* block_entry(Warp& warp, const Op* op) {
  if (warp.split_count) [[unlikely]] {
    if (const Op* other = meet(warp, op)) return other;
  }
  BlockCount& count = warp.blocks[op->imm];
  ++count.executions;
  count.lanes += uint32_t(__builtin_popcount(warp.mask));
  return op + 1;
}

const Op* run_guarded(Warp& warp, const Op* op) {
  const uint32_t all = warp.mask, on = guard_bits(warp, op);
  if (!on) return op + 1;
  Site& site = warp.sites[op->site];
  ++site.executions;
  site.lanes += uint32_t(__builtin_popcount(on));
  Frame* const level = warp.level;
  warp.mask = on;
  const Op* next = op->body(warp, op);
  if (next != op + 1) [[unlikely]] {
    if (!next && warp.why == Stop::converge) {  // it will be executed again
      --site.executions;
      site.lanes -= uint32_t(__builtin_popcount(on));
    }
    return guard_diverted(warp, op, level, all & ~on, next);
  }
  warp.mask = all;
  return next;
}

Selected select_bra(const ptx::Instruction&) { return with_guard(run_bra); }
Selected select_brx(const ptx::Instruction&) { return with_guard(run_brx); }
Selected select_exit(const ptx::Instruction&) { return with_guard(run_exit); }
Selected select_ret(const ptx::Instruction&) { return with_guard(run_ret); }
Selected select_call(const ptx::Instruction&) { return {run_call}; }
Selected select_trap(const ptx::Instruction&) { return {run_trap}; }
Selected select_brkpt(const ptx::Instruction&) { return {run_trap}; }
Selected select_nanosleep(const ptx::Instruction&) { return {run_nanosleep}; }
Selected select_pmevent(const ptx::Instruction&) { return {run_nothing}; }
Selected select_griddepcontrol(const ptx::Instruction&) { return {run_nothing}; }
Selected select_membar(const ptx::Instruction&) { return {run_fence}; }
Selected select_fence(const ptx::Instruction&) { return {run_fence}; }

}  // namespace ptxvm::PTXVM_ISA
