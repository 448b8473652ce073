// The words that the lanes of a request touch, relative to the first lane's address: worked out
// once, then remembered by op, for a loop's requests mostly differ by a shift only.
#pragma once

#include <vector>

#include "reference/ptxvm/check/scan.h"
#include "reference/ptxvm/warp.h"

namespace ptxvm {

struct Footprint {
  uint32_t mask = 0;  // lanes; 0: nothing is known
  uint32_t bytes = 0;
  bool shared = false;    // memory, else global
  bool overlaps = false;  // two lanes share a word
  uint8_t phase = 0;      // the first lane's address % 4
  uint32_t segment_count = 0;
  uint64_t bias = 0;           // what its generic address is beyond its offset
  uint64_t low = 1, span = 0;  // first addresses with all lanes inside: address - low <= span
  const Segment* segment = nullptr;
  const uint32_t* tag = nullptr;  // of a word that several lanes touch: the highest one's
  alignas(64) uint32_t relative32[kLanes] = {};
  alignas(64) int64_t relative[kLanes] = {};

  /// addresses: of the lanes in `mask`, which lie in [begin, begin + size).
  void learn(const uint64_t* addresses, uint32_t mask, uint32_t bytes, uint64_t begin,
             uint64_t size);
  /// Does it hold for a request whose first lane has this address (offset)?
  bool fits(uint64_t address) const {
    return address - low <= span && (address & (bytes - 1)) == 0 && address % 4 == phase;
  }

 private:
  std::vector<Segment> segments_;
  std::vector<uint32_t> tags_;
};

}  // namespace ptxvm
