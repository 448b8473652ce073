// Loads and stores that other threads may watch: volatile, relaxed, acquire, release, mmio.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// handler null: an ordinary access.
Selected select_ordered_load(const ptx::Instruction&);
Selected select_ordered_store(const ptx::Instruction&);

}  // namespace ptxvm
