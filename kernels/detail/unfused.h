// The epilogue as a launch of its own: what fusing it into a kernel saves is the difference to
// this.
#pragma once

#include <vector>

#include "kernels/strategy.h"

namespace tconv::detail {

/// X_unfused: X without an epilogue, then one elementwise launch over y, in place. X must be of
/// fprop. Refuses Epilogue::none: that is X.
Strategy unfused(const Strategy&);

/// True for what unfused() made.
bool is_unfused(const Strategy&);

/// strategies(), each of fprop followed by its unfused() twin.
const std::vector<Strategy>& strategies_and_unfused();

}  // namespace tconv::detail
