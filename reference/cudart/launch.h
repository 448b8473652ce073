// Launches: checked as the real runtime checks them, then run to their end before the call returns.
#pragma once

#include <cuda_runtime_api.h>

#include "reference/cudart/modules.h"

namespace cudart {

struct LaunchShape {
  dim3 grid, block;
  size_t dynamic_shared = 0;
  cudaStream_t stream = nullptr;  // of <<<>>> only; operations name theirs apart
  dim3 cluster = {1, 1, 1};
  bool cooperative = false;
};

/// Fails with cudaErrorInvalidConfiguration, cudaErrorInvalidValue (shared memory),
/// cudaErrorCooperativeLaunchTooLarge ...; a fault of the kernel itself does not fail the launch:
/// the context reports it from the next call on.
void run_kernel(const void* function, const LaunchShape& shape, void** args);
/// The shape with what the kernel itself demands (__cluster_dims__). Fails as run_kernel does for
/// an impossible one.
LaunchShape checked_shape(const Function& f, const LaunchShape& requested);
/// Reads the attributes that change what is computed; the others are hints to schedulers and
/// caches.
LaunchShape shape_of(const cudaLaunchConfig_t& config);

cudaFuncAttributes function_attributes(const void* function);
void set_function_attribute(const void* function, cudaFuncAttribute attribute, int value);
/// Bytes of dynamic shared memory that a launch may ask for.
uint32_t dynamic_shared_limit(const Function& f);

/// Blocks of the kernel that fit on an SM by threads, blocks and shared memory. Registers are not
/// known before a real compiler allocates them, so this is an upper limit.
int blocks_per_sm(const Function& f, int threads, size_t dynamic_shared);
size_t available_dynamic_shared(const Function& f, int blocks, int threads);

/// Blocks in the largest cluster, and clusters that run at once; 0 where the device has none.
int largest_cluster();
int active_clusters(const Function& f, const LaunchShape& shape);

/// The <<<>>> of the calling thread.
void push_configuration(const LaunchShape& shape);
LaunchShape pop_configuration();

}  // namespace cudart
