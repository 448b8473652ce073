// How far two results are apart, counted in numbers of their type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "reference/problem.h"

namespace tconv::bench {

/// The largest distance of two stored elements at the same place: how many numbers of `dtype` lie
/// from one to the other (0: equal, also +0 and -0). tf32 is stored, and counted, as f32. Both
/// have the same size; infinities and NaN count as the numbers behind the largest.
int64_t ulp_spread(std::span<const std::byte> a, std::span<const std::byte> b, DType);

}  // namespace tconv::bench
