// The fast path of a memory request: do the addresses lie as they did the last time, shifted? Then
// bounds are one comparison, and sectors and bank conflicts are known. Otherwise pattern.h finds
// out.
#pragma once

#include <cstring>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/ops/simd.h"
#include "reference/ptxvm/pattern.h"

namespace ptxvm::PTXVM_ISA {

/// Do the addresses of the pattern's lanes lie as it says? The first one's register holds `first`.
template <class Pattern>
PTXVM_INLINE bool same_relative(Warp& warp, const Op* op, const Pattern& pattern, uint64_t first) {
  const auto compared = [&]<class T>(const T* address, const T* relative) {
    constexpr int n = kVectorBytes / int(sizeof(T));
    const Vec<T, n> from = splat<Vec<T, n>>(T(first));
    uint32_t same = 0;
    for (int i = 0; i < kLanes; i += n)
      same |= compare<Cmp::eq>(load<T, n>(address + i), load<T, n>(relative + i) + from) << i;
    return (~same & pattern.mask) == 0;
  };
  if (op->narrow_address) return compared(lanes<uint32_t>(warp, op->a), pattern.relative32);
  return compared(lanes<uint64_t>(warp, op->a),
                  reinterpret_cast<const uint64_t*>(pattern.relative));
}

/// Do the running lanes' addresses have the site's relative addresses? The first lane's is `first`.
PTXVM_INLINE bool same_pattern(Warp& warp, const Op* op, const Site& site, uint64_t first) {
  if (site.mask != warp.mask) return false;
  return op->a == kNoOperand || same_relative(warp, op, site, first);
}

PTXVM_INLINE uint64_t first_address(Warp& warp, const Op* op) {
  if (op->a == kNoOperand) return 0;
  const int lane = __builtin_ctz(warp.mask);
  return op->narrow_address ? lanes<uint32_t>(warp, op->a)[lane]
                            : lanes<uint64_t>(warp, op->a)[lane];
}

/// Marks neighbouring sectors as touched, eight at a time where they mostly are already.
template <bool reads, bool writes>
PTXVM_INLINE void mark_run(Worker& worker, uint64_t sector, uint64_t count, MemoryAccess access) {
  const uint64_t marked = 0x0101010101010101u * worker.memory.epoch;
  for (uint64_t left = count;; sector += 8, left -= 8) {
    uint64_t different = 0, mark;
    if constexpr (reads)
      std::memcpy(&mark, worker.memory.read_marks + sector, 8), different |= mark ^ marked;
    if constexpr (writes)
      std::memcpy(&mark, worker.memory.write_marks + sector, 8), different |= mark ^ marked;
    const uint64_t relevant = left >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * left) - 1;
    if (different & relevant) [[unlikely]]
      mark_range(worker, sector, sector + (left < 8 ? left : 8) - 1, access);
    if (left <= 8) return;
  }
}

template <uint32_t bytes, bool reads, bool writes>
PTXVM_INLINE void mark(Worker& worker, Site& site, uint64_t base, uint32_t sectors) {
  constexpr MemoryAccess access{bytes, reads, writes};
  const uint64_t low = (base + uint64_t(site.first)) / kSectorBytes;
  const uint64_t high = (base + uint64_t(site.last) + bytes - 1) / kSectorBytes;
  if (high - low + 1 == sectors) return mark_run<reads, writes>(worker, low, sectors, access);
  const auto offset = uint32_t(base % kSectorBytes);
  if (site.run_offset != offset) [[unlikely]]
    list_runs(site, offset, bytes);
  if (!site.run_count) return mark_lanes(worker, site, base, access);
  for (const SectorRun *run = site.runs, *end = run + site.run_count; run != end; ++run)
    mark_run<reads, writes>(worker, (base + uint64_t(run->first)) / kSectorBytes, run->count,
                            access);
}

/// Where the first running lane's bytes are; the others' are at site.relative from there. Checked
/// and counted.
template <uint32_t bytes, bool reads, bool writes>
PTXVM_INLINE std::byte* locate_global(Warp& warp, const Op* op, Site& site) {
  constexpr MemoryAccess access{bytes, reads, writes};
  const uint64_t first = first_address(warp, op), base = displaced(op, first);
  if (!same_pattern(warp, op, site, first) || base - site.low > site.span || base % bytes)
      [[unlikely]]
    learn_global(warp, op, site, access);
  uint32_t sectors = site.units[base % kSectorBytes];
  if (!sectors) [[unlikely]]
    sectors = count_sectors(site, base % kSectorBytes, bytes);
  ++site.global.requests;
  site.global.units += sectors;
  mark<bytes, reads, writes>(*warp.worker, site, base, sectors);
  return warp.worker->memory.host_bias + base;
}

struct SharedRequest {
  uint64_t base;        // of the first running lane, in the block's shared memory
  uint32_t wavefronts;  // 0: not as the last time, to be learned
};
template <uint32_t bytes>
PTXVM_INLINE SharedRequest shared_request(Warp& warp, const Op* op, const Site& site,
                                          uint64_t bias) {
  const uint64_t first = first_address(warp, op), base = displaced(op, first) - bias;
  const bool known =
      same_pattern(warp, op, site, first) && base - site.low <= site.span && base % bytes == 0;
  return {base, known ? site.units[base % 4] : 0u};
}
PTXVM_INLINE void count_shared(Site& site, SharedRequest request) {
  ++site.shared.requests;
  site.shared.units += request.wavefronts;
  site.shared.ideal += site.ideal;
}
/// Learns the request, then runs the handler, which now knows it. Apart, so that the handler's fast
/// path saves no registers.
template <uint32_t bytes, bool reads, bool writes, Handler handler>
[[gnu::noinline, gnu::cold]] const Op* learned_shared(Warp& warp, const Op* op, uint64_t bias) {
  Site& site = warp.sites[op->site];
  learn_shared(warp, op, site, {bytes, reads, writes}, bias);
  return handler(warp, op);
}

template <uint32_t bytes, bool reads, bool writes>
PTXVM_INLINE std::byte* locate_shared(Warp& warp, const Op* op, Site& site, uint64_t bias) {
  SharedRequest request = shared_request<bytes>(warp, op, site, bias);
  if (!request.wavefronts) [[unlikely]] {
    learn_shared(warp, op, site, {bytes, reads, writes}, bias);
    request = shared_request<bytes>(warp, op, site, bias);
  }
  count_shared(site, request);
  return warp.cta->shared + request.base;
}

}  // namespace ptxvm::PTXVM_ISA
