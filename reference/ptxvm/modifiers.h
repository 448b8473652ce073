// Which modifiers each mnemonic has (modifiers.def).
#pragma once

#include <string_view>

#include "reference/ptxvm/ptx.h"

namespace ptxvm {

/// The first modifier that the mnemonic does not have; empty if it has them all, or is not listed.
std::string_view foreign_modifier(const ptx::Instruction&);
/// Is the mnemonic listed?
bool has_modifier_list(std::string_view mnemonic);

}  // namespace ptxvm
