// Phases as dense stride-1 convolutions: what polyphase computes in one launch and polyphase_multi
// in a launch for each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/strategy.h"

namespace tconv::detail {

/// Number of phases that have outputs; only for problems that refuse_phases() lets pass.
int phases(const Problem&);

/// Empty, or why the phases cannot be computed in this configuration, all in one launch or each in
/// its own.
std::string refuse_phases(const Problem&, const Config&, bool in_one_launch);

/// Weights repacked by phase, which launch_phases() wants in call.prepared.
std::unique_ptr<Prepared> prepare_phases(const Call&);

/// Enqueues one launch for phases first <= number < first + count, with their epilogue: all of
/// them, or one, because the first decides how many blocks each gets. A phase that no tap reaches
/// is written like any other.
void launch_phases(const Call&, int first, int count);

/// One multiply-add per valid (input, tap) and channel pair, output channels padded to the tile.
int64_t phase_macs(const Problem&);

}  // namespace tconv::detail
