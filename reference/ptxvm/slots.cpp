#include "reference/ptxvm/slots.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>

namespace ptxvm {
namespace {

/// Free byte ranges below `extent`, merged with their neighbours.
class Holes {
 public:
  uint32_t take(uint32_t bytes) {
    for (auto hole = holes_.begin(); hole != holes_.end(); ++hole) {
      if (hole->second < bytes) continue;
      const auto [offset, size] = *hole;
      holes_.erase(hole);
      if (size > bytes) holes_.emplace(offset + bytes, size - bytes);
      return offset;
    }
    const uint32_t offset = extent_;
    extent_ += bytes;
    return offset;
  }
  void give(uint32_t offset, uint32_t bytes) {
    auto after = holes_.upper_bound(offset);
    if (after != holes_.end() && after->first == offset + bytes) {
      bytes += after->second;
      after = holes_.erase(after);
    }
    if (after != holes_.begin()) {
      auto before = std::prev(after);
      if (before->first + before->second == offset) {
        before->second += bytes;
        return;
      }
    }
    holes_.emplace(offset, bytes);
  }
  uint32_t extent() const { return extent_; }

 private:
  std::map<uint32_t, uint32_t> holes_;  // offset -> size
  uint32_t extent_ = 0;
};

}  // namespace

SlotMap assign_slots(const std::vector<SlotRequest>& requests, uint32_t unit) {
  SlotMap map;
  map.offsets.assign(requests.size(), UINT32_MAX);
  std::vector<uint32_t> order(requests.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
    return requests[x].live.begin < requests[y].live.begin;
  });
  Holes holes;
  using Ending = std::pair<uint32_t, uint32_t>;  // last step, request
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> active;
  const auto rounded = [&](uint32_t r) { return (requests[r].bytes + unit - 1) / unit * unit; };
  for (const uint32_t r : order) {
    if (requests[r].live.empty()) continue;
    while (!active.empty() && active.top().first < requests[r].live.begin) {
      const uint32_t ended = active.top().second;
      active.pop();
      holes.give(map.offsets[ended], rounded(ended));
    }
    map.offsets[r] = holes.take(rounded(r));
    active.emplace(requests[r].live.end, r);
  }
  map.bytes = holes.extent();
  return map;
}

}  // namespace ptxvm
