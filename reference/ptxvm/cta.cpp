// A block's life: storage, start, turns of its warps.
#include "reference/ptxvm/cta.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "reference/ptxvm/check/state.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/schedule.h"
#include "reference/ptxvm/stack.h"

namespace ptxvm {
namespace {

constexpr uint32_t kIdleTurns = 8;  // turns of nothing but waiting before a block is set aside
constexpr uint32_t kMaxDepth = 20000;
constexpr size_t kOverhang = 512;  // vector loads may read beyond the end

void broadcast(std::byte* at, bool wide, uint64_t bits) {
  if (wide)
    std::fill_n(reinterpret_cast<uint64_t*>(at), kLanes, bits);
  else
    std::fill_n(reinterpret_cast<uint32_t*>(at), kLanes, uint32_t(bits));
}

}  // namespace

AlignedBytes aligned_bytes(size_t size) {
  auto* p = static_cast<std::byte*>(::operator new[](size, std::align_val_t{64}));
  std::memset(p, 0, size);
  return AlignedBytes(p);
}

Cta::Cta(Grid& grid_, Worker& worker_, Site* sites, BlockCount* blocks)
    : grid(grid_),
      worker(worker_),
      shared_bytes(grid_.system_shared ? grid_.system_shared + kSystemShared : grid_.shared_bytes),
      warps((grid_.block.count() + kLanes - 1) / kLanes),
      shared_storage_(aligned_bytes(shared_bytes + 2 * kOverhang)),
      levels_(warps.size()),
      sites_(sites),
      blocks_(blocks) {
  shared = shared_storage_.get() + kOverhang;
  if (grid.model) traces.resize(warps.size());
  for (uint32_t i = 0; i < warps.size(); ++i) {
    warps[i].worker = &worker;
    warps[i].cta = this;
    warps[i].index = i;
    levels_[i].free.resize(grid.plans.size());
  }
  if (grid.checks) checks = std::make_shared<CtaChecks>(*this, *grid.checks);
}

void Cta::start(uint64_t number, std::shared_ptr<Cluster> of) {
  linear = number;
  cluster = std::move(of);
  block_id = {uint32_t(number % grid.grid.x), uint32_t(number / grid.grid.x % grid.grid.y),
              uint32_t(number / grid.grid.x / grid.grid.y)};
  living = uint32_t(grid.block.count());
  rank = cluster_rank(grid, block_id);
  if (cluster) cluster->blocks[rank] = this;
  idle_turns = 0;
  clock = 0;
  std::fill(std::begin(barriers), std::end(barriers), Barrier{});
  async.reset(warps.size());
  bulk.reset();
  if (grid.system_shared) std::memset(shared + grid.system_shared, 0, kSystemShared);
  wgmmas.assign(warps.size(), 0);
  for (WarpTrace& trace : traces) trace.clear();
  if (checks) checks->start(*this);
  const CodePlan& entry = grid.plan(grid.program->entry());
  for (Warp& warp : warps) {
    const uint32_t threads = std::min<uint32_t>(kLanes, living - warp.index * kLanes);
    warp.alive = threads == kLanes ? kFullMask : (1u << threads) - 1;
    warp.mask = 0;
    warp.split_count = 0;
    if (warp.level) leave(warp, warp.level);
    warp.level = nullptr;
    Frame* frame = enter(warp, entry, nullptr, nullptr, warp.alive);
    set_aside(warp, entry.code->ops.data(), frame, warp.alive);
  }
}

Frame* Cta::enter(Warp& warp, const CodePlan& plan, Frame* parent, const Op* call, uint32_t lanes) {
  Levels& levels = levels_[warp.index];
  auto& free = levels.free[plan.code->index];
  if (free.empty()) {
    levels.registers.push_back(
        aligned_bytes(std::max<size_t>(plan.code->frame_bytes, 64) + kOverhang));
    levels.all.push_back(std::make_unique<Frame>());
    Frame& fresh = *levels.all.back();
    fresh.registers = levels.registers.back().get();
    fresh.code = plan.code;
    fresh.sites = sites_ + plan.first_site;
    fresh.blocks = blocks_ + plan.first_block;
    for (const ConstantSlot& constant : plan.code->constants)
      broadcast(fresh.registers + constant.offset, constant.wide, constant.bits);
    free.push_back(&fresh);
  }
  Frame& frame = *free.back();
  free.pop_back();
  frame.parent = parent;
  frame.call = call;
  frame.lanes = lanes;
  frame.depth = parent ? parent->depth + 1 : 0;
  frame.local_base = parent ? (parent->local_end + 15) / 16 * 16 : 0;
  frame.local_end = frame.local_base + plan.code->local_bytes;
  std::fill(std::begin(frame.local_top), std::end(frame.local_top), frame.local_end);
  if (frame.local_end > kMaxLocal || frame.depth > kMaxDepth)
    raise(warp, call, TrapKind::stack_overflow, -1, "calls are nested too deeply");
  grow_local(warp, frame.local_end);
  set_specials(warp, plan, frame);
  return &frame;
}

void Cta::leave(Warp& warp, Frame* frame) {
  levels_[warp.index].free[frame->code->index].push_back(frame);
}

void Cta::left_group(Warp& warp, const Op* op) {
  if (checks) check_committed(warp, op);
  constexpr uint32_t kGroup = 4;
  const uint32_t first = warp.index / kGroup * kGroup,
                 end = std::min(first + kGroup, uint32_t(warps.size()));
  for (uint32_t i = first; i < end; ++i) {
    if (warps[i].alive) return;  // a later one will look
    if (wgmmas[i] == wgmmas[first] && (!wgmmas[i] || end - first == kGroup)) continue;
    raise(warp, op, TrapKind::barrier_misuse, -1,
          ("wgmma takes all four warps of a warp group: warp " + std::to_string(i) + " executed " +
           std::to_string(wgmmas[i]) + ", warp " + std::to_string(first) + " " +
           std::to_string(wgmmas[first]) + ", of " + std::to_string(end - first) + " warps")
              .c_str());
  }
}

void Cta::grow_local(Warp& warp, uint32_t bytes) {
  if (bytes <= warp.local_bytes) return;
  const uint32_t rounded = (bytes + 255) / 256 * 256;
  AlignedBytes bigger = aligned_bytes(size_t{rounded} * kLanes);
  if (warp.local) std::memcpy(bigger.get(), warp.local, size_t{warp.local_bytes} * kLanes);
  levels_[warp.index].local = std::move(bigger);
  warp.local = levels_[warp.index].local.get();
  warp.local_bytes = rounded;
}

void Cta::set_specials(const Warp& warp, const CodePlan& plan, Frame& frame) const {
  for (const CodePlan::Slot& slot : plan.specials) {
    std::byte* at = frame.registers + slot.offset;
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      const uint64_t value = special_value(slot.special, *this, warp, frame, lane) + slot.addend;
      if (slot.wide)
        reinterpret_cast<uint64_t*>(at)[lane] = value;
      else
        reinterpret_cast<uint32_t*>(at)[lane] = uint32_t(value);
    }
  }
}

void Cta::run(Warp& warp) {
  warp.fuel = kFuel;
  warp.spins = 0;
  if (!traces.empty()) worker.trace = &traces[warp.index];
  const Op* op = pick(warp);
  while (op) {
    while (op) op = op->run(warp, op);
    stop(warp, warp.resume);
    if (warp.why == Stop::yield) return;
    op = pick(warp);
  }
}

Cta::Turn Cta::turn() {
  bool ran = false, progress = false;
  for (Warp& warp : warps) {
    if (!warp.alive) continue;
    warp.why = Stop::none;
    run(warp);
    if (warp.why == Stop::none) continue;  // nothing was ready
    ran = true;
    progress |= warp.why != Stop::yield || warp.spins * kSpinCost < kFuel / 2;
  }
  if (living == 0) return Turn::finished;
  if (!ran) {
    const Warp* stuck = std::find_if(warps.data(), warps.data() + warps.size(),
                                     [](const Warp& w) { return w.alive != 0; });
    Warp& warp = const_cast<Warp&>(*stuck);
    const Split& split = warp.splits[0];
    warp.level = split.level;
    warp.mask = split.mask;
    raise(warp, split.waiting == Stop::barrier ? split.pc - 1 : split.pc, TrapKind::deadlock, -1,
          ("every thread of the block waits:\n" + where()).c_str());
  }
  idle_turns = progress ? 0 : idle_turns + 1;
  return idle_turns >= kIdleTurns ? Turn::spinning : Turn::progress;
}

}  // namespace ptxvm
