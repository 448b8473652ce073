// How a handler is found: one selector per row of opcodes.def, in this instruction set's namespace.
//
// To add an instruction: a row in opcodes.def, a function `Selected select_<x>(const
// ptx::Instruction&)` in ops/<family>.cpp inside `namespace ptxvm::PTXVM_ISA`, a test
// tests/ptxvm/ops/<mnemonic>.ptx. Nothing else refers to it. The declarations are weak: a row whose
// function does not exist is null in the table, and lowering refuses that instruction by name.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm::PTXVM_ISA {

#define PTX_OPCODE(mnemonic, selector, signature, meaning) \
  [[gnu::weak]] Selected selector(const ptx::Instruction&);
#include "reference/ptxvm/opcodes.def"
#undef PTX_OPCODE

// Handlers that lowering places by itself; ops/control.cpp defines them.
/// Leads every basic block (Op::imm = index into Code::blocks): counts, and merges splits that meet
/// here.
[[gnu::weak]] const Op* block_entry(Warp&, const Op*);
/// Op::run of a guarded op: narrows warp.mask by the guard, calls body, restores. Never used where
/// Selected::reads_guard.
[[gnu::weak]] const Op* run_guarded(Warp&, const Op*);

/// The handler that runs several ops in a row whose handler is `one` (fuse.h); null: there is none.
[[gnu::weak]] Handler run_of(Handler one);
/// cp.async.bulk and cp.reduce.async.bulk (ops/bulk_copy.cpp).
[[gnu::weak]] Selected select_bulk(const ptx::Instruction&);
/// barrier.cluster (ops/cluster.cpp).
[[gnu::weak]] Selected select_cluster_barrier(const ptx::Instruction&);

/// mov from a special register that changes (%clock, %clock64, %globaltimer ...): lowering asks it
/// instead of select_mov. Op::a is kNoOperand.
[[gnu::weak]] Selected select_mov_dynamic(const ptx::Instruction&);

}  // namespace ptxvm::PTXVM_ISA
