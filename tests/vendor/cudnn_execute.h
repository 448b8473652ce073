// Runs a finished plan of the double.
#pragma once

#include <cuda_runtime_api.h>

#include "tests/vendor/cudnn_object.h"

namespace tconv::doubles {

/// The plan's convolution of the tensors in the pack, read from device memory and written to it on
/// `stream`. Refuses what cuDNN does: tensors that are missing or less aligned than promised, a
/// workspace that is missing. Workspaces are filled to their last byte.
void execute(const Object& plan, const Object& pack, cudaStream_t stream);

}  // namespace tconv::doubles
