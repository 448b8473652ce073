// Whoever writes to what asynchronous work reads has to come after the wait. A record in
// CtaChecks::reading says whose group reads a word; it is never taken away, for the group itself
// tells whether it was waited for, and at which clock.
#include "reference/ptxvm/check/sources.h"

#include <algorithm>

#include "reference/ptxvm/check/instrument.h"
#include "reference/ptxvm/check/views.h"

namespace ptxvm {
namespace {

constexpr uint32_t kGroupWarps = 4;  // of a warp group
constexpr uint32_t kRunning = ~0u;

/// The clock at which a group was waited for, or kRunning. A product is one of all warps of the
/// warp group: any of them that waited knows that it is complete.
uint32_t completed(const CtaChecks& owner, uint64_t record) {
  const uint32_t thread = source_record::thread(record), group = source_record::group(record);
  const auto of = [&](const AsyncGroups& groups) {
    return groups.running(group) ? kRunning : groups.clock_of(group);
  };
  if (source_record::kind(record) == source_record::copy) return of(owner.copies[thread]);
  const uint32_t first = thread / kLanes / kGroupWarps * kGroupWarps;
  const uint32_t end = std::min(first + kGroupWarps, uint32_t(owner.warps.size()));
  uint32_t earliest = kRunning;
  for (uint32_t warp = first; warp < end; ++warp)
    earliest = std::min(earliest, of(owner.warps[warp].products.groups));
  return earliest;
}

const char* against(source_record::Kind kind, bool running) {
  if (kind == source_record::product)
    return running ? "over an operand of a wgmma that was not waited for"
                   : "over an operand of a wgmma, with nothing to order it behind the wait";
  return running ? "over the source of a bulk copy that was not waited for"
                 : "over the source of a bulk copy, with nothing to order it behind the wait";
}

}  // namespace

void product_reads(Warp& warp, const Op* op, const Part& part, uint32_t bytes) {
  CtaChecks& checks = *warp.cta->checks;
  if (checks.reading.empty()) return;
  checks.reads_begun = true;
  const uint64_t record = source_record::of(source_record::product, warp.cta->rank,
                                            warp.index * kLanes, checked(warp, op).number,
                                            checks.warps[warp.index].products.groups.committed);
  each_word_once(part, bytes,
                 [&](uint32_t, uint64_t word, uint8_t) { checks.reading[word] = record; });
}

void copy_reads(Warp& warp, const Op* op, int lane, uint64_t first_word, uint64_t end_word) {
  CtaChecks& checks = *warp.cta->checks;
  if (checks.reading.empty()) return;
  checks.reads_begun = true;
  if (checks.copies.empty()) checks.copies.resize(checks.warps.size() * kLanes);
  const uint32_t thread = warp.index * kLanes + uint32_t(lane);
  const uint64_t record =
      source_record::of(source_record::copy, warp.cta->rank, thread, checked(warp, op).number,
                        checks.copies[thread].committed);
  std::fill(checks.reading.begin() + int64_t(first_word),
            checks.reading.begin() + int64_t(end_word), record);
}

bool report_source(Warp& warp, const Op* op, const CtaChecks& owner, uint32_t lane, uint64_t word,
                   uint64_t address, uint32_t bytes) {
  const uint64_t record = owner.reading[word];
  const source_record::Kind kind = source_record::kind(record);
  if (kind == source_record::none) return false;
  const uint32_t clock = completed(owner, record), thread = source_record::thread(record);
  const CtaChecks& mine = *warp.cta->checks;
  const CtaChecks::WarpState& me = mine.warps[warp.index];
  // Whoever takes part in a product and waited needs nobody to tell him.
  const bool product = kind == source_record::product;
  const uint32_t sharers = kLanes * (product ? kGroupWarps : 1);
  const bool own = &mine == &owner && thread / sharers == warp.index * kLanes / sharers &&
                   !(product && me.products.groups.running(source_record::group(record)));
  if (clock != kRunning && (own || clock < me.clock)) return false;
  const uint32_t number = source_record::op(record);
  const uint32_t rank = uint32_t(record >> source_record::kRankAt & 15);
  report_race(warp, op, lane, bytes, {"shared", address}, true, against(kind, clock == kRunning),
              party_of(warp.cta->grid, number, block_of_rank(*warp.cta, rank), thread), number);
  return true;
}

void report_sources(Warp& warp, const Op* op, const CtaChecks& owner, const Part& part,
                    uint32_t bytes) {
  if (!owner.reads_begun) return;
  bool found = false;
  each_word(part, bytes, [&](uint32_t lane, uint64_t word, uint8_t) {
    found = found || report_source(warp, op, owner, lane, word, part.address(lane), bytes);
  });
}

const Op* checked_copy_commit(Warp& warp, const Op* op) {
  CtaChecks& checks = *warp.cta->checks;
  if (!checks.copies.empty())
    each_of(warp.mask,
            [&](uint32_t lane) { ++checks.copies[warp.index * kLanes + lane].committed; });
  return checked(warp, op).body(warp, op);
}

const Op* checked_copy_wait(Warp& warp, const Op* op) {
  CtaChecks& checks = *warp.cta->checks;
  CtaChecks::WarpState& me = checks.warps[warp.index];
  const uint32_t left = checked(warp, op).groups;
  if (!checks.copies.empty()) {
    each_of(warp.mask,
            [&](uint32_t lane) { checks.copies[warp.index * kLanes + lane].wait(left, me.clock); });
    me.dirty = true;  // who writes to a source has to come after it
  }
  return checked(warp, op).body(warp, op);
}

}  // namespace ptxvm
