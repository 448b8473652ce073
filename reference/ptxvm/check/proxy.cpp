// Generic writes that the async proxy reads. PTX ISA 9.0, section 8.9.5 (causality order): a proxy
// fence must lie on the way from the write to the read, in whichever thread. A fence that clocks do
// not prove to be too early, of any thread that has run one, is taken to be on that way.
#include <algorithm>

#include "reference/ptxvm/check/instrument.h"
#include "reference/ptxvm/check/peers.h"
#include "reference/ptxvm/check/sources.h"
#include "reference/ptxvm/check/views.h"

namespace ptxvm {
namespace {

bool fenced_since(const CtaChecks& checks, bool home, uint64_t write) {
  const uint32_t thread = Access::of(write).thread;
  for (uint32_t w = 0; w < checks.warps.size(); ++w) {
    const CtaChecks::WarpState::ProxyFence& fence = checks.warps[w].proxy_fence;
    if (!fence.lanes) continue;
    const uint64_t syncs = warp_record::syncs(write);
    if (!home || w != thread / kLanes) {
      if (fence.clock > warp_record::clock(write)) return true;
    } else if (fence.syncs > syncs ||
               (fence.syncs == syncs && fence.lanes >> thread % kLanes & 1)) {
      return true;
    }
  }
  return false;
}

bool fenced_since(const Warp& warp, uint64_t write) {
  if (fenced_since(*warp.cta->checks, true, write)) return true;
  if (!warp.cta->cluster) return false;
  const auto& blocks = warp.cta->cluster->blocks;
  return std::any_of(blocks.begin(), blocks.end(), [&](const Cta* block) {
    return block && block != warp.cta && fenced_since(*block->checks, false, write);
  });
}

}  // namespace

void written_by_threads(Warp& warp, const Op* op, const CheckedOp& c, const Request& r) {
  CtaChecks& checks = *warp.cta->checks;
  if (r.shared)
    checks.scans.note_writes(checks.by_threads.data(), r.shared.words(),
                             WarpView(warp).view(c.number, false));
  if (r.peers)
    each_peer(warp, op, r, [&](Cta& block, const Part& part) {
      each_word_once(part, r.bytes,
                     [&](uint32_t, uint64_t word, uint8_t) { block.checks->by_threads[word] = 0; });
    });
}

void written_by_copy(CtaChecks& owner, uint64_t first_word, uint64_t end_word) {
  if (owner.by_threads.empty()) return;
  std::fill(owner.by_threads.begin() + int64_t(first_word),
            owner.by_threads.begin() + int64_t(end_word), 0);
}

void check_proxy(Warp& warp, const Op* op, int lane, uint64_t first_word, uint64_t end_word) {
  CtaChecks& checks = *warp.cta->checks;
  if (checks.by_threads.empty()) return;
  uint64_t known = 0;
  for (uint64_t word = first_word; word < end_word; ++word) {
    const uint64_t write = checks.by_threads[word];
    if (!write) continue;
    if (write >> kByteBits != known >> kByteBits && !fenced_since(warp, write)) {
      report_race(warp, op, uint32_t(std::max(lane, 0)), uint32_t(end_word - first_word) * 4,
                  {"shared", word * 4}, false,
                  "that a thread wrote, with no fence.proxy.async in between",
                  WarpView(warp).party(warp, write), Access::of(write).op);
      return;
    }
    known = write;
    checks.by_threads[word] = 0;
  }
}

const Op* checked_proxy_fence(Warp& warp, const Op* op) {
  CtaChecks::WarpState& me = warp.cta->checks->warps[warp.index];
  const CtaChecks::WarpState::ProxyFence now{me.clock, me.syncs, warp.mask};
  const Op* next = checked_collective(warp, op);
  const bool again = me.proxy_fence.syncs == now.syncs && me.proxy_fence.clock == now.clock;
  me.proxy_fence = {now.clock, now.syncs, now.lanes | (again ? me.proxy_fence.lanes : 0)};
  return next;
}

}  // namespace ptxvm
