// The C API's structures of node parameters, as operations and back.
#pragma once

#include <cuda_runtime_api.h>

#include "reference/cudart/graph.h"

namespace cudart {

// The structures of cudaGraphAddNode carry the same fields as those of the functions of one kind.
template <class Params>
Operation operation_of_kernel(const Params& p) {
  if (!p.kernelParams && p.extra)
    fail(cudaErrorNotSupported,
         "kernel node: the virtual GPU takes arguments from kernelParams, not from extra");
  return kernel_operation(p.func,
                          {.grid = {p.gridDim.x, p.gridDim.y, p.gridDim.z},
                           .block = {p.blockDim.x, p.blockDim.y, p.blockDim.z},
                           .dynamic_shared = p.sharedMemBytes},
                          p.kernelParams);
}
Operation operation_of_copy(const cudaMemcpy3DParms& p);
Operation operation_of_host(cudaHostFn_t function, void* data);
Operation operation_of_child(const CUgraph_st& graph);
Operation operation_of_record(cudaEvent_t event);
Operation operation_of_wait(cudaEvent_t event);
/// By the type; gives back the address of a memory node. Fails with cudaErrorNotSupported for the
/// kinds that the virtual GPU does not have: conditionals, external semaphores.
Operation operation_of(cudaGraphNodeParams& p);

/// The parameters that a node was given; arguments of kernels point into the node.
cudaKernelNodeParams kernel_params(const KernelOperation& operation);

/// The node's operation, which must be of the kind asked for. Fails with cudaErrorInvalidValue.
template <class Kind>
const Kind& operation_in(cudaGraphNode_t node) {
  const Kind* kind = std::get_if<Kind>(&node_of(node).operation);
  require(kind, cudaErrorInvalidValue);
  return *kind;
}

/// What decides how a kernel node runs; other attributes are hints, and read as zeros.
void set_kernel_attribute(CUgraphNode_st& node, cudaLaunchAttributeID id,
                          const cudaLaunchAttributeValue& value);
cudaLaunchAttributeValue kernel_attribute(const KernelOperation& operation,
                                          cudaLaunchAttributeID id);
/// New parameters for a kernel node, which keeps its attributes.
Operation with_attributes_of(const CUgraphNode_st& node, Operation operation);

}  // namespace cudart
