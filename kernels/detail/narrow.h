// Sums that were kept in float, on their way to the type that the tensor is stored as.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "kernels/strategy.h"

namespace tconv::detail {

/// Bytes of a float workspace for `size` sums that cannot be added up in place, because every
/// addition would round to `dtype`: 0 for f32.
inline int64_t float_sums(DType dtype, int64_t size) {
  return dtype == DType::f32 ? 0 : size * static_cast<int64_t>(sizeof(float));
}

/// to[i] = from[i], rounded to nearest even, for i < size; `from` lies on 16 bytes. dtype: f16 or
/// bf16.
void narrow_sums(DType, const float* from, void* to, int64_t size, cudaStream_t);

}  // namespace tconv::detail
