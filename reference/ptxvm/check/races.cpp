#include "reference/ptxvm/check/races.h"

#include <algorithm>
#include <cstring>

#include "reference/ptxvm/check/init.h"
#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

uint64_t load(const uint64_t* at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }

/// f(lane, word, bytes of the word) for every word of every lane.
template <class F>
void each_word(const Part& part, uint32_t bytes, F f) {
  each_of(part.mask, [&](uint32_t lane) {
    const uint64_t address = part.address(lane);
    for (uint64_t word = address / 4; word <= (address + bytes - 1) / 4; ++word)
      f(lane, word, bytes_of_word(address, bytes));
  });
}

/// The same for each word once, as the highest lane's; pieces of a word are every lane's.
template <class F>
void each_word_once(const Part& part, uint32_t bytes, F f) {
  if (bytes < 4) return each_word(part, bytes, f);
  const Words words = part.words();
  for (const Segment *s = words.segments, *end = s + words.count; s != end; ++s)
    for (uint32_t i = 0; i < s->count; ++i)
      f(Access::of(words.tags[s->tag + i]).thread, words.base + uint64_t(s->word) + i, uint8_t{15});
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

std::string describe(const Warp& warp, uint32_t bytes, uint64_t address, bool global, bool writes,
                     const char* against) {
  std::string text = std::string(global ? "global " : "shared ") + (writes ? "store" : "load") +
                     " of " + std::to_string(bytes) + " bytes at " + hex(address) + " " + against;
  if (global) text += "\n  " + warp.cta->grid.memory->describe(address);
  return text;
}

constexpr uint32_t kThreadAt = kByteBits + kOpBits;

/// Shared memory, from one warp's view.
struct WarpView {
  CtaChecks& checks;
  CtaChecks::WarpState& me;
  const uint32_t warp;

  explicit WarpView(Warp& w) : checks(*w.cta->checks), me(checks.warps[w.index]), warp(w.index) {}
  bool concurrent(uint64_t record, uint32_t lane) const {
    const uint32_t thread = Access::of(record).thread;
    if (thread / kLanes != warp) return warp_record::clock(record) >= me.clock;
    return thread % kLanes != lane && warp_record::syncs(record) == me.syncs;
  }
  /// `lanes_alike`: a lane's own record may be in the way of another lane that is after the word.
  View view(uint32_t op, bool lanes_alike) const {
    constexpr uint64_t threads = uint64_t{(1u << kThreadBits) - 1} << kThreadAt;
    constexpr uint64_t warps = threads & ~(uint64_t{kLanes - 1} << kThreadAt);
    const uint64_t now = warp_record::of(me.clock, me.syncs, {});
    return {.record = now | Access{0, op, warp * kLanes}.bits(),
            .near = warps,
            .same = lanes_alike ? ~uint64_t{0} : threads,
            .near_limit = now,
            .far_limit = uint64_t{me.clock} << warp_record::kClockAt,
            .read_limit = now};
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
  View view(uint32_t op, bool) const {
    constexpr uint64_t blocks = block_record::kMaxBlock << block_record::kBlockAt;
    const uint64_t limit = clock << block_record::kClockAt | 1;  // 0 is no record
    return {.record = block_record::of(clock, block, {0, op, warp * kLanes}),
            .near = 0,
            .same = blocks,
            .near_limit = limit,
            .far_limit = limit,
            .read_limit = limit};
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

template <class Eye>
void report_race(Warp& warp, const Op* op, uint32_t bytes, uint64_t address, uint32_t lane,
                 bool writes, const Eye& eye, uint64_t record, bool wrote) {
  const bool global = std::is_same_v<Eye, BlockView>;
  report(warp, op, TrapKind::race, int(lane),
         describe(warp, bytes, address, global, writes, eye.against(record, wrote)),
         eye.party(warp, record), Access::of(record).op);
}

/// Returns what the scan found. `shadow`: what is to be looked at of it.
template <class Eye>
uint32_t read(Warp& warp, const Op* op, const CheckedOp& c, uint32_t bytes, const Part& part,
              const Eye& eye, const Shadow& shadow) {
  const uint32_t found =
      eye.checks.scans.read(shadow, part.words(), eye.view(c.number, part.footprint->overlaps));
  if (found & kSuspicious) [[unlikely]]
    each_word(part, bytes, [&](uint32_t lane, uint64_t word, uint8_t wanted) {
      const uint64_t record = load(shadow.writes + word);
      if ((record & wanted) && eye.concurrent(record, lane))
        report_race(warp, op, bytes, part.address(lane), lane, false, eye, record, true);
    });
  return found;
}

template <class Eye>
void write(Warp& warp, const Op* op, const CheckedOp& c, uint32_t bytes, const Part& part,
           const Eye& eye, const Shadow& shadow, const std::byte* memory) {
  const Scans& scans = eye.checks.scans;
  const Words words = part.words();
  const View view = eye.view(c.number, bytes < 4 && part.footprint->overlaps);
  if (scans.suspicious(shadow.writes, words, view) || scans.suspicious(shadow.reads, words, view))
      [[unlikely]]
    each_word_once(part, bytes, [&](uint32_t lane, uint64_t word, uint8_t wanted) {
      const uint64_t before = load(shadow.writes + word), reader = load(shadow.reads + word);
      const uint64_t address = part.address(lane);
      if ((before & wanted) && eye.concurrent(before, lane) &&
          !changes_nothing(warp, op, c, lane, address, word, memory))
        report_race(warp, op, bytes, address, lane, true, eye, before, true);
      else if ((reader & wanted) && eye.concurrent(reader, lane))
        report_race(warp, op, bytes, address, lane, true, eye, reader, false);
    });
  scans.note_writes(shadow.writes, words, view);
}

}  // namespace

void check_reads(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  CtaChecks& checks = *warp.cta->checks;
  const bool init = checks.grid.which.init && c.computed;
  uint32_t found = r.local && init ? kUnwritten : 0;
  const auto of_interest = [&](Shadow shadow) {
    if (!init) shadow.unwritten = nullptr;
    return shadow;
  };
  if (r.shared) {
    const WarpView eye(warp);
    eye.me.dirty = true;
    found |= read(warp, op, c, r.bytes, r.shared, eye, of_interest(checks.shared));
  }
  if (r.global) {
    const BlockView eye(warp);
    checks.dirty = true;
    Shadow shadow = of_interest(checks.grid.global);
    if (!eye.tracked()) shadow.writes = nullptr;
    found |= read(warp, op, c, r.bytes, r.global, eye, shadow);
  }
  if (found & kUnwritten) [[unlikely]]
    check_written(warp, op, c, r);
}

void check_race_of_writes(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  if (r.shared) {
    const WarpView eye(warp);
    eye.me.dirty = true;
    write(warp, op, c, r.bytes, r.shared, eye, eye.checks.shared, warp.cta->shared);
  }
  if (!r.global) return;
  const BlockView eye(warp);
  if (!eye.tracked()) return;
  eye.checks.dirty = true;
  write(warp, op, c, r.bytes, r.global, eye, eye.checks.grid.global, warp.worker->memory.host_bias);
}

void check_lanes_agree(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  constexpr uint32_t kSlots = 64;
  uint8_t slots[kSlots] = {};  // lane + 1
  const auto check = [&](const Part& part, bool global) {
    if (!part || !part.footprint->overlaps) return;
    each_of(part.mask, [&](uint32_t lane) {
      const uint64_t address = part.address(lane);
      uint32_t at = uint32_t(address * 0x9E3779B97F4A7C15u >> 58);
      for (; slots[at]; at = (at + 1) % kSlots) {
        const uint32_t other = slots[at] - 1u;
        if (part.address(other) != address) continue;
        for (uint32_t offset = 0; offset < r.bytes; offset += std::min<uint32_t>(c.bytes, 4)) {
          uint32_t mine = 0, theirs = 0;
          if (!stored_word(warp, op, c, lane, offset, mine) ||
              !stored_word(warp, op, c, other, offset, theirs))
            continue;
          const uint32_t bits = c.bytes < 4 ? (1u << 8 * c.bytes) - 1 : ~0u;
          if (((mine ^ theirs) & bits) == 0) continue;
          report(warp, op, TrapKind::race, int(lane),
                 describe(warp, r.bytes, address, global, true,
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
  check(r.shared, false);
  if (r.shared && r.global) std::fill(std::begin(slots), std::end(slots), uint8_t{0});
  check(r.global, true);
}

void report_pending(Warp& warp, const Op* op, const Request& r, bool writes) {
  const CtaChecks& checks = *warp.cta->checks;
  each_of(r.shared.mask, [&](uint32_t lane) {
    const uint64_t address = r.shared.address(lane);
    for (uint64_t word = address / 4; word <= (address + r.bytes - 1) / 4; ++word) {
      const uint64_t begun = checks.pending[word];
      if (!begun) continue;
      const Access access = Access::of(begun);
      report(warp, op, TrapKind::race, int(lane),
             std::string("shared ") + (writes ? "store" : "load") + " of " +
                 std::to_string(r.bytes) + " bytes at " + hex(address) +
                 " in the destination of an asynchronous copy that was not waited for",
             party_of(warp.cta->grid, access.op, warp.cta->linear, access.thread), access.op);
      return;
    }
  });
}

}  // namespace ptxvm
