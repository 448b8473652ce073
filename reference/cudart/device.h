// What the device says of itself, all derived from one profile of reference/device_profile.h.
#pragma once

#include <cuda_runtime_api.h>

namespace cudart {

/// The only device is 0; anything else fails with cudaErrorInvalidDevice.
void check_device(int device);
/// Limits that no profile of ours varies are the CUDA programming guide's (table "Technical
/// Specifications per Compute Capability"). Texture and surface sizes are 0: there are none.
const cudaDeviceProp& device_properties();
/// Fails with cudaErrorInvalidValue for a number that is no attribute. Attributes the virtual GPU
/// has nothing for are 0.
int device_attribute(cudaDeviceAttr attribute);

size_t device_limit(cudaLimit limit);
void set_device_limit(cudaLimit limit, size_t value);

}  // namespace cudart
