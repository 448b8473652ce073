// The driver's and the runtime's codes have the same numbers; of the driver's calls there is no
// last error.
#pragma once

#include <cuda.h>

#include "reference/cudart/context.h"

namespace cudart {

/// call() for a function of the driver.
template <class Body>
CUresult answer(Body&& body) noexcept {
  const cudaError_t before = last_error();
  const cudaError_t code = call(body);
  last_error() = before;
  return static_cast<CUresult>(code);
}

}  // namespace cudart
