// A test kernel with planted faults, each compiled in by a template argument: what the net must
// catch.
#pragma once

#include "kernels/strategy.h"

namespace tconv {

enum class Mutation {
  none,
  barrier_removed,   ///< consumers read shared memory before the producing warp has written it
  index_shifted,     ///< every input is taken from its neighbour
  phase_dropped,     ///< outputs o % s == s-1 are written as zero
  output_unwritten,  ///< the last output is left as it was
};

/// The test kernel as a strategy (fprop, f32, nchw; at most 64 taps), not in the registry.
Strategy mutant(Mutation);

}  // namespace tconv
