// Shrinking a failure: the simplest case that still fails, so that whoever debugs it has little to
// read.
#pragma once

#include <functional>

#include "tests/kernels/fuzz_case.h"

namespace tconv {

/// Greedy: takes each part of the case in turn (axes, batch, groups, channels per group, extents,
/// kernel, stride, dilation, both crops, dtype, layout, epilogue, data) towards its simplest value
/// as long as `fails` holds, and again until nothing gets simpler. The crops stay what they are
/// while extents change: the output follows. The first case must fail.
FuzzCase shrink(FuzzCase, const std::function<bool(const FuzzCase&)>& fails);

}  // namespace tconv
