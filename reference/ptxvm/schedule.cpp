// Splits of a warp: reconvergence and forward progress between lanes.
//
// Lowest pc first makes lanes wait at the end of a loop or of a conditional until the others get
// there, which is where compilers put reconvergence. It would starve a lane that holds a lock while
// lanes at a lower pc spin on it: a split that uses up its turn lets all others go first.
#include "reference/ptxvm/schedule.h"

#include <bit>

#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/regroup.h"

namespace ptxvm {
namespace {

/// Should a run before b?
bool precedes(const Split& a, const Split& b) {
  if (a.level == b.level) return a.pc < b.pc;
  if (a.level->depth != b.level->depth) return a.level->depth > b.level->depth;
  return (a.mask & -a.mask) < (b.mask & -b.mask);
}

bool same_place(const Split& a, const Split& b) { return a.pc == b.pc && a.level == b.level; }

bool ready(const Warp& warp, const Split& split) {
  return split.waiting == Stop::none ||
         (split.waiting == Stop::converge && (split.members & warp.alive & ~split.mask) == 0);
}

Split running(const Warp& warp, const Op* pc) {
  Split split;
  split.pc = pc;
  split.level = warp.level;
  split.mask = warp.mask;
  return split;
}

void resume(Warp& warp, const Split& split) {
  warp.mask = split.mask;
  warp.level = split.level;
  warp.frame = split.level->registers;
  warp.sites = split.level->sites;
  warp.blocks = split.level->blocks;
}

/// `groups` more groups than came to the op execute it and what follows. At a block's entry there
/// is nothing to note: they are counted there.
void regroup(Warp& warp, const Op* op, int groups) {
  if (op->run != isa().block_entry) warp.worker->regroupings->change[op] += groups;
}

Split take(Warp& warp, uint32_t index) {
  const Split split = warp.splits[index];
  warp.splits[index] = warp.splits[--warp.split_count];
  return split;
}

/// Adds a split; one of the same kind in the same place takes its lanes in, which is false then.
bool push(Warp& warp, const Split& split) {
  for (uint32_t i = 0; i < warp.split_count; ++i) {
    Split& other = warp.splits[i];
    const bool alike = other.waiting == split.waiting && other.members == split.members &&
                       other.barrier == split.barrier;
    if (alike && same_place(other, split)) {
      other.mask |= split.mask;
      other.yielded &= split.yielded;
      return false;
    }
  }
  warp.splits[warp.split_count++] = split;
  return true;
}

/// Index of the ready split to run first, among those that have not had their turn; -1 if there is
/// none.
int first_ready(const Warp& warp) {
  int best = -1;
  for (uint32_t i = 0; i < warp.split_count; ++i) {
    const Split& split = warp.splits[i];
    if (!split.yielded && ready(warp, split) && (best < 0 || precedes(split, warp.splits[best])))
      best = int(i);
  }
  return best;
}

}  // namespace

void set_aside(Warp& warp, const Op* pc, Frame* level, uint32_t mask) {
  Split split;
  split.pc = pc;
  split.level = level;
  split.mask = mask;
  if (push(warp, split)) regroup(warp, pc, 1);
}

const Op* pick(Warp& warp) {
  int best = first_ready(warp);
  if (best < 0) {  // all had their turn: the next round
    for (uint32_t i = 0; i < warp.split_count; ++i) warp.splits[i].yielded = false;
    best = first_ready(warp);
    if (best < 0) return nullptr;
  }
  const Split split = take(warp, uint32_t(best));
  resume(warp, split);
  warp.why = Stop::none;
  if (split.waiting == Stop::converge) {  // exactly these lanes
    regroup(warp, split.pc, 1);
    return split.pc;
  }
  for (uint32_t i = 0; i < warp.split_count;) {
    if (same_place(warp.splits[i], split) && warp.splits[i].waiting == Stop::none) {
      warp.mask |= take(warp, i).mask;
      regroup(warp, split.pc, -1);
    } else {
      ++i;
    }
  }
  return split.pc;
}

const Op* meet(Warp& warp, const Op* op) {
  Split mine = running(warp, op);
  for (uint32_t i = 0; i < warp.split_count;) {
    if (same_place(warp.splits[i], mine) && warp.splits[i].waiting == Stop::none)
      mine.mask |= take(warp, i).mask;
    else
      ++i;
  }
  warp.mask = mine.mask;
  const int best = first_ready(warp);
  if (best < 0 || !precedes(warp.splits[best], mine)) return nullptr;
  push(warp, mine);
  return pick(warp);
}

const Op* diverge(Warp& warp, const Op* branch, const Op* target, uint32_t taken) {
  ++warp.sites[branch->site].divergent;
  const uint32_t stayed = warp.mask & ~taken;
  if (target > branch) {
    set_aside(warp, target, warp.level, taken);
    warp.mask = stayed;
    return branch + 1;
  }
  set_aside(warp, branch + 1, warp.level, stayed);
  warp.mask = taken;
  return --warp.fuel < 0 ? out_of_fuel(warp, target) : target;
}

const Op* branch_by_table(Warp& warp, const Op* op, uint32_t taken) {
  const auto& table = warp.level->code->tables[size_t(op->imm)];
  const auto* index = lanes<uint32_t>(warp, op->a);
  if (const uint32_t stayed = warp.mask & ~taken) set_aside(warp, op + 1, warp.level, stayed);
  const uint32_t splits = warp.split_count;
  for (uint32_t m = taken; m; m &= m - 1) {
    const uint32_t lane = uint32_t(std::countr_zero(m));
    if (index[lane] >= table.size())
      raise(warp, op, TrapKind::illegal_instruction, int(lane),
            "brx.idx beyond the end of its table");
    set_aside(warp, table[index[lane]], warp.level, 1u << lane);
  }
  if (warp.split_count > splits + 1) ++warp.sites[op->site].divergent;
  --warp.fuel;
  return pick(warp);
}

const Op* out_of_fuel(Warp& warp, const Op* op) {
  warp.why = Stop::yield;
  warp.resume = op;
  return nullptr;
}

void stop(Warp& warp, const Op* op) {
  if (warp.why == Stop::exited || warp.mask == 0) return;
  Split split = running(warp, op);
  split.waiting = warp.why == Stop::yield ? Stop::none : warp.why;
  split.yielded = warp.why == Stop::yield;
  if (split.waiting == Stop::converge) split.members = warp.members;
  if (split.waiting == Stop::barrier) split.barrier = warp.barrier;
  push(warp, split);
}

bool wait_for_members(Warp& warp, const Op* op, uint32_t members) {
  const uint32_t others = warp.mask & ~members;
  if (others == warp.mask)
    raise(warp, op, TrapKind::barrier_misuse, -1,
          "the member mask does not name the thread that executes");
  regroup(warp, op, -1);
  // Lanes with another member mask take their own turn at this op.
  if (others) set_aside(warp, op, warp.level, others);
  warp.mask &= members;
  warp.members = members;
  warp.why = Stop::converge;
  warp.resume = op;
  return false;
}

const Op* guard_diverted(Warp& warp, const Op* op, Frame* level, uint32_t kept_out,
                         const Op* next) {
  if (!kept_out) return next;
  set_aside(warp, op + 1, level, kept_out);
  if (op[1].run == isa().block_entry) return next;
  // They are the group that came to this op, and are done with it.
  regroup(warp, op, 1);
  regroup(warp, op + 1, -1);
  return next;
}

}  // namespace ptxvm
