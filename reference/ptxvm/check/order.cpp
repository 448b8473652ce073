// Releases and acquires: how the clocks of warps and blocks advance.
#include <algorithm>
#include <bit>

#include "reference/ptxvm/check/peers.h"
#include "reference/ptxvm/check/races.h"
#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/grid.h"

namespace ptxvm {
namespace {

constexpr uint64_t kPlaceBytes = 32;  // a flag and what it is read together with are one place

/// Places in shared memory are told from those in global memory, by a number beyond any address.
uint64_t hashed(uint64_t address, bool shared) {
  return (address / kPlaceBytes + (shared ? uint64_t{1} << 58 : 0)) * 0x9E3779B97F4A7C15u;
}
uint32_t local_place(uint64_t hash) { return uint32_t(hash >> 56); }
uint32_t global_place(uint64_t hash) { return uint32_t(hash >> 50); }

void raise_to(std::atomic<uint32_t>& place, uint32_t clock) {
  uint32_t now = place.load();
  while (now < clock && !place.compare_exchange_weak(now, clock)) {
  }
}

/// f(checks of the block that the place belongs to, its hash, is it in shared memory)
template <class F>
void each_place(Warp& warp, const Op* op, const Request& r, F f) {
  uint64_t last = ~uint64_t{0};  // lanes mostly share one
  const auto visit = [&](CtaChecks& owner, uint64_t address, bool shared) {
    const uint64_t hash = hashed(address, shared);
    if (hash == last) return;
    last = hash;
    f(owner, hash, shared);
  };
  CtaChecks& mine = *warp.cta->checks;
  each_of(r.global.mask, [&](uint32_t lane) { visit(mine, r.global.address(lane), false); });
  each_of(r.shared.mask, [&](uint32_t lane) { visit(mine, r.shared.address(lane), true); });
  if (r.peers)
    each_peer(warp, op, r, [&](Cta& block, const Part& part) {
      last = ~uint64_t{0};
      each_of(part.mask, [&](uint32_t lane) { visit(*block.checks, part.address(lane), true); });
    });
}

/// The clock to publish: what was done since it was published last belongs to the current one, else
/// the one before says it all.
uint32_t published_clock(uint32_t& clock, bool& dirty) {
  if (dirty) ++clock;
  dirty = false;
  return clock - 1;
}

/// Is there anything that a release would tell others of?
bool unpublished(const CtaChecks& checks) {
  return checks.dirty || !checks.clock || checks.clock > checks.fenced;
}

void publish(CtaChecks& checks) {
  if (checks.dirty || !checks.clock) ++checks.clock;  // so that there is a clock before it
  checks.dirty = checks.fence_seen = false;
  checks.fenced = checks.clock;
}

}  // namespace

void fence_block(CtaChecks& checks) { checks.fence_seen |= unpublished(checks); }

void release(Warp& warp, const Op* op, const Request& r, bool fences) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  const uint32_t clock = published_clock(me.clock, me.dirty);
  if (r.peers || (r.global && (fences || checks.fence_seen))) publish(checks);
  const bool leaves_out = unpublished(checks);
  each_place(warp, op, r, [&](CtaChecks& owner, uint64_t hash, bool shared) {
    uint32_t& place = owner.published[local_place(hash)];
    place = std::max(place, clock);
    if (!shared) {
      raise_to(checks.grid.published[global_place(hash)], checks.fenced);
      if (leaves_out) checks.grid.unfenced[global_place(hash)].store(1, std::memory_order_relaxed);
    }
    if (&owner != &checks) owner.from_peer_blocks = std::max(owner.from_peer_blocks, checks.fenced);
  });
  advance(warp);
}

void acquire(Warp& warp, const Op* op, const Request& r) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  uint32_t latest = r.shared ? checks.from_peer_blocks : 0;  // of other blocks
  each_place(warp, op, r, [&](CtaChecks& owner, uint64_t hash, bool shared) {
    me.clock = std::max(me.clock, owner.published[local_place(hash)] + 1);
    // Published plus one, so that 0 is none.
    if (!shared) {
      latest = std::max(latest, checks.grid.published[global_place(hash)].load());
      checks.met_unfenced |= checks.grid.unfenced[global_place(hash)].load() != 0;
    }
    if (&owner != &checks) latest = std::max(latest, owner.clock + 1);
  });
  if (latest > checks.clock) {
    checks.clock = latest;
    // What another block knew may come from a warp of this one.
    for (const CtaChecks::WarpState& state : checks.warps)
      me.clock = std::max(me.clock, state.clock + 1);
  }
  advance(warp);
}

void arrive_at_cluster(Warp& warp) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  if (checks.clock == 0) checks.dirty = true;
  const uint32_t block_clock = published_clock(checks.clock, checks.dirty) + 1;
  const Cluster& cluster = cluster_of(*warp.cta);
  for (Cta* block : cluster.blocks) {
    if (!block) continue;
    auto& arrived = block->checks->at_cluster[cluster.phase];
    arrived.warps = std::max(arrived.warps, me.clock);
    arrived.blocks = std::max(arrived.blocks, block_clock);
  }
  ++me.clock;  // what follows was not there when others pass
  advance(warp);
}

void pass_cluster(Warp& warp, uint32_t waiting) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  const Cluster& cluster = cluster_of(*warp.cta);
  const uint32_t parity = cluster.lanes[warp.cta->rank * cluster.warps + warp.index].parity;
  const auto& arrived = checks.at_cluster[parity >> std::countr_zero(waiting) & 1];
  me.clock = std::max(me.clock, arrived.warps + 1);
  checks.clock = std::max(checks.clock, arrived.blocks);
  advance(warp);
}

void release_at(Warp& warp, CtaChecks& owner, uint32_t offset) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  uint32_t& place = owner.published[local_place(hashed(offset, true))];
  place = std::max(place, me.clock);
  owner.from_peer_blocks = std::max(owner.from_peer_blocks, checks.clock + 1);
}

}  // namespace ptxvm
