#include "reference/ptxvm/check/footprint.h"

#include <algorithm>
#include <bit>

#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/check/request.h"

namespace ptxvm {

void Footprint::learn(const uint64_t* addresses, uint32_t lanes, uint32_t bytes_, uint64_t begin,
                      uint64_t size) {
  mask = lanes;
  bytes = bytes_;
  overlaps = false;
  segments_.clear();
  tags_.clear();
  uint32_t order[kLanes] = {}, count = 0;
  each_of(lanes, [&](uint32_t lane) { order[count++] = lane; });
  const uint64_t base = addresses[order[0]];
  phase = uint8_t(base % 4);
  for (uint32_t i = 0; i < count; ++i) {
    relative[order[i]] = int64_t(addresses[order[i]] - base);
    relative32[order[i]] = uint32_t(relative[order[i]]);
  }
  std::stable_sort(order, order + count,
                   [&](uint32_t a, uint32_t b) { return addresses[a] < addresses[b]; });
  const uint64_t first = addresses[order[0]], last = addresses[order[count - 1]];
  low = begin + (base - first);
  span = size - bytes - (last - first);
  uint64_t end = 0;  // the word behind those that are listed
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t address = addresses[order[i]];
    for (uint64_t word = address / 4; word <= (address + bytes - 1) / 4; ++word) {
      const auto mine = uint32_t(Access{bytes_of_word(address, bytes), 0, order[i]}.bits());
      if (word < end) {
        uint32_t& there = tags_[tags_.size() - (end - word)];
        overlaps = true;
        if (Access::of(there).thread < order[i]) there = mine;
        continue;
      }
      if (word != end || segments_.empty())
        segments_.push_back({int64_t(word - base / 4), 0, uint32_t(tags_.size())});
      ++segments_.back().count;
      tags_.push_back(mine);
      end = word + 1;
    }
  }
  segment = segments_.data();
  segment_count = uint32_t(segments_.size());
  tag = tags_.data();
}

}  // namespace ptxvm
