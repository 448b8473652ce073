// One launch from its arguments to its report.
#pragma once

#include "reference/ptxvm/vm.h"

namespace ptxvm {

/// Throws Trap and PtxError.
LaunchReport run_grid(const Launch&, Memory&, const MachineConfig&, uint64_t id,
                      const std::function<void(std::string_view)>& print);

}  // namespace ptxvm
