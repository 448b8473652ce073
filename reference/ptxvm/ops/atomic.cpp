#include "reference/ptxvm/atomic.h"

#include "reference/ptxvm/async_store.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {

Selected select_atom(const ptx::Instruction& in) { return select_atomic(in); }
Selected select_red(const ptx::Instruction& in) {
  if (in.has("async")) return select_async_reduction(in);
  const bool counted = in.operands.size() > 2 && in.operands[2].kind == ptx::Operand::Kind::address;
  return counted ? Selected{} : select_atomic(in);
}

}  // namespace ptxvm::PTXVM_ISA
