// Where the tensor-core kernels run.
#pragma once

#include <string>

#include "kernels/strategy.h"

namespace tconv::detail {

/// Empty, or why neither this dtype nor this device has the tensor instructions that the kernels
/// use.
std::string refuse_without_mma(const Config&);

}  // namespace tconv::detail
