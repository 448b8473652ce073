// The product that fprop and dgrad share on tensor cores: every output position gathers channels of
// the source at the positions that its taps reach. fprop: the source is x, outputs fall into
// phases, all in one launch. dgrad: the source is the gradient y, one phase has all taps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/strategy.h"

namespace tconv::detail {

/// Empty, or why not.
std::string refuse_gather_mma(Op, const Problem&, const Config&);
/// Multiply-adds of all tensor instructions, padding included.
int64_t gather_mma_macs(Op, const Problem&, const Config&);
/// Weights by phase and in the order of fragments, and the table of where vectors lie.
std::unique_ptr<Prepared> prepare_gather_mma(Op, const Call&);
void launch_gather_mma(Op, const Call&);

}  // namespace tconv::detail
