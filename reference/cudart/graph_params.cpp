#include "reference/cudart/graph_params.h"

#include "reference/cudart/stream.h"

namespace cudart {

Operation operation_of_copy(const cudaMemcpy3DParms& p) {
  if (p.srcArray || p.dstArray)
    fail(cudaErrorNotSupported, "memcpy node: cudaArray is not supported by the virtual GPU");
  require(p.srcPtr.ptr && p.dstPtr.ptr, cudaErrorInvalidValue);
  return CopyOperation{p};
}

Operation operation_of_host(cudaHostFn_t function, void* data) {
  require(function, cudaErrorInvalidValue);
  return HostOperation{function, data};
}

Operation operation_of_child(const CUgraph_st& graph) { return GraphOperation{clone(graph)}; }

Operation operation_of_record(cudaEvent_t event) {
  event_of(event);
  return RecordOperation{event};
}

Operation operation_of_wait(cudaEvent_t event) {
  event_of(event);
  return WaitOperation{event};
}

static Operation operation_of_alloc(cudaMemAllocNodeParamsV2& p) {
  cudaMemAllocNodeParams params{p.poolProps, p.accessDescs, p.accessDescCount, p.bytesize, nullptr};
  Operation operation = alloc_operation(params);
  p.dptr = params.dptr;
  return operation;
}

Operation operation_of(cudaGraphNodeParams& p) {
  switch (p.type) {
    case cudaGraphNodeTypeKernel:
      return operation_of_kernel(p.kernel);
    case cudaGraphNodeTypeMemcpy:
      return operation_of_copy(p.memcpy.copyParams);
    case cudaGraphNodeTypeMemset:
      return fill_operation({p.memset.dst, p.memset.pitch, p.memset.value, p.memset.elementSize,
                             p.memset.width, p.memset.height});
    case cudaGraphNodeTypeHost:
      return operation_of_host(p.host.fn, p.host.userData);
    case cudaGraphNodeTypeGraph:
      return operation_of_child(graph_of(p.graph.graph));
    case cudaGraphNodeTypeEmpty:
      return EmptyOperation{};
    case cudaGraphNodeTypeWaitEvent:
      return operation_of_wait(p.eventWait.event);
    case cudaGraphNodeTypeEventRecord:
      return operation_of_record(p.eventRecord.event);
    case cudaGraphNodeTypeMemAlloc:
      return operation_of_alloc(p.alloc);
    case cudaGraphNodeTypeMemFree:
      return FreeOperation{p.free.dptr};
    default:
      fail(cudaErrorNotSupported, "the virtual GPU has no graph nodes of type " +
                                      std::to_string(static_cast<int>(p.type)));
  }
}

cudaKernelNodeParams kernel_params(const KernelOperation& k) {
  cudaKernelNodeParams p{};
  p.func = const_cast<void*>(k.function);
  p.gridDim = k.shape.grid;
  p.blockDim = k.shape.block;
  p.sharedMemBytes = static_cast<unsigned>(k.shape.dynamic_shared);
  p.kernelParams = k.args.pointers();
  return p;
}

void set_kernel_attribute(CUgraphNode_st& node, cudaLaunchAttributeID id,
                          const cudaLaunchAttributeValue& value) {
  auto* kernel = std::get_if<KernelOperation>(&node.operation);
  require(kernel, cudaErrorInvalidValue);
  LaunchShape shape = kernel->shape;
  if (id == cudaLaunchAttributeCooperative) shape.cooperative = value.cooperative != 0;
  if (id == cudaLaunchAttributeClusterDimension)
    shape.cluster = {value.clusterDim.x, value.clusterDim.y, value.clusterDim.z};
  kernel->shape = checked_shape(Modules::get().function(kernel->function), shape);
}

cudaLaunchAttributeValue kernel_attribute(const KernelOperation& k, cudaLaunchAttributeID id) {
  cudaLaunchAttributeValue value{};
  if (id == cudaLaunchAttributeCooperative) value.cooperative = k.shape.cooperative;
  if (id == cudaLaunchAttributeClusterDimension)
    value.clusterDim = {k.shape.cluster.x, k.shape.cluster.y, k.shape.cluster.z};
  return value;
}

Operation with_attributes_of(const CUgraphNode_st& node, Operation operation) {
  const auto* old = std::get_if<KernelOperation>(&node.operation);
  auto* now = std::get_if<KernelOperation>(&operation);
  if (!old || !now) return operation;
  now->shape.cooperative = old->shape.cooperative;
  now->shape.cluster = old->shape.cluster;
  return operation;
}

}  // namespace cudart
