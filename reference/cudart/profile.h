// PTXVM_PROFILE=FILE: what every kernel and every line of it counted, over all launches, written
// when the program ends. scripts/annotate prints it beside the source.
#pragma once

#include <string>

#include "reference/ptxvm/vm.h"

namespace cudart {

/// The file that the environment names; empty: nobody wants a profile.
const std::string& profile_file();
void add_to_profile(const ptxvm::LaunchReport& report);
/// Schema "ptxvm-profile/1": {"schema", "device", "kernels": [{"kernel", "demangled", "launches",
/// "counters": {name: total}, "lines": [{"function", "module", "ptx_line", "instruction", "source",
/// "source_line", "counters": {name: value, if not 0}}]}]}. Counters have the names of
/// counters.def.
std::string profile_json();

}  // namespace cudart
