// Calls and returns of split warps: every call of some lanes is a level of its own.
#include <bit>
#include <cstring>

#include "reference/ptxvm/builtin.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/schedule.h"

namespace ptxvm {
namespace {

uint32_t word(const std::byte* registers, const ParamSlot& slot, uint32_t k, uint32_t lane) {
  if (slot.is_register && slot.bytes == 8)
    return reinterpret_cast<const uint32_t*>(registers + slot.offset)[2 * lane + k];
  return reinterpret_cast<const uint32_t*>(registers + slot.offset)[k * kLanes + lane];
}

void set_word(std::byte* registers, const ParamSlot& slot, uint32_t k, uint32_t lane,
              uint32_t value) {
  if (slot.is_register && slot.bytes == 8)
    reinterpret_cast<uint32_t*>(registers + slot.offset)[2 * lane + k] = value;
  else
    reinterpret_cast<uint32_t*>(registers + slot.offset)[k * kLanes + lane] = value;
}

void pass(const std::byte* from, const std::vector<ParamSlot>& source, std::byte* to,
          const std::vector<ParamSlot>& target, uint32_t mask) {
  const size_t n = std::min(source.size(), target.size());
  for (size_t i = 0; i < n; ++i) {
    if (source[i].offset == kNoOperand || target[i].offset == kNoOperand) continue;  // `_`
    const uint32_t words = (std::min(source[i].bytes, target[i].bytes) + 3) / 4;
    for (uint32_t k = 0; k < words; ++k)
      for (uint32_t m = mask; m; m &= m - 1) {
        const auto lane = uint32_t(std::countr_zero(m));
        set_word(to, target[i], k, lane, word(from, source[i], k, lane));
      }
  }
}

void go_to(Warp& warp, Frame* level) {
  warp.level = level;
  warp.frame = level->registers;
  warp.sites = level->sites;
  warp.blocks = level->blocks;
}

/// The function that the first lane calls; lanes that call another one take their turn at this op
/// later.
const Code& indirect_target(Warp& warp, const Op* op) {
  const auto* address = lanes<uint64_t>(warp, op->a);
  const uint64_t target = address[std::countr_zero(warp.mask)];
  const auto& known = warp.cta->grid.program->by_address;
  const auto found = known.find(target);
  if (found == known.end())
    raise(warp, op, TrapKind::illegal_instruction, -1, "an indirect call to what is no function");
  uint32_t others = 0;
  for (uint32_t m = warp.mask; m; m &= m - 1)
    if (address[std::countr_zero(m)] != target) others |= m & -m;
  if (others) set_aside(warp, op, warp.level, others);
  warp.mask &= ~others;
  return *found->second;
}

}  // namespace

uint64_t argument(const Warp& warp, const ParamSlot& slot, uint32_t lane) {
  uint64_t value = word(warp.frame, slot, 0, lane);
  if (slot.bytes > 4) value |= uint64_t{word(warp.frame, slot, 1, lane)} << 32;
  return value;
}

void set_result(const Warp& warp, const ParamSlot& slot, uint32_t lane, uint64_t value) {
  if (slot.offset == kNoOperand) return;
  set_word(warp.frame, slot, 0, lane, uint32_t(value));
  if (slot.bytes > 4) set_word(warp.frame, slot, 1, lane, uint32_t(value >> 32));
}

const Op* call(Warp& warp, const Op* op) {
  const CallSite& site = warp.level->code->calls[size_t(op->imm)];
  if (!site.code && !site.callee.empty()) return call_builtin(warp, op, site);
  const Code& code = site.code ? *site.code : indirect_target(warp, op);
  Frame* callee = warp.cta->enter(warp, warp.cta->grid.plan(code), warp.level, op, warp.mask);
  pass(warp.frame, site.arguments, callee->registers, code.params, warp.mask);
  go_to(warp, callee);
  return code.ops.data();
}

const Op* return_lanes(Warp& warp, const Op* op, uint32_t leaving) {
  Frame* level = warp.level;
  Frame* parent = level->parent;
  if (!parent) return exit_lanes(warp, op, leaving);
  const Op* back = level->call + 1;
  pass(level->registers, level->code->returns, parent->registers,
       parent->code->calls[size_t(level->call->imm)].results, leaving);
  level->lanes &= ~leaving;
  warp.mask &= ~leaving;
  if (warp.mask) {
    set_aside(warp, back, parent, leaving);
    return op + 1;
  }
  if (!level->lanes) warp.cta->leave(warp, level);
  if (warp.split_count == 0) {
    go_to(warp, parent);
    warp.mask = leaving;
    return back;
  }
  set_aside(warp, back, parent, leaving);
  return pick(warp);
}

const Op* exit_lanes(Warp& warp, const Op* op, uint32_t leaving) {
  warp.alive &= ~leaving;
  warp.mask &= ~leaving;
  for (Frame* level = warp.level; level; level = level->parent) level->lanes &= ~leaving;
  for (Frame* level = warp.level; level->parent && !level->lanes; warp.level = level) {
    Frame* parent = level->parent;
    warp.cta->leave(warp, level);
    level = parent;
  }
  warp.cta->exited(uint32_t(std::popcount(leaving)));
  cluster_exit(warp, leaving);
  if (!warp.alive) warp.cta->left_group(warp, op);
  if (warp.mask) return op + 1;
  warp.why = Stop::exited;
  return nullptr;
}

}  // namespace ptxvm
