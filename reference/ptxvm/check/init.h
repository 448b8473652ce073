// Reads of memory that nothing was ever written to.
#pragma once

#include "reference/ptxvm/check/request.h"

namespace ptxvm {

void check_written(Warp&, const Op*, const CheckedOp&, const Request&);
void mark_written(Warp&, const Op*, const Request&);
/// The running lanes' local variables of the function that they just entered.
void forget_local(Warp&);

}  // namespace ptxvm
