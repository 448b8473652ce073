// Smaller versions of a layer, for machines that cannot run it whole: fewer samples, less space.
// What decides which code runs (channels, groups, kernel, stride, dilation, both crops) stays.
#pragma once

#include <cstdint>

#include "reference/problem.h"

namespace tconv::bench {

/// The layer with that batch.
Problem with_batch(Problem, int64_t batch);

/// The layer, cut in space until it needs at most `macs` multiply-adds. Step by step the longest
/// input axis loses an eighth of its extent, at least one position. Some output must still get all
/// its taps, so a layer may end up with more than `macs`. The output follows from the input: both
/// borders stay what they are. The name of a layer that was cut ends in "~cropped".
Problem crop_in_space(Problem, int64_t macs);

}  // namespace tconv::bench
