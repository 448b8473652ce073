// How a handler is found: one selector per row of opcodes.def, in this instruction set's namespace.
//
// To add an instruction: a row in opcodes.def, a function `Selected select_<x>(const
// ptx::Instruction&)` in ops/<family>.cpp inside `namespace ptxvm::PTXVM_ISA`, a test
// tests/ptxvm/ops/<mnemonic>.ptx. Nothing else refers to it. A selector that knows no handler
// for an instruction returns none, and lowering refuses it by its full name.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm::PTXVM_ISA {

#define PTX_OPCODE(mnemonic, selector, signature, meaning) \
  Selected selector(const ptx::Instruction&);
#include "reference/ptxvm/opcodes.def"
#undef PTX_OPCODE

/// Of ld, st, atom and red.
inline bool has_vector(const ptx::Instruction& in) {
  return in.has("v2") || in.has("v4") || in.has("v8");
}

// Handlers that lowering places by itself; ops/control.cpp defines them.
/// Leads every basic block (Op::imm = index into Code::blocks): counts, and merges splits that meet
/// here.
const Op* block_entry(Warp&, const Op*);
/// Op::run of a guarded op: narrows warp.mask by the guard, calls body, restores. Never used where
/// Selected::reads_guard.
const Op* run_guarded(Warp&, const Op*);

/// The handler that runs several ops in a row whose handler is `one` (fuse.h); null: there is none.
Handler run_of(Handler one);
/// cp.async.bulk and cp.reduce.async.bulk (ops/bulk_copy.cpp).
Selected select_bulk(const ptx::Instruction&);
/// cp.async.bulk.tensor and what is of its kind (ops/tensor_copy.cpp).
Selected select_tensor_copy(const ptx::Instruction&);
/// barrier.cluster (ops/cluster.cpp).
Selected select_cluster_barrier(const ptx::Instruction&);

/// mov from a special register that changes (%clock, %clock64, %globaltimer ...): lowering asks it
/// instead of select_mov. Op::a is kNoOperand.
Selected select_mov_dynamic(const ptx::Instruction&);

}  // namespace ptxvm::PTXVM_ISA
