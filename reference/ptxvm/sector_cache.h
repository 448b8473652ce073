// A set-associative cache of 128-byte lines whose 32-byte sectors come and go one by one, with
// least-recently-used replacement of lines.
#pragma once

#include <cstdint>
#include <vector>

namespace ptxvm {

class SectorCache {
 public:
  /// Of at least one set; `bytes` are rounded down to whole sets.
  SectorCache(uint64_t bytes, uint32_t ways);

  struct Outcome {
    uint32_t present;  // of the sectors asked for, those that were there
    uint32_t evicted;  // number of dirty sectors that had to make room
  };
  /// Makes the line the most recent one of its set and the sectors present.
  Outcome touch(uint64_t line, uint32_t sectors, bool dirty);
  /// Forgets sectors, clean or dirty.
  void drop(uint64_t line, uint32_t sectors);
  /// Number of dirty sectors; they are clean from now on.
  uint64_t clean();

 private:
  struct Line {
    uint64_t number = kNone;
    uint8_t present = 0, dirty = 0;
  };
  static constexpr uint64_t kNone = ~uint64_t{0};
  Line* set_of(uint64_t line);

  uint32_t ways_;
  uint64_t sets_;
  std::vector<Line> lines_;  // each set's, most recent first
};

}  // namespace ptxvm
