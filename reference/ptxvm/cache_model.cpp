#include "reference/ptxvm/cache_model.h"

#include <algorithm>
#include <bit>

namespace ptxvm {
namespace {

constexpr uint32_t kL1Ways = 32, kL2Ways = 16;
/// Loads of lines that the same block loaded a moment ago hit in any L1, and need not be kept until
/// the wave is complete. This many lines of a block, directly mapped, count as a moment.
constexpr uint64_t kMoment = 16;

uint64_t count(uint32_t sectors) { return uint64_t(std::popcount(sectors)); }

}  // namespace

CacheModel::CacheModel(const CacheGeometry& geometry, uint64_t blocks)
    : geometry_(geometry),
      blocks_(blocks),
      l1_(std::min<uint64_t>(geometry.sms, blocks), SectorCache(geometry.l1_bytes, kL1Ways)),
      l2_(geometry.l2_bytes, kL2Ways) {}

CacheModel::Stream CacheModel::merge(std::span<const WarpTrace> warps, CacheTotals& totals) const {
  Stream merged;
  struct Recent {
    uint64_t line = ~uint64_t{0};
    uint32_t sectors = 0;
  };
  Recent recent[kMoment];
  size_t longest = 0;
  for (const WarpTrace& warp : warps) longest = std::max(longest, warp.accesses().size());
  for (size_t i = 0; i < longest; ++i) {
    for (const WarpTrace& warp : warps) {
      if (i >= warp.accesses().size()) continue;
      const CacheAccess& access = warp.accesses()[i];
      Recent& slot = recent[access.line % kMoment];
      const bool same = slot.line == access.line;
      if (access.use == CacheUse::load) {
        if (same && (access.sectors & ~slot.sectors) == 0) {
          totals.l1_hits += count(access.sectors);
          continue;
        }
        slot = {access.line, uint32_t(access.sectors) | (same ? slot.sectors : 0)};
      } else if (access.use == CacheUse::atomic && same) {
        slot = {};
      }
      merged.push_back(access);
    }
  }
  return merged;
}

void CacheModel::finish(uint64_t block, std::span<const WarpTrace> warps) {
  CacheTotals hits;
  Stream stream = merge(warps, hits);
  const uint64_t wave_size = uint64_t{geometry_.sms} * geometry_.resident;
  const std::lock_guard lock(mutex_);
  totals_.l1_hits += hits.l1_hits;
  waves_[block / wave_size].emplace(block, std::move(stream));
  while (!waves_.empty() && waves_.begin()->first == next_wave_) {
    const Wave& wave = waves_.begin()->second;
    if (wave.size() < std::min(wave_size, blocks_ - next_wave_ * wave_size)) return;
    replay(wave);
    waves_.erase(waves_.begin());
    ++next_wave_;
  }
}

void CacheModel::replay(const Wave& wave) {
  struct Cursor {
    const Stream* stream;
    size_t at = 0;
  };
  struct Sm {
    std::vector<Cursor> blocks;
    size_t turn = 0;
  };
  std::vector<Sm> sms(l1_.size());
  for (const auto& [block, stream] : wave)
    if (!stream.empty()) sms[block % geometry_.sms].blocks.push_back({&stream});
  for (bool any = true; any;) {
    any = false;
    for (size_t i = 0; i < sms.size(); ++i) {
      Sm& sm = sms[i];
      if (sm.blocks.empty()) continue;
      any = true;
      if (sm.turn >= sm.blocks.size()) sm.turn = 0;
      Cursor& cursor = sm.blocks[sm.turn];
      access(l1_[i], (*cursor.stream)[cursor.at++]);
      if (cursor.at == cursor.stream->size())
        sm.blocks.erase(sm.blocks.begin() + std::ptrdiff_t(sm.turn));
      else
        ++sm.turn;
    }
  }
}

void CacheModel::access(SectorCache& l1, const CacheAccess& access) {
  uint32_t sectors = access.sectors;
  const bool writes = access.use != CacheUse::load;
  if (access.use == CacheUse::load) {
    const uint32_t present = l1.touch(access.line, sectors, false).present;
    totals_.l1_hits += count(present);
    sectors &= ~present;
    if (!sectors) return;
    totals_.l2_read += count(sectors);
  } else if (access.use == CacheUse::atomic) {
    l1.drop(access.line, sectors);
    totals_.l2_atomic += count(sectors);
  } else {
    totals_.l2_written += count(sectors);
  }
  const SectorCache::Outcome l2 = l2_.touch(access.line, sectors, writes);
  totals_.dram_written += l2.evicted;
  if (access.use == CacheUse::store) return;
  totals_.l2_hits += count(l2.present);
  totals_.dram_read += count(sectors & ~l2.present);
}

CacheTotals CacheModel::totals() {
  const std::lock_guard lock(mutex_);
  totals_.dram_written += l2_.clean();
  return totals_;
}

}  // namespace ptxvm
