// The instruction table of this instruction set.
#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {

extern const IsaTable table;  // external linkage for a const
extern const Scans scans;

namespace {
constexpr Opcode kOpcodes[] = {
#define PTX_OPCODE(mnemonic, selector, signature, meaning) \
  {#mnemonic, signature, meaning, selector},
#include "reference/ptxvm/opcodes.def"
#undef PTX_OPCODE
};
}  // namespace

const IsaTable table = {
    kOpcodes, std::size(kOpcodes), block_entry, run_guarded, select_mov_dynamic, run_of, &scans};

}  // namespace ptxvm::PTXVM_ISA
