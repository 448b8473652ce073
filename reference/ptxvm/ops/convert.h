// The two halves of cvt.
#pragma once

#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {

/// Bytes of the register that an operand of this type lies in: cvt allows wider registers than its
/// types.
int register_bytes(const ptx::Operand&, ptx::Type);

/// Vector forms; handler null: take the general form.
Selected select_cvt_fast(const ptx::Instruction&);

}  // namespace ptxvm::PTXVM_ISA
