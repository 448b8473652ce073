// Names of places in a program, for reports.
#pragma once

#include <string>

#include "reference/ptxvm/op.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {

std::string demangled(const std::string& name);
/// "module:ptx line (instruction), source file:line".
std::string place(const Code&, const Op&);
/// The same in parts; block and thread are left open.
Party party_at(const Code&, const Op&);
/// "module:ptx line (instruction), source file:line" again.
std::string place(const Party&);
/// The trap of a block that runs for longer than it may.
Trap overdue(const Cta&);
/// A fault of one of the running lanes (-1: the first), with its report, which tells where a place
/// in global memory is.
Trap fault(const Warp&, const Op*, TrapKind, int lane, const std::string& detail,
           std::optional<Place> = std::nullopt, std::optional<Party> other = std::nullopt);
/// What it is to access an address that no allocation holds.
TrapKind outside(const Memory&, uint64_t address);
[[noreturn]] void raise(Warp&, const Op*, TrapKind, int lane, const std::string& detail, Place);

}  // namespace ptxvm
