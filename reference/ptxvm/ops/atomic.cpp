#include "reference/ptxvm/atomic.h"

#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {

Selected select_atom(const ptx::Instruction& in) { return select_atomic(in); }
Selected select_red(const ptx::Instruction& in) { return select_atomic(in); }

}  // namespace ptxvm::PTXVM_ISA
