#include "reference/ptxvm/check/request.h"

#include <algorithm>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/pattern.h"

namespace ptxvm {

namespace {

/// What all running lanes' addresses have in common.
struct Extent {
  uint64_t low = ~uint64_t{0}, high = 0, bits = 0;
};

Extent addresses(Warp& warp, const Op* op, uint32_t mask, uint64_t* to) {
  Extent extent;
  if (op->a == kNoOperand) {
    std::fill_n(to, kLanes, uint64_t(op->imm));
  } else if (op->narrow_address & 1) {
    for (int l = 0; l < kLanes; ++l) to[l] = lane_address(warp, op, uint32_t(l));
  } else {
    for (int l = 0; l < kLanes; ++l) to[l] = lanes<uint64_t>(warp, op->a)[l] + uint64_t(op->imm);
  }
  if (mask != kFullMask) {
    const uint64_t any = to[std::countr_zero(mask)];
    each_of(~mask, [&](uint32_t lane) { to[lane] = any; });
  }
  for (int l = 0; l < kLanes; ++l) {
    extent.low = std::min(extent.low, to[l]);
    extent.high = std::max(extent.high, to[l]);
    extent.bits |= to[l];
  }
  return extent;
}

}  // namespace

Request request_of(Warp& warp, const Op* op, const CheckedOp& c) {
  Request r;
  r.bytes = uint32_t(c.bytes) * c.elements;
  const uint32_t mask = c.lanes < 32 ? warp.mask & ((1u << c.lanes) - 1) : warp.mask;
  if (!mask) return r;
  const Extent extent = addresses(warp, op, mask, r.address);
  const GridChecks& grid = warp.cta->checks->grid;
  const uint64_t shared_bytes = warp.cta->shared_bytes, misaligned = r.bytes - 1;
  const auto inside = [&](uint64_t address, uint64_t size) {
    return address < size && r.bytes <= size - address;
  };
  const bool aligned = !(extent.bits & misaligned);
  const bool maybe_global = c.space == ptx::Space::global || c.space == ptx::Space::generic;
  if (aligned && maybe_global && extent.low >= grid.arena_begin &&
      extent.high - grid.arena_begin < grid.arena_bytes) {
    r.global = mask;
    return r;
  }
  if (aligned && c.space == ptx::Space::shared && inside(extent.high, shared_bytes)) {
    r.shared = mask;
    return r;
  }
  each_of(mask, [&](uint32_t lane) {
    uint64_t& address = r.address[lane];
    if (address & misaligned) return;
    ptx::Space space = c.space;
    if (space == ptx::Space::generic) {
      const bool shared = in_window(address, kSharedWindow),
                 local = in_window(address, kLocalWindow);
      space = shared ? ptx::Space::shared : local ? ptx::Space::local : ptx::Space::global;
      address -= shared ? kSharedWindow : local ? kLocalWindow : 0;
    }
    const uint32_t bit = 1u << lane;
    if (space == ptx::Space::shared)
      r.shared |= inside(address, shared_bytes) ? bit : 0;
    else if (space == ptx::Space::local)
      r.local |= inside(address, warp.local_bytes) ? bit : 0;
    else
      r.global |= address - grid.arena_begin < grid.arena_bytes ? bit : 0;
  });
  return r;
}

Runs runs_of(const Request& r, uint32_t mask) {
  Runs runs;
  Run* run = nullptr;
  const auto close = [&] {  // the same bytes as the run before: once
    if (runs.count < 2 || !run) return;
    const Run& before = run[-1];
    if (before.begin == run->begin && before.end == run->end) {
      --runs.count;
      --run;
    }
  };
  each_of(mask, [&](uint32_t lane) {
    const uint64_t address = r.address[lane];
    if (run && address == run->end && run->first + (run->end - run->begin) / r.bytes == lane) {
      run->end += r.bytes;
      run->last = lane;
    } else if (run && address == run->begin && run->end - run->begin == r.bytes) {
      run->first = run->last = lane;
    } else {
      close();
      run = &runs.run[runs.count++];
      *run = {address, address + r.bytes, lane, lane};
    }
  });
  close();
  return runs;
}

}  // namespace ptxvm
