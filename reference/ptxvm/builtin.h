// Functions that a program declares and the machine provides: vprintf, __assertfail.
#pragma once

#include <cstdint>

#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// Up to 8 bytes of a call's parameter, and the result.
uint64_t argument(const Warp&, const ParamSlot&, uint32_t lane);
void set_result(const Warp&, const ParamSlot&, uint32_t lane, uint64_t value);

const Op* call_builtin(Warp&, const Op*, const CallSite&);

}  // namespace ptxvm
