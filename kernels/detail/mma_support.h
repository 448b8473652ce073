// The host's side of the tensor-core kernels: where they run, and when operands are read as vectors
// of 16 bytes.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/strategy.h"

namespace tconv::detail {

/// Empty, or why neither this dtype nor this device has the tensor instructions that the kernels
/// use.
std::string refuse_without_mma(const Config&);

/// Elements in 16 bytes.
inline int64_t vector_of(DType dtype) { return 16 / size_of(dtype); }

inline bool is_aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; }

/// True if channels are last in memory, and those of a group are whole vectors.
inline bool has_vectors(const Config& c, int64_t channels) {
  return c.layout == Layout::nhwc && channels % vector_of(c.dtype) == 0;
}

}  // namespace tconv::detail
