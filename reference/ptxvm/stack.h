// Memory of a thread's own: .local, a kernel's parameters, parameters of device functions. Rows of
// 4-byte words, as in lower.h.
#pragma once

#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// Bytes of local memory that a thread may have (CUDA programming guide, technical specifications).
inline constexpr uint32_t kMaxLocal = 512 << 10;

/// handler null: the instruction is about another space.
Selected select_stack_load(const ptx::Instruction&);
Selected select_stack_store(const ptx::Instruction&);

/// The running lanes' elements of `bytes` bytes each (op->count of them), addresses minus `bias`.
void load_local(Warp&, const Op*, uint32_t bytes, bool sign_extend, uint64_t bias);
void store_local(Warp&, const Op*, uint32_t bytes, uint64_t bias);
void load_parameter(Warp&, const Op*, uint32_t bytes, bool sign_extend, uint64_t bias);

/// The stack of the running function, which grows behind its .local variables: alloca, stacksave,
/// stackrestore. What it saves is an address in local memory.
Selected select_stack_allocate(const ptx::Instruction&);
Selected select_stack_save(const ptx::Instruction&);
Selected select_stack_restore(const ptx::Instruction&);

}  // namespace ptxvm
