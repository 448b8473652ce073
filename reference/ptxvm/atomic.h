// atom and red.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// handler null: not supported.
Selected select_atomic(const ptx::Instruction&);

/// cp.reduce.async.bulk: combines the elements of `from` with those of `to`, which others may
/// change at the same time unless alone.
using BulkReduction = void (*)(bool alone, std::byte* to, const std::byte* from, size_t bytes);
/// Null: there is no such one.
BulkReduction bulk_reduction(const ptx::Instruction&);

}  // namespace ptxvm
