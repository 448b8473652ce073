// Planned failures, for testing how programs take them: PTXVM_FAIL=malloc:3,launch:2,memcpy:1 makes
// the n-th call of a kind fail.
#pragma once

#include "reference/cudart/error.h"

namespace cudart {

enum class FaultKind { malloc, launch, memcpy };

/// Counts a call of the kind. Fails if it is the one chosen: malloc with cudaErrorMemoryAllocation,
/// launch with cudaErrorLaunchFailure, memcpy with cudaErrorInvalidValue. A malformed PTXVM_FAIL is
/// cudaErrorInitializationError.
void count_call(FaultKind kind);

}  // namespace cudart
