// Releases and acquires: how the clocks of warps and blocks advance.
#include <algorithm>

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

template <class F>
void each_place(const Request& r, F f) {
  uint64_t last = ~uint64_t{0};  // lanes mostly share one
  const auto visit = [&](uint64_t address, bool shared) {
    const uint64_t hash = hashed(address, shared);
    if (hash == last) return;
    last = hash;
    f(hash, shared);
  };
  each_of(r.global.mask, [&](uint32_t lane) { visit(r.global.address(lane), false); });
  each_of(r.shared.mask, [&](uint32_t lane) { visit(r.shared.address(lane), true); });
}

/// The clock to publish: what was done since it was published last belongs to the current one, else
/// the one before says it all.
uint32_t published_clock(uint32_t& clock, bool& dirty) {
  if (dirty) ++clock;
  dirty = false;
  return clock - 1;
}

void restart_if_full(CtaChecks& checks, const CtaChecks::WarpState& me) {
  if (me.clock >= warp_record::kMaxClock - 1 || me.syncs >= warp_record::kMaxSyncs - 1)
    checks.restart();
}

}  // namespace

void release(Warp& warp, const Request& r) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  const uint32_t clock = published_clock(me.clock, me.dirty);
  if (r.global && checks.clock == 0) checks.dirty = true;  // so that there is a clock before it
  const uint32_t block_clock = r.global ? published_clock(checks.clock, checks.dirty) : 0;
  each_place(r, [&](uint64_t hash, bool shared) {
    uint32_t& place = checks.published[local_place(hash)];
    place = std::max(place, clock);
    if (!shared) raise_to(checks.grid.published[global_place(hash)], block_clock + 1);
  });
  ++me.syncs;
  restart_if_full(checks, me);
}

void acquire(Warp& warp, const Request& r) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  bool others = false;
  each_place(r, [&](uint64_t hash, bool shared) {
    me.clock = std::max(me.clock, checks.published[local_place(hash)] + 1);
    if (shared) return;
    // Published plus one, so that 0 is none.
    const uint32_t clock = checks.grid.published[global_place(hash)].load();
    if (clock <= checks.clock) return;
    checks.clock = clock;
    others = true;
  });
  // What another block knew may come from a warp of this one.
  if (others)
    for (const CtaChecks::WarpState& state : checks.warps)
      me.clock = std::max(me.clock, state.clock + 1);
  ++me.syncs;
  restart_if_full(checks, me);
}

}  // namespace ptxvm
