#include "reference/ptxvm/check/request.h"

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/pattern.h"

namespace ptxvm {

namespace {

struct Addresses {
  uint32_t global = 0, shared = 0, local = 0, peers = 0;
  bool generic = false;  // addresses in windows
  uint64_t of[kLanes];   // shared, local: offset
};

/// Each lane's own, sorted by space.
Addresses sorted(Warp& warp, const Op* op, const CheckedOp& c, uint32_t mask, uint32_t bytes) {
  Addresses a;
  const GridChecks& grid = warp.cta->checks->grid;
  const auto inside = [&](uint64_t address, uint64_t size) {
    return address < size && bytes <= size - address;
  };
  a.generic = c.space == ptx::Space::generic;
  each_of(mask, [&](uint32_t lane) {
    uint64_t& address = a.of[lane] = lane_address(warp, op, lane);
    if (address % bytes) return;
    ptx::Space space = c.space;
    const uint32_t bit = 1u << lane;
    const bool in_cluster =
        c.space == ptx::Space::shared_cluster || (a.generic && in_window(address, kSharedWindow));
    if (in_cluster && names_peer(address)) {
      a.peers |= bit;
      return;
    }
    if (c.space == ptx::Space::shared_cluster) {
      address &= 0xffffffff;
      space = ptx::Space::shared;
    }
    if (a.generic) {
      const bool shared = in_window(address, kSharedWindow),
                 local = in_window(address, kLocalWindow);
      space = shared ? ptx::Space::shared : local ? ptx::Space::local : ptx::Space::global;
      address -= shared ? kSharedWindow : local ? kLocalWindow : 0;
    }
    if (space == ptx::Space::shared)
      a.shared |= inside(address, warp.cta->shared_bytes) ? bit : 0;
    else if (space == ptx::Space::local)
      a.local |= inside(address, warp.local_bytes) ? bit : 0;
    else
      a.global |= address - grid.arena_begin < grid.arena_bytes ? bit : 0;
  });
  return a;
}

}  // namespace

Request request_of(Warp& warp, const Op* op, const CheckedOp& c, uint32_t mask, uint32_t which) {
  Request r;
  r.bytes = uint32_t(c.bytes) * c.elements;
  if (!mask) return r;
  CtaChecks& checks = *warp.cta->checks;
  Footprint& before = checks.footprint(c.number, which);
  const bool comparable = before.mask == mask && before.bytes == r.bytes;
  uint64_t base = 0;
  if (comparable && c.space != ptx::Space::local &&
      checks.scans.same_addresses(warp, op, before, base)) [[likely]] {
    (before.shared ? r.shared : r.global) = {mask, &before, base};
    return r;
  }
  const Addresses a = sorted(warp, op, c, mask, r.bytes);
  r.local = a.local;
  r.peers = a.peers;
  each_of(a.local | a.peers, [&](uint32_t lane) { r.elsewhere[lane] = uint32_t(a.of[lane]); });
  const GridChecks& grid = checks.grid;
  const auto learn = [&](uint32_t lanes, Footprint& footprint, bool shared) {
    footprint.shared = shared;
    footprint.bias = shared && a.generic ? kSharedWindow : 0;
    footprint.learn(a.of, lanes, r.bytes, shared ? 0 : grid.arena_begin,
                    shared ? warp.cta->shared_bytes : grid.arena_bytes);
    return Part{lanes, &footprint, a.of[std::countr_zero(lanes)]};
  };
  if (a.global) r.global = learn(a.global, a.global == mask ? before : checks.mixed[0], false);
  if (a.shared) r.shared = learn(a.shared, a.shared == mask ? before : checks.mixed[1], true);
  return r;
}

}  // namespace ptxvm
