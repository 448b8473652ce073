// An element is reported if none of its bytes was written and some instruction computes with it:
// structures are copied with their padding, and padding is nobody's mistake.
#include "reference/ptxvm/check/init.h"

#include <algorithm>

#include "reference/ptxvm/check/peers.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

uint8_t load(const uint8_t* at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }

/// Local memory's shadow of a warp, as large as its local memory.
uint8_t* local_of(Warp& warp, uint32_t lane) {
  CtaChecks::WarpState& state = warp.cta->checks->warps[warp.index];
  const uint32_t words = warp.local_bytes / 4;
  if (words > state.local_words) {
    std::vector<uint8_t> larger(size_t{words} * kLanes, 15);
    for (uint32_t l = 0; l < uint32_t(kLanes); ++l)
      std::copy_n(state.local.data() + size_t{l} * state.local_words, state.local_words,
                  larger.data() + size_t{l} * words);
    state.local = std::move(larger);
    state.local_words = words;
  }
  return state.local.data() + size_t{lane} * state.local_words;
}

void report_element(Warp& warp, const Op* op, const CheckedOp& c, uint32_t lane, Place place) {
  const std::string text = place.space + " " + (c.writes ? "atomic on " : "load of ") +
                           std::to_string(c.bytes) + " bytes at " + hex(place.address) +
                           " that were never written";
  report(warp, op, TrapKind::uninitialised, int(lane), text, std::move(place));
}

/// `entries`: of the word that holds the first byte.
void check_lane(Warp& warp, const Op* op, const CheckedOp& c, uint32_t lane, uint64_t address,
                uint8_t* entries, const std::string& space) {
  for (uint32_t e = 0; e < c.elements; ++e) {
    if (!(c.computed >> e & 1)) continue;
    const uint64_t at = address + uint64_t{e} * c.bytes;
    const uint8_t wanted = bytes_of_word(at, c.bytes);
    uint8_t* first = entries + (at / 4 - address / 4);
    bool none = true;
    for (uint32_t w = 0; w < (c.bytes + 3u) / 4; ++w) none &= (load(first + w) & wanted) == wanted;
    // One element behind what was written: CUB's merges look there and ignore what they find.
    const uint64_t before = at - c.bytes;
    if (none && space != "global" && at >= c.bytes)
      none = (load(entries + (int64_t(before / 4) - int64_t(address / 4))) &
              bytes_of_word(before, c.bytes)) != 0;
    if (!none) continue;
    report_element(warp, op, c, lane, {space, at});
    return;  // only where findings do not end the launch
  }
}

void check_part(Warp& warp, const Op* op, const CheckedOp& c, const Part& part,
                const Shadow& shadow, const std::string& space) {
  if (!part || !warp.cta->checks->scans.any(shadow.unwritten, part.words())) [[likely]]
    return;
  each_of(part.mask, [&](uint32_t lane) {
    const uint64_t address = part.address(lane);
    check_lane(warp, op, c, lane, address, shadow.unwritten + address / 4, space);
  });
}

void mark_bytes(uint8_t* entry, uint8_t bytes) {
  const uint8_t before = load(entry);
  if (!(before & bytes)) return;
  if (bytes == 15)
    __atomic_store_n(entry, uint8_t{0}, __ATOMIC_RELAXED);
  else
    __atomic_fetch_and(entry, uint8_t(~bytes), __ATOMIC_RELAXED);
}

void mark_words(uint8_t* entries, uint64_t address, uint32_t bytes) {
  if (bytes < 4) return mark_bytes(entries, bytes_of_word(address, bytes));
  for (uint32_t w = 0; w < bytes / 4; ++w) mark_bytes(entries + w, 15);
}

void mark_part(const CtaChecks& checks, const Part& part, uint32_t bytes, const Shadow& shadow) {
  if (!part || !checks.scans.any(shadow.unwritten, part.words())) [[likely]]
    return;
  each_of(part.mask, [&](uint32_t lane) {
    const uint64_t address = part.address(lane);
    mark_words(shadow.unwritten + address / 4, address, bytes);
  });
}

}  // namespace

void check_written(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  const CtaChecks& checks = *warp.cta->checks;
  if (!checks.grid.which.init || !c.computed) return;
  check_part(warp, op, c, r.global, checks.grid.global, "global");
  check_part(warp, op, c, r.shared, checks.shared, "shared");
  if (r.peers)
    each_peer(warp, op, r, [&](Cta& block, const Part& part) {
      check_part(warp, op, c, part, block.checks->shared, "shared");
    });
  each_of(r.local, [&](uint32_t lane) {
    const uint32_t address = r.elsewhere[lane];
    check_lane(warp, op, c, lane, address, local_of(warp, lane) + address / 4, "local");
  });
}

void mark_written(Warp& warp, const Op* op, const Request& r) {
  const CtaChecks& checks = *warp.cta->checks;
  if (!checks.grid.which.init) return;
  mark_part(checks, r.global, r.bytes, checks.grid.global);
  mark_part(checks, r.shared, r.bytes, checks.shared);
  if (r.peers)
    each_peer(warp, op, r, [&](Cta& block, const Part& part) {
      mark_part(checks, part, r.bytes, block.checks->shared);
    });
  each_of(r.local, [&](uint32_t lane) {
    const uint32_t address = r.elsewhere[lane];
    mark_words(local_of(warp, lane) + address / 4, address, r.bytes);
  });
}

void forget_local(Warp& warp) {
  const Frame& frame = *warp.level;
  const uint32_t first = frame.local_base / 4, end = first + (frame.code->local_bytes + 3) / 4;
  if (first == end) return;
  each_of(warp.mask, [&](uint32_t lane) {
    uint8_t* entries = local_of(warp, lane);
    std::fill(entries + first, entries + end, uint8_t{15});
  });
}

}  // namespace ptxvm
