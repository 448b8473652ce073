// atom and red.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// handler null: not supported.
Selected select_atomic(const ptx::Instruction&);

}  // namespace ptxvm
