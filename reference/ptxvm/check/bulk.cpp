#include "reference/ptxvm/check/bulk.h"

#include <algorithm>

#include "reference/ptxvm/check/instrument.h"
#include "reference/ptxvm/check/races.h"
#include "reference/ptxvm/check/sources.h"
#include "reference/ptxvm/check/views.h"

namespace ptxvm {
namespace {

/// Words that lie in the range as a whole.
struct Range {
  uint64_t first, end;
  Range(uint64_t address, uint32_t bytes) : first((address + 3) / 4), end((address + bytes) / 4) {}
  uint64_t count() const { return end > first ? end - first : 0; }
};

/// f(words) for the range in pieces, all the lane's.
template <class F>
void each_piece(const Range& range, int lane, F f) {
  constexpr uint32_t kWords = 256;
  uint32_t tags[kWords];
  std::fill_n(tags, kWords, uint32_t(Access{15, 0, uint32_t(lane)}.bits()));
  for (uint64_t at = range.first; at < range.end; at += kWords) {
    const Segment segment{0, uint32_t(std::min<uint64_t>(kWords, range.end - at)), 0};
    f(Words{at, &segment, 1, tags});
  }
}

/// The first record of these words that tells of a race is reported. Returns whether there is one.
template <class Eye>
bool report_first(Warp& warp, const Op* op, int lane, const Words& words, bool writes,
                  const Eye& eye, const uint64_t* records, bool wrote) {
  for (uint64_t word = words.base; word < words.base + words.segments->count; ++word) {
    const uint64_t record = load(records + word);
    if (!(record & 15) || !eye.concurrent(record, uint32_t(lane))) continue;
    report_race(warp, op, words.segments->count * 4, word * 4, uint32_t(lane), writes, eye, record,
                wrote);
    return true;
  }
  return false;
}

template <class Eye>
void read_range(Warp& warp, const Op* op, int lane, const Range& range, const Eye& eye,
                Shadow shadow) {
  shadow.unwritten = nullptr;
  bool reported = false;
  each_piece(range, lane, [&](const Words& words) {
    const uint32_t found =
        eye.checks.scans.read(shadow, words, eye.view(checked(warp, op).number, false));
    if ((found & kSuspicious) && !reported)
      reported = report_first(warp, op, lane, words, false, eye, shadow.writes, true);
  });
}

template <class Eye>
void check_write(Warp& warp, const Op* op, int lane, const Range& range, const Eye& eye,
                 const Shadow& shadow) {
  bool reported = false;
  const View view = eye.view(checked(warp, op).number, false);
  each_piece(range, lane, [&](const Words& words) {
    const Scans& scans = eye.checks.scans;
    if (!reported && scans.suspicious(shadow.writes, words, view))
      reported = report_first(warp, op, lane, words, true, eye, shadow.writes, true);
    if (!reported && scans.suspicious(shadow.reads, words, view))
      reported = report_first(warp, op, lane, words, true, eye, shadow.reads, false);
  });
}

void carry(Warp& warp, const uint8_t* unwritten, const Range& range) {
  CtaChecks& checks = *warp.cta->checks;
  if (checks.grid.which.init) checks.carried.assign(unwritten + range.first, unwritten + range.end);
}

void report_pending(Warp& warp, const Op* op, int lane, const CtaChecks& owner, const Range& range,
                    bool writes) {
  for (uint64_t word = range.first; writes && owner.reads_begun && word < range.end; ++word)
    if (report_source(warp, op, owner, uint32_t(lane), word, word * 4, uint32_t(range.count() * 4)))
      break;
  if (!owner.pending_words) return;
  for (uint64_t word = range.first; word < range.end; ++word) {
    const uint64_t begun = owner.pending[word];
    if (!begun) continue;
    return report_begun(warp, op, uint32_t(lane), uint32_t(range.count() * 4), word * 4, writes,
                        begun);
  }
}

}  // namespace

void bulk_reads_global(Warp& warp, const Op* op, int lane, uint64_t address, uint32_t bytes) {
  if (!warp.cta->checks) return;
  const CtaChecks& checks = *warp.cta->checks;
  const Range range(address, bytes);
  carry(warp, checks.grid.global.unwritten, range);
  const BlockView eye(warp);
  if (!checks.grid.which.race || !eye.tracked()) return;
  eye.checks.dirty = true;
  read_range(warp, op, lane, range, eye, checks.grid.global);
}

void bulk_reads_shared(Warp& warp, const Op* op, int lane, Cta& owner, uint32_t at,
                       uint32_t bytes) {
  if (!warp.cta->checks) return;
  const Range range(at, bytes);
  report_pending(warp, op, lane, *owner.checks, range, false);
  carry(warp, owner.checks->shared.unwritten, range);
  if (!owner.checks->grid.which.race) return;
  const WarpView eye(warp, *owner.checks);
  eye.me.dirty = true;
  read_range(warp, op, lane, range, eye, owner.checks->shared);
  if (&owner != warp.cta) return;
  check_proxy(warp, op, lane, range.first, range.end);
  if (checked(warp, op).groups) copy_reads(warp, op, lane, range.first, range.end);
}

void bulk_begins(Warp& warp, const Op* op, int lane, Cta& owner, uint32_t barrier, uint32_t at,
                 uint32_t bytes, uint32_t from, bool reduces) {
  if (!warp.cta->checks) return;
  CtaChecks &checks = *owner.checks, &mine = *warp.cta->checks;
  const Range range(at, bytes);
  const WarpView eye(warp, checks);
  eye.me.dirty = true;
  if (!reduces) {
    report_pending(warp, op, lane, checks, range, true);
    if (checks.grid.which.race) check_write(warp, op, lane, range, eye, checks.shared);
  }
  const uint64_t record =
      eye.view(checked(warp, op).number, false).record + Access{15, 0, uint32_t(lane)}.bits();
  for (uint64_t word = range.first; word < range.end; ++word) {
    checks.pending_words += checks.pending[word] == 0;
    checks.pending[word] = record;
  }
  CtaChecks::Bulk copy{barrier, at, bytes, reduces ? 0 : record, {}};
  const size_t skipped = from / 4;
  if (!reduces && mine.carried.size() >= skipped + range.count())
    copy.unwritten.assign(mine.carried.begin() + std::ptrdiff_t(skipped),
                          mine.carried.begin() + std::ptrdiff_t(skipped + range.count()));
  checks.bulk.push_back(std::move(copy));
  release_at(warp, checks, barrier);
}

void bulk_begun(Warp& warp) {
  if (warp.cta->checks) warp.cta->checks->carried.clear();
}

void bulk_arrived(Cta& owner, uint32_t barrier) {
  if (!owner.checks) return;
  CtaChecks& checks = *owner.checks;
  std::erase_if(checks.bulk, [&](const CtaChecks::Bulk& copy) {
    if (copy.barrier != barrier) return false;
    const Range range(copy.at, copy.bytes);
    written_by_copy(checks, range.first, range.end);
    for (uint64_t word = range.first; word < range.end; ++word) {
      checks.pending_words -= checks.pending[word] != 0;
      checks.pending[word] = 0;
      if (copy.record && checks.grid.which.race) checks.shared.writes[word] = copy.record;
      if (checks.grid.which.init)
        checks.shared.unwritten[word] =
            copy.unwritten.empty() ? uint8_t{0} : copy.unwritten[word - range.first];
    }
    return true;
  });
}

void bulk_writes_global(Warp& warp, const Op* op, int lane, uint64_t address, uint32_t bytes,
                        bool reduces) {
  if (!warp.cta->checks) return;
  CtaChecks& checks = *warp.cta->checks;
  const Range range(address, bytes);
  const Shadow& shadow = checks.grid.global;
  if (checks.grid.which.init)
    for (uint64_t word = range.first; word < range.end; ++word) {
      const uint64_t i = word - range.first;
      const uint8_t entry = !reduces && i < checks.carried.size() ? checks.carried[i] : uint8_t{0};
      __atomic_store_n(shadow.unwritten + word, entry, __ATOMIC_RELAXED);
    }
  checks.carried.clear();
  const BlockView eye(warp);
  if (reduces || !checks.grid.which.race || !eye.tracked()) return;
  checks.dirty = true;
  check_write(warp, op, lane, range, eye, shadow);
  each_piece(range, lane, [&](const Words& words) {
    checks.scans.note_writes(shadow.writes, words, eye.view(checked(warp, op).number, false));
  });
}

}  // namespace ptxvm
