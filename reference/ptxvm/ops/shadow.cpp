// What the checks remember of memory, looked at and changed many words at once (check/scan.h).
//
// Other workers may change entries of global memory meanwhile: a record is 8 bytes, written whole,
// and either the old one or the new one is a good answer.
#include "reference/ptxvm/check/footprint.h"
#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/ops/access.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {
namespace {

bool same_addresses(Warp& warp, const Op* op, const Footprint& footprint, uint64_t& base) {
  uint64_t first = 0;
  if (op->a != kNoOperand) {
    const int lane = __builtin_ctz(footprint.mask);
    first = op->narrow_address ? lanes<uint32_t>(warp, op->a)[lane]
                               : lanes<uint64_t>(warp, op->a)[lane];
    if (!same_relative(warp, op, footprint, first)) return false;
  }
  base = displaced(op, first) - footprint.bias;
  return footprint.fits(base);
}

// Loops, not lambdas: each function is to be left alone by the thread sanitizer as a whole.
__attribute__((no_sanitize("thread"))) PTXVM_INLINE uint64_t combined(const uint8_t* at,
                                                                      uint32_t n) {
  uint64_t all = 0;
  uint32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t eight;
    __builtin_memcpy(&eight, at + i, 8);
    all |= eight;
  }
  for (; i < n; ++i) all |= at[i];
  return all;
}

/// Not 0 if one of `left` records reaches the limit. Reads up to kPadding beyond the end.
__attribute__((no_sanitize("thread"))) PTXVM_INLINE uint32_t reaches(const uint64_t* at,
                                                                     uint32_t left,
                                                                     uint64_t limit) {
  constexpr uint32_t n = kVectorBytes / 8;
  static_assert(n <= kPadding + 1);
  const auto limits = splat<Vec<uint64_t, n>>(limit);
  uint32_t reach = 0;
  for (;; at += n, left -= n) {
    Vec<uint64_t, n> now;
    __builtin_memcpy(&now, at, sizeof now);
    const uint32_t bits = compare<Cmp::ge>(now, limits);
    if (left <= n) return reach | (left < n ? bits & ((1u << left) - 1) : bits);
    reach |= bits;
  }
}

__attribute__((no_sanitize("thread"))) bool any(const uint8_t* entries, const Words& words) {
  uint64_t all = 0;
  for (const Segment *s = words.segments, *end = s + words.count; s != end; ++s)
    all |= combined(entries + words.base + uint64_t(s->word), s->count);
  return all != 0;
}

/// Of records of which some reach the far limit, which is never the larger one.
__attribute__((no_sanitize("thread"))) bool some_tell(const uint64_t* records, const Words& words,
                                                      const View& v) {
  uint64_t bad = 0;
  for (const Segment *s = words.segments, *end = s + words.count; s != end; ++s) {
    const uint64_t* at = records + words.base + uint64_t(s->word);
    const uint32_t* tags = words.tags + s->tag;
    for (uint32_t i = 0; i < s->count; ++i) {
      const uint64_t other = at[i], differs = other ^ (v.record + tags[i]);
      const uint64_t limit = differs & v.near ? v.far_limit : v.near_limit;
      bad |= uint64_t(other >= limit) & uint64_t((differs & v.same) != 0);
    }
  }
  return bad != 0;
}

__attribute__((no_sanitize("thread"))) bool suspicious(const uint64_t* records, const Words& words,
                                                       const View& v) {
  uint32_t reach = 0;
  for (const Segment *s = words.segments, *end = s + words.count; s != end; ++s)
    reach |= reaches(records + words.base + uint64_t(s->word), s->count, v.far_limit);
  return reach && some_tell(records, words, v);
}

__attribute__((no_sanitize("thread"))) uint32_t read(const Shadow& shadow, const Words& words,
                                                     const View& v) {
  uint64_t unwritten = 0;
  uint32_t reach = 0;
  for (const Segment *s = words.segments, *end = s + words.count; s != end; ++s) {
    const uint64_t word = words.base + uint64_t(s->word);
    if (shadow.unwritten) unwritten |= combined(shadow.unwritten + word, s->count);
    if (!shadow.writes) continue;
    reach |= reaches(shadow.writes + word, s->count, v.far_limit);
    uint64_t* at = shadow.reads + word;
    const uint32_t* tags = words.tags + s->tag;
    for (uint32_t i = 0; i < s->count; ++i) {
      const uint64_t now = at[i];
      at[i] = now < v.read_limit ? v.record + tags[i] : now;
    }
  }
  const bool tells = reach && some_tell(shadow.writes, words, v);
  return (unwritten ? kUnwritten : 0) | (tells ? kSuspicious : 0);
}

__attribute__((no_sanitize("thread"))) void note_writes(uint64_t* records, const Words& words,
                                                        const View& v) {
  for (const Segment *s = words.segments, *end = s + words.count; s != end; ++s) {
    uint64_t* at = records + words.base + uint64_t(s->word);
    const uint32_t* tags = words.tags + s->tag;
    for (uint32_t i = 0; i < s->count; ++i) {
      const uint64_t now = at[i], mine = v.record + tags[i];
      at[i] = mine | ((now ^ mine) >> kByteBits ? 0 : now);
    }
  }
}

}  // namespace

extern const Scans scans;
const Scans scans = {same_addresses, any, suspicious, read, note_writes};

}  // namespace ptxvm::PTXVM_ISA
