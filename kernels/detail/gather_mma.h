// The product that fprop and dgrad share on tensor cores: every row gathers channels of the source
// at the positions that its taps reach. Where there are too few tiles to fill a GPU, the depth is
// summed in parts that are added in order.
#pragma once

#include <string>

#include "kernels/detail/gather_mode.h"
#include "kernels/strategy.h"

namespace tconv::detail {

/// The strategy that computes so. `prepare` packs the weights in the order of fragments and makes a
/// table of where vectors of channels lie.
Strategy gather_mma_strategy(GatherMode, std::string name, std::string summary);

}  // namespace tconv::detail
