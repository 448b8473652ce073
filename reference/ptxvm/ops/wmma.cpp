// wmma: the same products as mma, and fragments from and to memory. PTX ISA 9.0, section 9.7.14.4.
#include "reference/ptxvm/ops/mma_tile.h"

namespace ptxvm::PTXVM_ISA {

Selected select_wmma(const ptx::Instruction& in) {
  if (!in.has("mma")) return {};
  MmaForm form;
  return wmma_mma_form(in, form) ? select_product(form) : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
