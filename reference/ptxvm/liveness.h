// Where virtual registers are live, as one interval each over the linear order of a function's
// instructions.
//
// Lanes that diverge run at different places but each lane writes only its own part of a register,
// so what matters is each lane's own path: liveness over the control-flow graph holds per lane. A
// definition under a guard leaves the other lanes' values alone, so it does not end an earlier
// value (it is partial). The interval from a register's first to last live position, loops
// included, contains its live range; registers with disjoint intervals may share a slot.
#pragma once

#include <cstdint>
#include <vector>

namespace ptxvm {

struct RegisterAccess {
  enum class Kind : uint8_t { use, define, define_part, define_early };
  uint32_t position;  // instruction, ascending
  uint32_t reg;
  Kind kind;  // define_early: written while sources are still read
};

struct FlowBlock {
  uint32_t begin, end;  // instructions [begin, end)
  std::vector<uint32_t> successors;
};

/// Half-steps: instruction p reads at 2p and writes at 2p+1. begin > end: never accessed.
struct Interval {
  uint32_t begin = UINT32_MAX, end = 0;
  bool empty() const { return begin > end; }
  void include(uint32_t step) {
    if (step < begin) begin = step;
    if (step > end) end = step;
  }
};

/// One interval per register. Within an instruction uses come before definitions in `accesses`.
std::vector<Interval> live_intervals(const std::vector<FlowBlock>& blocks,
                                     const std::vector<RegisterAccess>& accesses,
                                     uint32_t registers);

}  // namespace ptxvm
