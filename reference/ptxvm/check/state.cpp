#include "reference/ptxvm/check/state.h"

#include <algorithm>
#include <bit>

#include "reference/ptxvm/check/instrument.h"
#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/text.h"
#include "reference/ptxvm/where.h"

namespace ptxvm {

CtaChecks::CtaChecks(const Cta& cta, GridChecks& grid_)
    : grid(grid_),
      warps(cta.warps.size()),
      scans(*isa().scans),
      footprints_(2 * cta.grid.program->checked.size()) {
  const size_t words = cta.shared_bytes / 4 + 1 + kPadding;
  if (grid.which.init) unwritten_.resize(words);
  if (grid.which.race) {
    writes_.resize(words);
    reads_.resize(words);
  }
  pending.resize(words);
  if (grid.which.race && cta.grid.program->reads_asynchronously) {
    reading.resize(words);
    by_threads.resize(words);
  }
  shared = {grid.which.init ? unwritten_.data() : nullptr,
            grid.which.race ? writes_.data() : nullptr, grid.which.race ? reads_.data() : nullptr};
}

void CtaChecks::start(const Cta& cta) {
  std::fill(unwritten_.begin(), unwritten_.end(), uint8_t{15});
  if (!unwritten_.empty() && cta.grid.system_shared)  // zero when a block starts
    std::fill_n(unwritten_.begin() + cta.grid.system_shared / 4, kSystemShared / 4, uint8_t{0});
  if (pending_words) std::fill(pending.begin(), pending.end(), 0);
  pending_words = 0;
  uint32_t latest = 0, most = 0;
  for (const WarpState& warp : warps) {
    latest = std::max(latest, warp.clock);
    most = std::max(most, warp.syncs);
  }
  uint32_t left = uint32_t(cta.grid.block.count());
  for (WarpState& warp : warps) {
    warp.clock = latest + 1;  // what the storage's last block left behind is old
    warp.syncs = most + 1;
    warp.dirty = false;
    warp.products = {};
    warp.proxy_fence = {};
    warp.threads = left >= uint32_t(kLanes) ? kFullMask : (1u << left) - 1;
    left -= std::min<uint32_t>(left, kLanes);
    std::fill(warp.local.begin(), warp.local.end(), uint8_t{15});
  }
  for (BarrierState& barrier : barriers) barrier.by.assign(warps.size(), nullptr);
  clock = fenced = 0;
  dirty = fence_seen = met_unfenced = false;
  from_peer_blocks = at_cluster[0].blocks = at_cluster[1].blocks = 0;
  bulk.clear();
  copies.clear();
  if (reads_begun) std::fill(reading.begin(), reading.end(), 0);
  reads_begun = false;
  std::fill(by_threads.begin(), by_threads.end(), 0);
  if (cta.cluster) return restart();  // all its blocks' clocks begin alike
  if (latest > warp_record::kMaxClock / 2 || most > warp_record::kMaxSyncs / 2) restart();
}

void CtaChecks::restart() {
  std::fill(writes_.begin(), writes_.end(), 0);
  std::fill(reads_.begin(), reads_.end(), 0);
  std::fill(by_threads.begin(), by_threads.end(), 0);
  std::fill(std::begin(published), std::end(published), 0u);
  for (WarpState& warp : warps) {
    warp.clock = warp.syncs = 1;
    warp.dirty = false;
    warp.products.groups.restart();
    warp.proxy_fence = {};
  }
  for (BarrierState& barrier : barriers) barrier.clock = barrier.opened = 0;
  for (Bulk& copy : bulk) copy.record = 0;
  for (AsyncGroups& groups : copies) groups.restart();
  at_cluster[0].warps = at_cluster[1].warps = 0;
}

void advance(Warp& warp) {
  Cta& cta = *warp.cta;
  CtaChecks::WarpState& me = cta.checks->warps[warp.index];
  ++me.syncs;
  if (me.clock < warp_record::kMaxClock - 2 && me.syncs < warp_record::kMaxSyncs - 2) [[likely]]
    return;
  cta.checks->restart();
  if (!cta.cluster) return;
  for (Cta* block : cta.cluster->blocks)
    if (block) block->checks->restart();
}

uint64_t block_of_rank(const Cta& cta, uint32_t rank) {
  if (rank == cta.rank) return cta.linear;
  const Dim3 &size = cta.grid.cluster, &id = cta.block_id, &all = cta.grid.grid;
  const uint64_t x = id.x / size.x * size.x + rank % size.x;
  const uint64_t y = id.y / size.y * size.y + rank / size.x % size.y;
  const uint64_t z = id.z / size.z * size.z + rank / size.x / size.y;
  return x + all.x * (y + all.y * z);
}

void CtaChecks::opened(Cta& cta, uint32_t id) {
  BarrierState& barrier = barriers[id];
  barrier.opened = barrier.clock + 1;
  std::fill(barrier.by.begin(), barrier.by.end(), nullptr);
  for (Warp& warp : cta.warps) {
    for (uint32_t i = 0; i < warp.split_count; ++i) {
      const Split& split = warp.splits[i];
      if (split.waiting != Stop::barrier || split.barrier != id) continue;
      const Op* op = split.pc - 1;
      const Code& code = *split.level->code;
      const bool ended = warps[warp.index].threads & ~warp.alive;
      if (grid.which.sync && ended && code.checked[size_t(op - code.ops.data())].computed) {
        Warp waiting = warp;  // as it came to the barrier
        waiting.mask = split.mask;
        waiting.level = split.level;
        check_whole(waiting, op, id);
      }
      WarpState& state = warps[warp.index];
      state.clock = std::max(state.clock, barrier.opened);
      ++state.syncs;
    }
  }
}

void CtaChecks::check_whole(Warp& warp, const Op* op, uint32_t id) {
  const uint32_t ended = warps[warp.index].threads & ~warp.alive;
  if (ended)
    report(warp, op, TrapKind::barrier_misuse, -1,
           "barrier " + std::to_string(id) + " is waited for by a part of a warp: lanes " +
               hex(ended) + " have ended");
}

void CtaChecks::arrived(uint32_t offset, uint32_t bytes) {
  for (uint32_t word = offset / 4; word < (offset + bytes) / 4; ++word) {
    pending_words -= pending[word] != 0;
    pending[word] = 0;
  }
}

Party party_of(const Grid& grid, uint32_t op, uint64_t block, uint32_t thread) {
  Party party;
  if (op && op < grid.program->checked.size()) {
    const auto& [code, at] = grid.program->checked[op];
    party = party_at(*code, *at);
  }
  party.block = {uint32_t(block % grid.grid.x), uint32_t(block / grid.grid.x % grid.grid.y),
                 uint32_t(block / grid.grid.x / grid.grid.y)};
  party.thread = {thread % grid.block.x, thread / grid.block.x % grid.block.y,
                  thread / grid.block.x / grid.block.y};
  return party;
}

void report(Warp& warp, const Op* op, TrapKind kind, int lane, const std::string& detail,
            std::optional<Place> where, std::optional<Party> other, uint32_t other_op) {
  const Trap trap = fault(warp, op, kind, lane, detail, std::move(where), std::move(other));
  GridChecks& grid = *warp.cta->grid.checks;
  if (!grid.which.only_report) throw trap;
  const std::lock_guard lock(grid.reporting);
  const uint64_t what = uint64_t(kind) << 32 | checked(warp, op).number;
  if (grid.reported.emplace(what, other_op).second) grid.findings(trap);
}

}  // namespace ptxvm
