// What nodes of a graph do: read, and changed before the graph is instantiated.
#include "reference/cudart/copy.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/graph_exec.h"
#include "reference/cudart/graph_params.h"

using namespace cudart;

namespace {

/// Gives a node the operation that `make` makes, of the same kind as it has.
template <class Make>
cudaError_t set(cudaGraphNode_t handle, Make&& make) noexcept {
  return call([&] {
    CUgraphNode_st& node = node_of(handle);
    replace_operation(node, with_attributes_of(node, make()));
  });
}

}  // namespace

CUDART_ENTRY cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node,
                                                      cudaKernelNodeParams* p) {
  return call([&] { *p = kernel_params(operation_in<KernelOperation>(node)); });
}
CUDART_ENTRY cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node,
                                                      const cudaKernelNodeParams* p) {
  return set(node, [&] { return operation_of_kernel(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphKernelNodeGetAttribute(cudaGraphNode_t node,
                                                         cudaLaunchAttributeID id,
                                                         cudaLaunchAttributeValue* value) {
  return call([&] { *value = kernel_attribute(operation_in<KernelOperation>(node), id); });
}
CUDART_ENTRY cudaError_t cudaGraphKernelNodeSetAttribute(cudaGraphNode_t node,
                                                         cudaLaunchAttributeID id,
                                                         const cudaLaunchAttributeValue* value) {
  return call([&] { set_kernel_attribute(node_of(node), id, *value); });
}
CUDART_ENTRY cudaError_t cudaGraphKernelNodeCopyAttributes(cudaGraphNode_t to,
                                                           cudaGraphNode_t from) {
  return call([&] {
    const auto& source = operation_in<KernelOperation>(from);
    for (const auto id : {cudaLaunchAttributeCooperative, cudaLaunchAttributeClusterDimension})
      set_kernel_attribute(node_of(to), id, kernel_attribute(source, id));
  });
}
CUDART_ENTRY cudaError_t cudaGraphMemcpyNodeGetParams(cudaGraphNode_t node, cudaMemcpy3DParms* p) {
  return call([&] { *p = operation_in<CopyOperation>(node).parms; });
}
CUDART_ENTRY cudaError_t cudaGraphMemcpyNodeSetParams(cudaGraphNode_t node,
                                                      const cudaMemcpy3DParms* p) {
  return set(node, [&] { return operation_of_copy(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphMemsetNodeGetParams(cudaGraphNode_t node, cudaMemsetParams* p) {
  return call([&] { *p = operation_in<FillOperation>(node).params; });
}
CUDART_ENTRY cudaError_t cudaGraphMemsetNodeSetParams(cudaGraphNode_t node,
                                                      const cudaMemsetParams* p) {
  return set(node, [&] { return fill_operation(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphHostNodeGetParams(cudaGraphNode_t node, cudaHostNodeParams* p) {
  return call([&] {
    const auto& host = operation_in<HostOperation>(node);
    *p = {host.function, host.data};
  });
}
CUDART_ENTRY cudaError_t cudaGraphHostNodeSetParams(cudaGraphNode_t node,
                                                    const cudaHostNodeParams* p) {
  return set(node, [&] { return operation_of_host(p->fn, p->userData); });
}
CUDART_ENTRY cudaError_t cudaGraphChildGraphNodeGetGraph(cudaGraphNode_t node, cudaGraph_t* graph) {
  return call([&] { *graph = operation_in<GraphOperation>(node).graph.get(); });
}
CUDART_ENTRY cudaError_t cudaGraphEventRecordNodeGetEvent(cudaGraphNode_t node,
                                                          cudaEvent_t* event) {
  return call([&] { *event = operation_in<RecordOperation>(node).event; });
}
CUDART_ENTRY cudaError_t cudaGraphEventRecordNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {
  return set(node, [&] { return operation_of_record(event); });
}
CUDART_ENTRY cudaError_t cudaGraphEventWaitNodeGetEvent(cudaGraphNode_t node, cudaEvent_t* event) {
  return call([&] { *event = operation_in<WaitOperation>(node).event; });
}
CUDART_ENTRY cudaError_t cudaGraphEventWaitNodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {
  return set(node, [&] { return operation_of_wait(event); });
}
CUDART_ENTRY cudaError_t cudaGraphMemAllocNodeGetParams(cudaGraphNode_t node,
                                                        cudaMemAllocNodeParams* p) {
  return call([&] { *p = operation_in<AllocOperation>(node).params; });
}
CUDART_ENTRY cudaError_t cudaGraphMemFreeNodeGetParams(cudaGraphNode_t node, void* address) {
  return call([&] { *static_cast<void**>(address) = operation_in<FreeOperation>(node).address; });
}
CUDART_ENTRY cudaError_t cudaGraphNodeSetParams(cudaGraphNode_t node, cudaGraphNodeParams* p) {
  return set(node, [&] {
    require(p, cudaErrorInvalidValue);
    return operation_of(*p);
  });
}

// Copies named by less than a cudaMemcpy3DParms: added, and changed in a graph and in an
// executable.
namespace {

template <class Make>
cudaError_t add(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                size_t count, Make&& make) noexcept {
  return call([&] {
    require(out && (dependencies || count == 0), cudaErrorInvalidValue);
    *out = add_node(graph_of(graph), {dependencies, count}, make());
  });
}

template <class Make>
cudaError_t set_in(cudaGraphExec_t exec, cudaGraphNode_t node, Make&& make) noexcept {
  return call([&] { replace_operation(node_in(exec_of(exec), node), make()); });
}

}  // namespace

CUDART_ENTRY cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* out, cudaGraph_t graph,
                                                  const cudaGraphNode_t* dependencies, size_t count,
                                                  void* to, const void* from, size_t bytes,
                                                  cudaMemcpyKind kind) {
  return add(out, graph, dependencies, count,
             [&] { return copy_operation(to, from, bytes, kind); });
}
CUDART_ENTRY cudaError_t cudaGraphMemcpyNodeSetParams1D(cudaGraphNode_t node, void* to,
                                                        const void* from, size_t bytes,
                                                        cudaMemcpyKind kind) {
  return set(node, [&] { return copy_operation(to, from, bytes, kind); });
}
CUDART_ENTRY cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t exec,
                                                            cudaGraphNode_t node, void* to,
                                                            const void* from, size_t bytes,
                                                            cudaMemcpyKind kind) {
  return set_in(exec, node, [&] { return copy_operation(to, from, bytes, kind); });
}

CUDART_ENTRY cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t* out, cudaGraph_t graph,
                                                        const cudaGraphNode_t* dependencies,
                                                        size_t count, const void* symbol,
                                                        const void* from, size_t bytes,
                                                        size_t offset, cudaMemcpyKind kind) {
  return add(out, graph, dependencies, count, [&] {
    return copy_operation(inside_symbol(symbol, bytes, offset), from, bytes, kind);
  });
}
CUDART_ENTRY cudaError_t cudaGraphMemcpyNodeSetParamsToSymbol(cudaGraphNode_t node,
                                                              const void* symbol, const void* from,
                                                              size_t bytes, size_t offset,
                                                              cudaMemcpyKind kind) {
  return set(node, [&] {
    return copy_operation(inside_symbol(symbol, bytes, offset), from, bytes, kind);
  });
}
CUDART_ENTRY cudaError_t cudaGraphExecMemcpyNodeSetParamsToSymbol(
    cudaGraphExec_t exec, cudaGraphNode_t node, const void* symbol, const void* from, size_t bytes,
    size_t offset, cudaMemcpyKind kind) {
  return set_in(exec, node, [&] {
    return copy_operation(inside_symbol(symbol, bytes, offset), from, bytes, kind);
  });
}

CUDART_ENTRY cudaError_t cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t* out, cudaGraph_t graph,
                                                          const cudaGraphNode_t* dependencies,
                                                          size_t count, void* to,
                                                          const void* symbol, size_t bytes,
                                                          size_t offset, cudaMemcpyKind kind) {
  return add(out, graph, dependencies, count,
             [&] { return copy_operation(to, inside_symbol(symbol, bytes, offset), bytes, kind); });
}
CUDART_ENTRY cudaError_t cudaGraphMemcpyNodeSetParamsFromSymbol(cudaGraphNode_t node, void* to,
                                                                const void* symbol, size_t bytes,
                                                                size_t offset,
                                                                cudaMemcpyKind kind) {
  return set(node,
             [&] { return copy_operation(to, inside_symbol(symbol, bytes, offset), bytes, kind); });
}
CUDART_ENTRY cudaError_t cudaGraphExecMemcpyNodeSetParamsFromSymbol(cudaGraphExec_t exec,
                                                                    cudaGraphNode_t node, void* to,
                                                                    const void* symbol,
                                                                    size_t bytes, size_t offset,
                                                                    cudaMemcpyKind kind) {
  return set_in(exec, node, [&] {
    return copy_operation(to, inside_symbol(symbol, bytes, offset), bytes, kind);
  });
}
