#include "reference/ptxvm/sector_cache.h"

#include <algorithm>
#include <bit>

namespace ptxvm {
namespace {
constexpr uint64_t kLineBytes = 128;
}

SectorCache::SectorCache(uint64_t bytes, uint32_t ways)
    : ways_(ways), sets_(std::max<uint64_t>(bytes / kLineBytes / ways, 1)), lines_(sets_ * ways) {}

/// Neighbours go to different sets, and so do lines at a stride of the number of sets: hardware
/// hashes addresses to that end.
SectorCache::Line* SectorCache::set_of(uint64_t line) {
  return lines_.data() + (line + line / sets_) % sets_ * ways_;
}

SectorCache::Outcome SectorCache::touch(uint64_t line, uint32_t sectors, bool dirty) {
  Line* const set = set_of(line);
  Line* found = std::find_if(set, set + ways_, [&](const Line& l) { return l.number == line; });
  Outcome outcome{0, 0};
  Line now{line, 0, 0};
  if (found != set + ways_) {
    now = *found;
    outcome.present = now.present & sectors;
  } else {
    --found;  // the least recent one
    outcome.evicted = uint32_t(std::popcount(found->dirty));
  }
  now.present |= uint8_t(sectors);
  if (dirty) now.dirty |= uint8_t(sectors);
  std::move_backward(set, found, found + 1);
  *set = now;
  return outcome;
}

void SectorCache::drop(uint64_t line, uint32_t sectors) {
  Line* const set = set_of(line);
  for (Line* l = set; l != set + ways_; ++l) {
    if (l->number != line) continue;
    l->present &= uint8_t(~sectors);
    l->dirty &= uint8_t(~sectors);
  }
}

uint64_t SectorCache::clean() {
  uint64_t count = 0;
  for (Line& line : lines_) {
    count += uint64_t(std::popcount(line.dirty));
    line.dirty = 0;
  }
  return count;
}

}  // namespace ptxvm
