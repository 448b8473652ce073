// How a thread sees what is remembered of memory: which records tell of a race, and who they name.
#pragma once

#include <string>
#include <type_traits>

#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/check/request.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {

inline uint64_t load(const uint64_t* at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }

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

/// `other_op`: the number of the op that the other thread ran.
inline void report_race(Warp& warp, const Op* op, uint32_t lane, uint32_t bytes, Place place,
                        bool writes, const char* against, Party other, uint32_t other_op) {
  const std::string text = place.space + (writes ? " store" : " load") + " of " +
                           std::to_string(bytes) + " bytes at " + hex(place.address) + " " +
                           against;
  report(warp, op, TrapKind::race, int(lane), text, std::move(place), std::move(other), other_op);
}

inline constexpr uint32_t kThreadAt = kByteBits + kOpBits;

/// Shared memory of one block, from one warp's view.
struct WarpView {
  CtaChecks& checks;  // of the block that the memory belongs to
  CtaChecks::WarpState& me;
  const uint32_t warp, rank;

  explicit WarpView(Warp& w) : WarpView(w, *w.cta->checks) {}
  WarpView(Warp& w, CtaChecks& owner)
      : checks(owner), me(w.cta->checks->warps[w.index]), warp(w.index), rank(w.cta->rank) {}
  bool near(uint64_t record) const {
    return Access::of(record).thread / kLanes == warp && warp_record::rank(record) == rank;
  }
  bool concurrent(uint64_t record, uint32_t lane) const {
    if (!near(record)) return warp_record::clock(record) >= me.clock;
    return Access::of(record).thread % kLanes != lane && warp_record::syncs(record) == me.syncs;
  }
  /// `lanes_alike`: a lane's own record may be in the way of another lane that is after the word.
  View view(uint32_t op, bool lanes_alike) const {
    constexpr uint64_t threads = uint64_t{(1u << kThreadBits) - 1} << kThreadAt |
                                 warp_record::kMaxRank << warp_record::kRankAt;
    constexpr uint64_t warps = threads & ~(uint64_t{kLanes - 1} << kThreadAt);
    const uint64_t now = warp_record::of(me.clock, me.syncs, 0, {});
    return {.record = warp_record::of(me.clock, me.syncs, rank, {0, op, warp * kLanes}),
            .near = warps,
            .same = lanes_alike ? ~uint64_t{0} : threads,
            .near_limit = now,
            .far_limit = uint64_t{me.clock} << warp_record::kClockAt,
            .read_limit = now};
  }
  const char* against(uint64_t record, bool wrote) const {
    if (near(record))
      return wrote ? "that another lane of the warp wrote, with no __syncwarp in between"
                   : "that another lane of the warp read, with no __syncwarp in between";
    if (warp_record::rank(record) != rank)
      return wrote ? "that another block of the cluster wrote, with nothing to order the two"
                   : "that another block of the cluster read, with nothing to order the two";
    return wrote ? "that another warp wrote, with no barrier in between"
                 : "that another warp read, with no barrier in between";
  }
  Party party(const Warp& w, uint64_t record) const {
    const Access a = Access::of(record);
    return party_of(w.cta->grid, a.op, block_of_rank(*w.cta, warp_record::rank(record)), a.thread);
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
    if (checks.met_unfenced)
      return wrote ? "that another block wrote, with no fence (__threadfence) before the atomic or "
                     "volatile access that was to tell of it"
                   : "that another block read, with no fence (__threadfence) before the atomic or "
                     "volatile access that was to tell of it";
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
  const char* const space = std::is_same_v<Eye, BlockView> ? "global" : "shared";
  report_race(warp, op, lane, bytes, {space, address}, writes, eye.against(record, wrote),
              eye.party(warp, record), Access::of(record).op);
}

/// Returns what the scan found. `shadow`: what is to be looked at of it. `notes`: the reads.
template <class Eye>
uint32_t read(Warp& warp, const Op* op, const CheckedOp& c, uint32_t bytes, const Part& part,
              const Eye& eye, const Shadow& shadow, bool notes = true) {
  View view = eye.view(c.number, part.footprint->overlaps);
  if (!notes) view.read_limit = 0;
  const uint32_t found = eye.checks.scans.read(shadow, part.words(), view);
  if (found & kSuspicious) [[unlikely]]
    each_word(part, bytes, [&](uint32_t lane, uint64_t word, uint8_t wanted) {
      const uint64_t record = load(shadow.writes + word);
      if ((record & wanted) && eye.concurrent(record, lane))
        report_race(warp, op, bytes, part.address(lane), lane, false, eye, record, true);
    });
  return found;
}

}  // namespace ptxvm
