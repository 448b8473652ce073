// Asynchronous work that is committed in groups and waited for in their order: wgmma of a warp,
// bulk copies of a thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ptxvm {

struct AsyncGroups {
  static constexpr uint32_t kRemembered = 8;
  uint32_t committed = 0;             // also the number of the group that is open
  uint32_t done = 0;                  // groups below it were waited for
  uint32_t waited[kRemembered] = {};  // by group: the clock of the warp that waited

  bool running(uint32_t group) const { return group >= done; }
  /// All but the last `left` groups are done.
  void wait(uint32_t left, uint32_t clock) {
    const uint32_t end = std::max(done, committed - std::min(committed, left));
    for (uint32_t group = std::max(done, end - std::min(end, kRemembered)); group < end; ++group)
      waited[group % kRemembered] = clock;
    done = end;
  }
  /// Of a group that is done; 0: it was long ago.
  uint32_t clock_of(uint32_t group) const {
    return done - group <= kRemembered ? waited[group % kRemembered] : 0;
  }
  /// Clocks begin anew.
  void restart() { std::fill(std::begin(waited), std::end(waited), 0u); }
};

}  // namespace ptxvm
