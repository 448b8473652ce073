// An element is reported if none of its bytes was written and some instruction computes with it:
// structures are copied with their padding, and padding is nobody's mistake.
#include "reference/ptxvm/check/init.h"

#include <algorithm>
#include <cstring>

#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

uint8_t load(const uint8_t* at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }

/// Some bit of `n` entries.
bool any_unwritten(const uint8_t* at, uint32_t n) {
  uint32_t i = 0;
  uint64_t all = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, at + i, 8);
    all |= eight;
  }
  for (; i < n; ++i) all |= at[i];
  return all != 0;
}

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

void report_element(Warp& warp, const Op* op, const CheckedOp& c, uint32_t lane, const char* space,
                    uint64_t address, bool global) {
  std::string text = std::string(space) + " " + (c.writes ? "atomic on " : "load of ") +
                     std::to_string(c.bytes) + " bytes at " + hex(address) +
                     " that were never written";
  if (global) text += "\n  " + warp.cta->grid.memory->describe(address);
  report(warp, op, TrapKind::uninitialised, int(lane), text);
}

/// `entries`: of the word that holds the first byte.
void check_lane(Warp& warp, const Op* op, const CheckedOp& c, uint32_t lane, uint64_t address,
                uint8_t* entries, const char* space, bool global) {
  for (uint32_t e = 0; e < c.elements; ++e) {
    if (!(c.computed >> e & 1)) continue;
    const uint64_t at = address + uint64_t{e} * c.bytes;
    const uint8_t wanted = bytes_of_word(at, c.bytes);
    uint8_t* first = entries + (at / 4 - address / 4);
    bool none = true;
    for (uint32_t w = 0; w < (c.bytes + 3u) / 4; ++w) none &= (load(first + w) & wanted) == wanted;
    // One element behind what was written: CUB's merges look there and ignore what they find.
    const uint64_t before = at - c.bytes;
    if (none && !global && at >= c.bytes)
      none = (load(entries + (int64_t(before / 4) - int64_t(address / 4))) &
              bytes_of_word(before, c.bytes)) != 0;
    if (!none) continue;
    report_element(warp, op, c, lane, space, at, global);
    return;  // only where findings do not end the launch
  }
}

void check_space(Warp& warp, const Op* op, const CheckedOp& c, const Request& r, uint32_t mask,
                 const Shadow& shadow, bool global) {
  if (!mask) return;
  const Runs runs = runs_of(r, mask);
  bool suspicious = false;
  for (uint32_t i = 0; i < runs.count; ++i)
    suspicious |= any_unwritten(shadow.unwritten + runs.run[i].begin / 4, runs.run[i].words());
  if (!suspicious) [[likely]]
    return;
  each_of(mask, [&](uint32_t lane) {
    check_lane(warp, op, c, lane, r.address[lane], shadow.unwritten + r.address[lane] / 4,
               global ? "global" : "shared", global);
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

}  // namespace

void check_written(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  const CtaChecks& checks = *warp.cta->checks;
  if (!checks.grid.which.init || !c.computed) return;
  check_space(warp, op, c, r, r.global, checks.grid.global, true);
  check_space(warp, op, c, r, r.shared, checks.shared, false);
  each_of(r.local, [&](uint32_t lane) {
    check_lane(warp, op, c, lane, r.address[lane], local_of(warp, lane) + r.address[lane] / 4,
               "local", false);
  });
}

void mark_written(Warp& warp, const CheckedOp&, const Request& r) {
  const CtaChecks& checks = *warp.cta->checks;
  if (!checks.grid.which.init) return;
  each_of(r.global, [&](uint32_t lane) {
    mark_words(checks.grid.global.unwritten + r.address[lane] / 4, r.address[lane], r.bytes);
  });
  each_of(r.shared, [&](uint32_t lane) {
    mark_words(checks.shared.unwritten + r.address[lane] / 4, r.address[lane], r.bytes);
  });
  each_of(r.local, [&](uint32_t lane) {
    mark_words(local_of(warp, lane) + r.address[lane] / 4, r.address[lane], r.bytes);
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
