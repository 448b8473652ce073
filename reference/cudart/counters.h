// The counters of the launches that ended, for ptxvm_api.h and the profile (profile.h).
#pragma once

#include <string>

#include "reference/ptxvm/vm.h"

namespace cudart {

void reset_counters();
void keep_counters(ptxvm::LaunchReport report);
std::string counters_json();
std::string demangled(const std::string& name);

}  // namespace cudart
