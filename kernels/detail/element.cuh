// What tensors are stored as, and the float that every kernel computes in.
#pragma once

#include <type_traits>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "reference/problem.h"

namespace tconv::detail {

__device__ __forceinline__ float widen(float value) { return value; }
__device__ __forceinline__ float widen(__half value) { return __half2float(value); }
__device__ __forceinline__ float widen(__nv_bfloat16 value) { return __bfloat162float(value); }

/// Rounds to nearest even.
template <class E>
__device__ __forceinline__ E narrow(float value) {
  if constexpr (sizeof(E) == sizeof(float)) {
    return value;
  } else if constexpr (std::is_same_v<E, __half>) {
    return __float2half_rn(value);
  } else {
    return __float2bfloat16_rn(value);
  }
}

/// Calls body(E{}) with the type that tensors of this dtype are stored as; tf32 is stored as float.
template <class Body>
auto with_element(DType dtype, Body body) {
  switch (dtype) {
    case DType::f16:
      return body(__half{});
    case DType::bf16:
      return body(__nv_bfloat16{});
    default:
      return body(float{});
  }
}

}  // namespace tconv::detail
