// One launch from its arguments to its report.
#pragma once

#include "reference/ptxvm/vm.h"

namespace ptxvm {

/// Throws Trap and PtxError. config.checks is set; `findings` are those that do not end the launch.
LaunchReport run_grid(const Launch&, Memory&, const MachineConfig& config, uint64_t id,
                      const std::function<void(std::string_view)>& print,
                      const std::function<void(const Trap&)>& findings);

}  // namespace ptxvm
