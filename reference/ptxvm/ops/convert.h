// The two halves of cvt.
#pragma once

#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {

/// Vector forms; handler null: take the general form.
Selected select_cvt_fast(const ptx::Instruction&);

}  // namespace ptxvm::PTXVM_ISA
