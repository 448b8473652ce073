// Three numbers, one for each axis, and numbering what three axes span.
#pragma once

#include "kernels/detail/index.cuh"

namespace tconv::detail {

/// Counts, places or steps along d, h and w.
struct Triple {
  int d, h, w;
  __host__ __device__ int volume() const { return d * h * w; }
};

/// The index-th place, d slowest, in a box of these extents; number_of() is its inverse.
__host__ __device__ inline Triple triple_at(const Triple& of, int index) {
  return {index / (of.h * of.w), index / of.w % of.h, index % of.w};
}

__host__ __device__ inline int number_of(const Triple& at, const Triple& of) {
  return (at.d * of.h + at.h) * of.w + at.w;
}

__host__ __device__ inline Triple inputs_of(const Shape& s) { return {s.d.in, s.h.in, s.w.in}; }
__host__ __device__ inline Triple outputs_of(const Shape& s) { return {s.d.out, s.h.out, s.w.out}; }
__host__ __device__ inline Triple kernel_of(const Shape& s) {
  return {s.d.kernel, s.h.kernel, s.w.kernel};
}
__host__ __device__ inline Triple strides_of(const Shape& s) {
  return {s.d.stride, s.h.stride, s.w.stride};
}

}  // namespace tconv::detail
