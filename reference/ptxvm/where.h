// Names of places in a program, for reports.
#pragma once

#include <string>

#include "reference/ptxvm/op.h"

namespace ptxvm {

std::string demangled(const std::string& name);
/// "module:ptx line (instruction), source file:line".
std::string place(const Code&, const Op&);

}  // namespace ptxvm
