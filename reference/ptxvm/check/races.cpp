#include "reference/ptxvm/check/races.h"

#include <algorithm>
#include <cstring>

#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

uint64_t load(const uint64_t* at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }
void store(uint64_t* at, uint64_t value) { __atomic_store_n(at, value, __ATOMIC_RELAXED); }

/// f(lane, word, bytes of the word) for every word of the run.
template <class F>
void each_word(const Run& run, uint32_t bytes, F f) {
  uint64_t address = run.begin;
  for (uint32_t lane = run.first; lane <= run.last; ++lane, address += bytes) {
    if (bytes < 4) {
      f(lane, address / 4, bytes_of_word(address, bytes));
    } else {
      for (uint64_t word = address / 4; word < (address + bytes) / 4; ++word) f(lane, word, 15);
    }
  }
}

/// The word that `lane` stores, as far as it is told by registers; false: not known.
bool stored_word(Warp& warp, const Op* op, const CheckedOp& c, uint32_t lane, uint32_t offset,
                 uint32_t& value) {
  if (c.lanes != 32 || !c.writes || c.reads || c.bytes > 8) return false;
  const uint32_t operand = c.elements > 1 ? op->more[offset / c.bytes] : op->b;
  if (operand == kNoOperand) return false;
  if (c.bytes == 8)
    value = uint32_t(lanes<uint64_t>(warp, operand)[lane] >> 8 * (offset % 8));
  else
    value = lanes<uint32_t>(warp, operand)[lane];
  return true;
}

/// Does the lane store to this word what it holds?
bool changes_nothing(Warp& warp, const Op* op, const CheckedOp& c, uint32_t lane, uint64_t address,
                     uint64_t word, const std::byte* memory) {
  uint32_t value = 0, now = 0;
  const uint32_t offset = c.bytes < 4 ? 0 : uint32_t(word * 4 - address);
  if (c.bytes < 4 && c.elements > 1) return false;
  if (!stored_word(warp, op, c, lane, offset, value)) return false;
  const uint32_t bytes = std::min<uint32_t>(c.bytes, 4);
  std::memcpy(&now, memory + (c.bytes < 4 ? address : word * 4), bytes);
  return std::memcmp(&now, &value, bytes) == 0;
}

std::string describe(const Warp& warp, const CheckedOp& c, const Request& r, uint32_t lane,
                     bool global, bool writes, const char* against) {
  const uint64_t address = r.address[lane];
  std::string text = std::string(global ? "global " : "shared ") + (writes ? "store" : "load") +
                     " of " + std::to_string(r.bytes) + " bytes at " + hex(address) + " " + against;
  if (global) text += "\n  " + warp.cta->grid.memory->describe(address);
  (void)c;
  return text;
}

/// Shared memory, from one warp's view.
struct WarpView {
  CtaChecks& checks;
  CtaChecks::WarpState& me;
  const uint32_t warp;

  explicit WarpView(Warp& w) : checks(*w.cta->checks), me(checks.warps[w.index]), warp(w.index) {}
  /// Records below are older than anything that may be concurrent.
  uint64_t old_limit() const { return uint64_t{me.clock} << warp_record::kClockAt; }
  uint64_t read_limit() const { return warp_record::of(me.clock, me.syncs, {}); }
  bool concurrent(uint64_t record, uint32_t lane) const {
    const uint32_t thread = Access::of(record).thread;
    if (thread / kLanes != warp) return warp_record::clock(record) >= me.clock;
    return thread % kLanes != lane && warp_record::syncs(record) == me.syncs;
  }
  uint64_t record(uint32_t lane, uint32_t op, uint8_t bytes) const {
    return warp_record::of(me.clock, me.syncs, {bytes, op, warp * kLanes + lane});
  }
  const char* against(uint64_t record, bool wrote) const {
    if (Access::of(record).thread / kLanes == warp)
      return wrote ? "that another lane of the warp wrote, with no __syncwarp in between"
                   : "that another lane of the warp read, with no __syncwarp in between";
    return wrote ? "that another warp wrote, with no barrier in between"
                 : "that another warp read, with no barrier in between";
  }
  Party party(const Warp& w, uint64_t record) const {
    const Access a = Access::of(record);
    return party_of(w.cta->grid, a.op, w.cta->linear, a.thread);
  }
};

/// Global memory, from one block's view.
struct BlockView {
  CtaChecks& checks;
  const uint64_t block, clock;
  const uint32_t warp;

  explicit BlockView(Warp& w)
      : checks(*w.cta->checks), block(w.cta->linear), clock(checks.clock), warp(w.index) {}
  bool tracked() const {
    return block <= block_record::kMaxBlock && clock < block_record::kMaxClock;
  }
  bool concurrent(uint64_t record, uint32_t) const {
    return block_record::block(record) != block && block_record::clock(record) >= clock;
  }
  uint64_t record(uint32_t lane, uint32_t op, uint8_t bytes) const {
    return block_record::of(clock, block, {bytes, op, warp * kLanes + lane});
  }
  const char* against(uint64_t, bool wrote) const {
    return wrote ? "that another block wrote, with nothing to order the two"
                 : "that another block read, with nothing to order the two";
  }
  Party party(const Warp& w, uint64_t record) const {
    const Access a = Access::of(record);
    return party_of(w.cta->grid, a.op, block_record::block(record), a.thread);
  }
};

template <class View>
void report_race(Warp& warp, const Op* op, const CheckedOp& c, const Request& r, uint32_t lane,
                 bool writes, const View& view, uint64_t record, bool wrote) {
  const bool global = std::is_same_v<View, BlockView>;
  report(warp, op, TrapKind::race, int(lane),
         describe(warp, c, r, lane, global, writes, view.against(record, wrote)),
         view.party(warp, record), Access::of(record).op);
}

template <class View>
void check_run_of_reads(Warp& warp, const Op* op, const CheckedOp& c, const Request& r,
                        const View& view, const Shadow& shadow, const Run& run) {
  each_word(run, r.bytes, [&](uint32_t lane, uint64_t word, uint8_t bytes) {
    const uint64_t record = load(shadow.writes + word);
    if ((record & bytes) && view.concurrent(record, lane))
      report_race(warp, op, c, r, lane, false, view, record, true);
  });
}

void read_shared(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  const WarpView view(warp);
  const Shadow& shadow = view.checks.shared;
  const Runs runs = runs_of(r, r.shared);
  view.me.dirty = true;
  for (uint32_t i = 0; i < runs.count; ++i) {
    const Run& run = runs.run[i];
    const uint64_t *writes = shadow.writes + run.begin / 4, *reads = shadow.reads + run.begin / 4;
    bool old = true, noted = true;
    for (uint32_t w = 0; w < run.words(); ++w) {
      old &= writes[w] < view.old_limit();
      noted &= reads[w] >= view.read_limit();
    }
    if (!old) [[unlikely]]
      check_run_of_reads(warp, op, c, r, view, shadow, run);
    if (noted) continue;
    each_word(run, r.bytes, [&](uint32_t lane, uint64_t word, uint8_t bytes) {
      if (shadow.reads[word] < view.read_limit())
        shadow.reads[word] = view.record(lane, c.number, bytes);
    });
  }
}

void read_global(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  const BlockView view(warp);
  if (!view.tracked()) return;
  const Shadow& shadow = view.checks.grid.global;
  const Runs runs = runs_of(r, r.global);
  view.checks.dirty = true;
  const uint64_t limit = uint64_t{view.clock} << block_record::kClockAt | 1;  // 0 is no record
  for (uint32_t i = 0; i < runs.count; ++i) {
    const Run& run = runs.run[i];
    const uint64_t *writes = shadow.writes + run.begin / 4, *reads = shadow.reads + run.begin / 4;
    uint64_t written = 0;
    bool noted = true;
    for (uint32_t w = 0; w < run.words(); ++w) {
      written |= load(writes + w);
      noted &= load(reads + w) >= limit;
    }
    if (written) check_run_of_reads(warp, op, c, r, view, shadow, run);
    if (noted) continue;
    each_word(run, r.bytes, [&](uint32_t lane, uint64_t word, uint8_t bytes) {
      if (load(shadow.reads + word) < limit)
        store(shadow.reads + word, view.record(lane, c.number, bytes));
    });
  }
}

template <class View>
void write(Warp& warp, const Op* op, const CheckedOp& c, const Request& r, uint32_t mask,
           const View& view, const Shadow& shadow, uint64_t limit, const std::byte* memory) {
  const Runs runs = runs_of(r, mask);
  for (uint32_t i = 0; i < runs.count; ++i) {
    const Run& run = runs.run[i];
    const uint64_t *writes = shadow.writes + run.begin / 4, *reads = shadow.reads + run.begin / 4;
    bool old = true;
    for (uint32_t w = 0; w < run.words(); ++w)
      old &= load(writes + w) < limit && load(reads + w) < limit;
    if (old) continue;
    each_word(run, r.bytes, [&](uint32_t lane, uint64_t word, uint8_t bytes) {
      const uint64_t before = load(shadow.writes + word), reader = load(shadow.reads + word);
      if ((before & bytes) && view.concurrent(before, lane) &&
          !changes_nothing(warp, op, c, lane, r.address[lane], word, memory))
        report_race(warp, op, c, r, lane, true, view, before, true);
      else if ((reader & bytes) && view.concurrent(reader, lane))
        report_race(warp, op, c, r, lane, true, view, reader, false);
    });
  }
  for (uint32_t i = 0; i < runs.count; ++i)
    each_word(runs.run[i], r.bytes, [&](uint32_t lane, uint64_t word, uint8_t bytes) {
      uint64_t record = view.record(lane, c.number, bytes);
      const uint64_t before = load(shadow.writes + word);
      if (bytes != 15 && (before >> kByteBits) == (record >> kByteBits)) record |= before & 15;
      store(shadow.writes + word, record);
    });
}

}  // namespace

void check_race_of_reads(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  if (r.shared) read_shared(warp, op, c, r);
  if (r.global) read_global(warp, op, c, r);
}

void check_race_of_writes(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  if (r.shared) {
    const WarpView view(warp);
    view.me.dirty = true;
    write(warp, op, c, r, r.shared, view, view.checks.shared, view.old_limit(), warp.cta->shared);
  }
  if (!r.global) return;
  const BlockView view(warp);
  if (!view.tracked()) return;
  view.checks.dirty = true;
  const uint64_t limit = uint64_t{view.clock} << block_record::kClockAt | 1;
  write(warp, op, c, r, r.global, view, view.checks.grid.global, limit,
        warp.worker->memory.host_bias);
}

void check_lanes_agree(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  constexpr uint32_t kSlots = 64;
  uint8_t slots[kSlots] = {};  // lane + 1
  const auto check = [&](uint32_t mask, bool global) {
    each_of(mask, [&](uint32_t lane) {
      const uint64_t address = r.address[lane];
      uint32_t at = uint32_t(address * 0x9E3779B97F4A7C15u >> 58);
      for (; slots[at]; at = (at + 1) % kSlots) {
        const uint32_t other = slots[at] - 1u;
        if (r.address[other] != address) continue;
        for (uint32_t offset = 0; offset < r.bytes; offset += std::min<uint32_t>(c.bytes, 4)) {
          uint32_t mine = 0, theirs = 0;
          if (!stored_word(warp, op, c, lane, offset, mine) ||
              !stored_word(warp, op, c, other, offset, theirs))
            continue;
          const uint32_t bits = c.bytes < 4 ? (1u << 8 * c.bytes) - 1 : ~0u;
          if (((mine ^ theirs) & bits) == 0) continue;
          report(warp, op, TrapKind::race, int(lane),
                 describe(warp, c, r, lane, global, true,
                          "where another lane of the same instruction stores another value"),
                 party_of(warp.cta->grid, c.number, warp.cta->linear, warp.index * kLanes + other),
                 c.number);
          return;
        }
        return;
      }
      slots[at] = uint8_t(lane + 1);
    });
  };
  if (r.shared) check(r.shared, false);
  if (r.shared && r.global) std::fill(std::begin(slots), std::end(slots), uint8_t{0});
  if (r.global) check(r.global, true);
}

void check_pending(Warp& warp, const Op* op, const Request& r, bool writes) {
  CtaChecks& checks = *warp.cta->checks;
  if (!checks.pending_words) [[likely]]
    return;
  each_of(r.shared, [&](uint32_t lane) {
    for (uint64_t word = r.address[lane] / 4; word <= (r.address[lane] + r.bytes - 1) / 4; ++word) {
      const uint64_t begun = checks.pending[word];
      if (!begun) continue;
      const Access access = Access::of(begun);
      report(warp, op, TrapKind::race, int(lane),
             std::string("shared ") + (writes ? "store" : "load") + " of " +
                 std::to_string(r.bytes) + " bytes at " + hex(r.address[lane]) +
                 ", the destination of an asynchronous copy that was not waited for",
             party_of(warp.cta->grid, access.op, warp.cta->linear, access.thread), access.op);
      return;
    }
  });
}

}  // namespace ptxvm
