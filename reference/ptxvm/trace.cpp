#include "reference/ptxvm/trace.h"

#include <algorithm>

namespace ptxvm {
namespace {
constexpr uint64_t kSectorsPerLine = 4;
}

void WarpTrace::add(uint64_t first_sector, uint64_t last_sector, CacheUse use) {
  for (uint64_t line = first_sector / kSectorsPerLine; line <= last_sector / kSectorsPerLine;
       ++line) {
    const uint64_t begin = std::max(first_sector, line * kSectorsPerLine) % kSectorsPerLine;
    const uint64_t end = std::min(last_sector, line * kSectorsPerLine + 3) % kSectorsPerLine;
    CacheAccess access;
    access.line = line & ((uint64_t{1} << 58) - 1);
    access.sectors = ((2u << end) - (1u << begin)) & 0xfu;
    access.use = use;
    add(access);
  }
}

void WarpTrace::add(CacheAccess access) {
  // A request comes in pieces of 8 sectors, which may cut a line in two.
  if (!accesses_.empty()) {
    CacheAccess& last = accesses_.back();
    const bool apart = (last.sectors & access.sectors) == 0;
    if (last.line == access.line && last.use == access.use && apart) {
      last.sectors |= access.sectors;
      return;
    }
  }
  accesses_.push_back(access);
}

}  // namespace ptxvm
