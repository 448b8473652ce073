// What the checks found (PTXVM_CHECK), for people and for programs.
#pragma once

#include "reference/ptxvm/vm.h"

namespace cudart {

/// Prints the report, and appends it as a line of JSON to the file that PTXVM_CHECK_JSON names:
/// {"kind", "kernel", "detail", "space", "address" (shared, local: offset), "allocation":
/// {"address", "bytes", "label", "offset" of the address from its start, "freed"}, "party":
/// {"instruction", "file", "line", "block", "thread"}, "other": the same of a race's earlier
/// access, "report": the text}, without those that there are not.
void report_finding(const ptxvm::Trap& trap);

/// With the check `leak`: a line for every allocation that is still alive, as text and as JSON
/// {"kind": "leak", "label", "address", "bytes"}. `when`: "at exit", "at cudaDeviceReset".
void report_leaks(const char* when);

}  // namespace cudart
