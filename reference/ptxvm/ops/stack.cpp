#include "reference/ptxvm/stack.h"

#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {

Selected select_alloca(const ptx::Instruction& in) { return select_stack_allocate(in); }
Selected select_stacksave(const ptx::Instruction& in) { return select_stack_save(in); }
Selected select_stackrestore(const ptx::Instruction& in) { return select_stack_restore(in); }

}  // namespace ptxvm::PTXVM_ISA
