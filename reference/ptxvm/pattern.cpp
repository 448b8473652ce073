#include "reference/ptxvm/pattern.h"

#include <algorithm>
#include <bit>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"
#include "reference/ptxvm/trace.h"
#include "reference/ptxvm/where.h"

namespace ptxvm {
namespace {

constexpr int kBanks = 32;
constexpr int64_t kWindow = 256;       // four vectors of 64 bytes
constexpr uint64_t kNullPage = 65536;  // addresses below are null pointers with an index

template <class F>
void each(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(uint32_t(std::countr_zero(mask)));
}

/// Distinct values among at most 64: open addressing.
class Distinct {
 public:
  void add(uint64_t value) {
    for (uint64_t at = value * 0x9E3779B97F4A7C15u >> 57;; at = (at + 1) % kSlots) {
      if (slots_[at] == value + 1) return;
      if (slots_[at] != 0) continue;
      slots_[at] = value + 1;
      ++count_;
      return;
    }
  }
  uint32_t count() const { return count_; }

 private:
  static constexpr uint64_t kSlots = 128;
  uint64_t slots_[kSlots] = {};
  uint32_t count_ = 0;
};

/// Numbers each half warp's words from the half's lowest one; false if they are no words or lie too
/// far apart.
bool number_words(Site& site, uint32_t mask) {
  site.vectors = 1;
  for (int half = 0; half < 2; ++half) {
    const uint32_t lanes_of_half = mask & 0xffffu << 16 * half;
    int64_t low = INT64_MAX, high = INT64_MIN;
    each(lanes_of_half, [&](uint32_t lane) {
      low = std::min(low, site.relative[lane]);
      high = std::max(high, site.relative[lane]);
    });
    std::fill_n(site.words + 16 * half, 16, 0);
    site.start[half] = lanes_of_half ? low : 0;
    if (!lanes_of_half) continue;
    if (high - low >= kWindow) return false;
    const int64_t vectors = high - low < 64 ? 1 : high - low < 128 ? 2 : 4;
    site.vectors = uint8_t(std::max<int64_t>(site.vectors, vectors));
    bool words = true;
    each(lanes_of_half, [&](uint32_t lane) {
      words &= (site.relative[lane] - low) % 4 == 0;
      site.words[lane] = int32_t((site.relative[lane] - low) / 4);
    });
    if (!words) return false;
  }
  return true;
}

Shape shape_of(Site& site, uint32_t mask, uint32_t bytes) {
  const int first = std::countr_zero(mask);
  bool contiguous = true;
  each(mask, [&](uint32_t lane) {
    contiguous &= site.relative[lane] == int64_t(int(lane) - first) * int64_t(bytes);
  });
  if (site.first == site.last) return Shape::uniform;
  const bool window = number_words(site, mask);
  if (contiguous) return Shape::contiguous;
  return window ? Shape::window : Shape::scattered;
}

/// Relative addresses, their extent and shape. Returns the base.
uint64_t learn(Warp& warp, const Op* op, Site& site, MemoryAccess access, uint64_t bias) {
  const uint32_t mask = warp.mask;
  const uint64_t base = lane_address(warp, op, uint32_t(std::countr_zero(mask))) - bias;
  site.mask = mask;
  site.first = site.last = 0;
  each(mask, [&](uint32_t lane) {
    const auto relative = int64_t(lane_address(warp, op, lane) - bias - base);
    site.relative[lane] = relative;
    site.relative32[lane] = uint32_t(relative);
    site.first = std::min(site.first, relative);
    site.last = std::max(site.last, relative);
  });
  site.shape = shape_of(site, mask, access.bytes);
  std::fill(std::begin(site.units), std::end(site.units), uint8_t{0});
  site.run_offset = kNoRuns;
  site.clashes = 0;
  if (access.reads && access.writes && site.shape != Shape::contiguous) {
    Distinct addresses;
    each(mask, [&](uint32_t lane) { addresses.add(uint64_t(site.relative[lane] - site.first)); });
    site.clashes = uint8_t(uint32_t(std::popcount(mask)) - addresses.count());
  }
  return base;
}

std::string what(const char* space, MemoryAccess access, uint64_t address) {
  const char* direction = access.reads && access.writes ? "atomic"
                          : access.writes               ? "store"
                                                        : "load";
  return std::string(space) + " " + direction + " of " + std::to_string(access.bytes) +
         " bytes at " + hex(address);
}

void check_alignment(Warp& warp, const Op* op, const Site& site, uint64_t base, MemoryAccess access,
                     const char* space) {
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t address = base + uint64_t(site.relative[lane]);
    if (address % access.bytes == 0) return;
    raise(warp, op, TrapKind::misaligned, int(lane),
          what(space, access, address) + ": not a multiple of its size", {space, address});
  });
}

[[noreturn]] void bad_global(Warp& warp, const Op* op, uint32_t lane, uint64_t address,
                             MemoryAccess access) {
  const std::string text = what("global", access, address);
  const Place place{"global", address};
  if (address < kNullPage) raise(warp, op, TrapKind::null_address, int(lane), text, place);
  for (const auto& [window, name] :
       {std::pair{kSharedWindow, "shared"}, {kLocalWindow, "local"}, {kParamWindow, "parameter"}})
    if (in_window(address, window))
      raise(warp, op, TrapKind::invalid_address_space, int(lane),
            text + ": this is " + name + " memory", place);
  raise(warp, op, outside(*warp.cta->grid.memory, address), int(lane), text, place);
}

/// Passes of one group of lanes over the banks.
uint32_t passes(const Site& site, uint32_t group, uint64_t offset, uint32_t bytes) {
  uint64_t seen[kBanks][kLanes];
  uint32_t count[kBanks] = {}, most = 1;
  each(group, [&](uint32_t lane) {
    const uint64_t begin = offset + uint64_t(site.relative[lane] - site.first);
    for (uint64_t word = begin / 4; word <= (begin + bytes - 1) / 4; ++word) {
      const uint64_t bank = word % kBanks;
      uint64_t* const words = seen[bank];
      if (std::find(words, words + count[bank], word) != words + count[bank]) continue;
      words[count[bank]++] = word;
      most = std::max(most, count[bank]);
    }
  });
  return most;
}

}  // namespace

void learn_global(Warp& warp, const Op* op, Site& site, MemoryAccess access) {
  const uint64_t base = learn(warp, op, site, access, 0);
  check_alignment(warp, op, site, base, access, "global");
  const uint64_t lowest = base + uint64_t(site.first);
  const uint64_t extent = uint64_t(site.last - site.first) + access.bytes;
  const auto inside = [&](uint64_t begin, uint64_t end) {
    return lowest >= begin && lowest < end && extent <= end - lowest;
  };
  if (!inside(site.begin, site.end)) {
    site.begin = site.end = 0;
    if (const Memory::Allocation* found = warp.cta->grid.memory->find(lowest, extent)) {
      site.begin = found->address;
      site.end = found->address + found->size;
    }
  }
  if (inside(site.begin, site.end)) {
    site.low = site.begin - uint64_t(site.first);
    site.span = site.end - site.begin - extent;
    return;
  }
  // Not one allocation: each lane for itself, and nothing is known of other bases.
  site.mask = 0;
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t address = base + uint64_t(site.relative[lane]);
    if (!warp.cta->grid.memory->find(address, access.bytes))
      bad_global(warp, op, lane, address, access);
  });
  site.mask = warp.mask;
  site.low = base;
  site.span = 0;
}

void learn_shared(Warp& warp, const Op* op, Site& site, MemoryAccess access, uint64_t bias) {
  const uint64_t base = learn(warp, op, site, access, bias);
  check_alignment(warp, op, site, base, access, "shared");
  const uint64_t size = warp.cta->shared_bytes;
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t address = base + uint64_t(site.relative[lane]);
    if (address < size && access.bytes <= size - address) return;
    site.mask = 0;
    raise(warp, op, TrapKind::out_of_bounds, int(lane),
          what("shared", access, address) + "\n  the block has " + std::to_string(size) +
              " bytes of shared memory",
          {"shared", address});
  });
  site.low = uint64_t(0) - uint64_t(site.first);
  site.span = size - access.bytes - uint64_t(site.last - site.first);
  count_wavefronts(site, base, access.bytes);
}

uint32_t count_sectors(Site& site, uint32_t offset, uint32_t bytes) {
  Distinct sectors;
  constexpr uint64_t kLift = uint64_t{1}
                             << 48;  // a multiple of the sector: relative addresses may be negative
  each(site.mask, [&](uint32_t lane) {
    const uint64_t begin = kLift + offset + uint64_t(site.relative[lane]);
    for (uint64_t sector = begin / kSectorBytes; sector <= (begin + bytes - 1) / kSectorBytes;
         ++sector)
      sectors.add(sector);
  });
  return site.units[offset] = uint8_t(sectors.count());
}

void list_runs(Site& site, uint32_t offset, uint32_t bytes) {
  constexpr auto kBytes = int64_t{kSectorBytes};
  int count = 0;
  each(site.mask, [&](uint32_t lane) {
    // Multiples of the sector's size, counted from the base's own sector.
    const int64_t begin = (site.relative[lane] + offset) & -kBytes;
    const int64_t end = site.relative[lane] + offset + bytes;
    for (int64_t sector = begin; sector < end && count <= kMaxRuns; sector += kBytes) {
      const auto past = [&](const SectorRun& run) {
        return run.first + int64_t(run.count) * kBytes;
      };
      const auto holds = [&](const SectorRun& run) {
        return run.first <= sector && sector < past(run);
      };
      if (std::any_of(site.runs, site.runs + count, holds)) continue;
      if (count && past(site.runs[count - 1]) == sector)
        ++site.runs[count - 1].count;
      else if (++count <= kMaxRuns)
        site.runs[count - 1] = {sector, 1};
    }
  });
  site.run_count = count > kMaxRuns ? 0 : uint8_t(count);
  site.run_offset = uint8_t(offset);
}

uint32_t count_wavefronts(Site& site, uint64_t base, uint32_t bytes) {
  const uint32_t group = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
  const uint32_t lanes_of_group = group == 32 ? kFullMask : (1u << group) - 1;
  uint32_t total = 0, ideal = 0;
  for (uint32_t lane = 0; lane < kLanes; lane += group) {
    const uint32_t active = site.mask & lanes_of_group << lane;
    if (!active) continue;
    total += passes(site, active, (base + uint64_t(site.first)) % 4, bytes);
    ++ideal;
  }
  site.ideal = uint8_t(ideal);
  return site.units[base % 4] = uint8_t(total);
}

namespace {

void touch(Worker& worker, uint8_t* mark, uint64_t& count) {
  const uint8_t now = worker.memory.mark;
  if (__atomic_load_n(mark, __ATOMIC_RELAXED) == now) return;
  if (worker.alone) {
    *mark = now;
    ++count;
  } else if (__atomic_exchange_n(mark, now, __ATOMIC_RELAXED) != now) {
    ++count;
  }
}

void touch_range(Worker& worker, uint64_t first, uint64_t last, MemoryAccess access) {
  for (uint64_t sector = first; sector <= last; ++sector) {
    if (access.reads) touch(worker, worker.memory.read_marks + sector, worker.sectors_read);
    if (access.writes) touch(worker, worker.memory.write_marks + sector, worker.sectors_written);
  }
}

CacheUse use_of(MemoryAccess access) {
  if (!access.writes) return CacheUse::load;
  return access.reads ? CacheUse::atomic : CacheUse::store;
}

/// Each sector of a scattered request once, in order.
void trace_lanes(WarpTrace& trace, const Site& site, uint64_t base, MemoryAccess access) {
  uint64_t sectors[2 * kLanes];
  size_t n = 0;
  each(site.mask, [&](uint32_t lane) {
    const uint64_t address = base + uint64_t(site.relative[lane]);
    sectors[n++] = address / kSectorBytes;
    const uint64_t last = (address + access.bytes - 1) / kSectorBytes;
    if (last != sectors[n - 1]) sectors[n++] = last;
  });
  std::sort(sectors, sectors + n);
  n = size_t(std::unique(sectors, sectors + n) - sectors);
  for (size_t i = 0; i < n; ++i) trace.add(sectors[i], sectors[i], use_of(access));
}

}  // namespace

void mark_range(Worker& worker, uint64_t first, uint64_t last, MemoryAccess access) {
  if (worker.trace) worker.trace->add(first, last, use_of(access));
  touch_range(worker, first, last, access);
}

void mark_lanes(Worker& worker, const Site& site, uint64_t base, MemoryAccess access) {
  if (worker.trace) trace_lanes(*worker.trace, site, base, access);
  uint64_t previous = 0;  // neighbours mostly share a sector
  each(site.mask, [&](uint32_t lane) {
    const uint64_t address = base + uint64_t(site.relative[lane]);
    const uint64_t last = (address + access.bytes - 1) / kSectorBytes;
    if (last == previous) return;
    previous = last;
    touch_range(worker, address / kSectorBytes, last, access);
  });
}

Spaces spaces_of(Warp& warp, const Op* op) {
  Spaces spaces;
  each(warp.mask, [&](uint32_t lane) {
    const uint64_t address = lane_address(warp, op, lane);
    const uint32_t bit = 1u << lane;
    if (in_window(address, kSharedWindow))
      (names_peer(address) ? spaces.peer : spaces.shared) |= bit;
    else if (in_window(address, kLocalWindow))
      spaces.local |= bit;
    else if (in_window(address, kParamWindow))
      spaces.param |= bit;
    else
      spaces.global |= bit;
  });
  return spaces;
}

}  // namespace ptxvm
