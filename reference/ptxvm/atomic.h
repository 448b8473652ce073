// atom and red.
#pragma once

#include <string_view>

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// handler null: not supported.
Selected select_atomic(const ptx::Instruction&);

/// cp.reduce.async.bulk: combines the elements of `from` with those of `to`, which others may
/// change at the same time unless alone.
using BulkReduction = void (*)(bool alone, std::byte* to, const std::byte* from, size_t bytes);
/// "add", "min" ... of a type; null: there is no such one. `flushes`: f32 subnormals to zero.
BulkReduction bulk_reduction(std::string_view operation, ptx::Type, bool flushes);

}  // namespace ptxvm
