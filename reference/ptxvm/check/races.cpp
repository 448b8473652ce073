#include "reference/ptxvm/check/races.h"

#include <algorithm>
#include <cstring>

#include "reference/ptxvm/check/init.h"
#include "reference/ptxvm/check/peers.h"
#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/check/sources.h"
#include "reference/ptxvm/check/views.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

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
  if (r.peers) [[unlikely]]
    each_peer(warp, op, r, [&](Cta& block, const Part& part) {
      const WarpView eye(warp, *block.checks);
      eye.me.dirty = true;
      Shadow shadow = block.checks->shared;
      shadow.unwritten = nullptr;  // check_written will look
      read(warp, op, c, r.bytes, part, eye, shadow);
      found |= init ? kUnwritten : 0;
    });
  if (found & kUnwritten) [[unlikely]]
    check_written(warp, op, c, r);
}

void check_race_of_writes(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  if (r.shared) {
    const WarpView eye(warp);
    eye.me.dirty = true;
    write(warp, op, c, r.bytes, r.shared, eye, eye.checks.shared, warp.cta->shared);
  }
  if (r.peers) [[unlikely]]
    each_peer(warp, op, r, [&](Cta& block, const Part& part) {
      const WarpView eye(warp, *block.checks);
      eye.me.dirty = true;
      write(warp, op, c, r.bytes, part, eye, block.checks->shared, block.shared);
    });
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
          report_race(
              warp, op, lane, r.bytes, {global ? "global" : "shared", address}, true,
              "where another lane of the same instruction stores another value",
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

void report_begun(Warp& warp, const Op* op, uint32_t lane, uint32_t bytes, uint64_t offset,
                  bool writes, uint64_t begun) {
  const Access access = Access::of(begun);
  report_race(warp, op, lane, bytes, {"shared", offset}, writes,
              "in the destination of an asynchronous copy that was not waited for",
              party_of(warp.cta->grid, access.op,
                       block_of_rank(*warp.cta, warp_record::rank(begun)), access.thread),
              access.op);
}

void report_pending(Warp& warp, const Op* op, const CtaChecks& owner, const Part& part,
                    uint32_t bytes, bool writes) {
  if (writes) report_sources(warp, op, owner, part, bytes);
  if (!owner.pending_words) return;
  bool found = false;
  each_word(part, bytes, [&](uint32_t lane, uint64_t word, uint8_t) {
    const uint64_t begun = owner.pending[word];
    if (!begun || found) return;
    found = true;
    report_begun(warp, op, lane, bytes, part.address(lane), writes, begun);
  });
}

void report_pending(Warp& warp, const Op* op, const Request& r, bool writes) {
  if (r.shared) report_pending(warp, op, *warp.cta->checks, r.shared, r.bytes, writes);
  if (r.peers)
    each_peer(warp, op, r, [&](Cta& block, const Part& part) {
      report_pending(warp, op, *block.checks, part, r.bytes, writes);
    });
}

}  // namespace ptxvm
