// st.async and red.async: stores into a block of the cluster whose bytes an mbarrier of that block
// counts. Like bulk copies (bulk_copy.h) they arrive when a thread looks at it. PTX ISA 9.0,
// sections 9.7.9.12 and 9.7.13.7.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm {

Selected select_async_store(const ptx::Instruction&);
Selected select_async_reduction(const ptx::Instruction&);

}  // namespace ptxvm
