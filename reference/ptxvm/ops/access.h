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

/// Do the running lanes' addresses have the site's relative addresses? The first lane's is `first`.
PTXVM_INLINE bool same_pattern(Warp& warp, const Op* op, const Site& site, uint64_t first) {
  if (site.mask != warp.mask) return false;
  if (op->a == kNoOperand) return true;
  constexpr int n = kVectorBytes / 8;
  using V = Vec<uint64_t, n>;
  uint32_t different = 0;
  for (int i = 0; i < kLanes; i += n) {
    V address;
    if (op->narrow_address)
      address = convert<uint64_t>(load<uint32_t, n>(lanes<uint32_t>(warp, op->a) + i));
    else
      address = load<uint64_t, n>(lanes<uint64_t>(warp, op->a) + i);
    const V expected =
        load<uint64_t, n>(reinterpret_cast<const uint64_t*>(site.relative) + i) + first;
    different |= bits_of(address != expected) << i;
  }
  return (different & warp.mask) == 0;
}

PTXVM_INLINE uint64_t first_address(Warp& warp, const Op* op) {
  if (op->a == kNoOperand) return 0;
  const int lane = __builtin_ctz(warp.mask);
  return op->narrow_address ? lanes<uint32_t>(warp, op->a)[lane]
                            : lanes<uint64_t>(warp, op->a)[lane];
}

/// Where the first running lane's bytes are; the others' are at site.relative from there. Checked
/// and counted.
template <uint32_t bytes, bool reads, bool writes>
PTXVM_INLINE std::byte* locate_global(Warp& warp, const Op* op, Site& site) {
  constexpr MemoryAccess access{bytes, reads, writes};
  const uint64_t first = first_address(warp, op), base = first + uint64_t(op->imm);
  if (!same_pattern(warp, op, site, first) || base - site.low > site.span || base % bytes)
      [[unlikely]]
    learn_global(warp, op, site, access);
  uint32_t sectors = site.units[base % kSectorBytes];
  if (!sectors) [[unlikely]]
    sectors = count_sectors(site, base % kSectorBytes, bytes);
  ++site.global.requests;
  site.global.units += sectors;

  Worker& worker = *warp.worker;
  const uint64_t low = (base + uint64_t(site.first)) / kSectorBytes;
  const uint64_t high = (base + uint64_t(site.last) + bytes - 1) / kSectorBytes;
  if (high - low + 1 != sectors) {
    mark_lanes(worker, site, base, access);
  } else {
    const uint64_t marked = 0x0101010101010101u * worker.memory.epoch;
    for (uint64_t sector = low; sector <= high; sector += 8) {
      const uint64_t left = high - sector + 1;
      const uint64_t relevant = left >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * left) - 1;
      uint64_t seen = ~uint64_t{0}, mark;
      if constexpr (reads)
        std::memcpy(&mark, worker.memory.read_marks + sector, 8), seen = mark ^ marked;
      if constexpr (writes && !reads)
        std::memcpy(&mark, worker.memory.write_marks + sector, 8), seen = mark ^ marked;
      if constexpr (writes && reads)
        std::memcpy(&mark, worker.memory.write_marks + sector, 8), seen |= mark ^ marked;
      if (seen & relevant) [[unlikely]]
        mark_range(worker, sector, left >= 8 ? sector + 7 : high, access);
    }
  }
  return worker.memory.host_bias + base;
}

template <uint32_t bytes, bool reads, bool writes>
PTXVM_INLINE std::byte* locate_shared(Warp& warp, const Op* op, Site& site, uint64_t bias) {
  constexpr MemoryAccess access{bytes, reads, writes};
  const uint64_t first = first_address(warp, op), base = first + uint64_t(op->imm) - bias;
  if (!same_pattern(warp, op, site, first) || base - site.low > site.span || base % bytes)
      [[unlikely]]
    learn_shared(warp, op, site, access, bias);
  uint32_t wavefronts = site.units[base % 4];
  if (!wavefronts) [[unlikely]]
    wavefronts = count_wavefronts(site, base, bytes);
  ++site.shared.requests;
  site.shared.units += wavefronts;
  site.shared.ideal += site.ideal;
  return warp.cta->shared + base;
}

}  // namespace ptxvm::PTXVM_ISA
