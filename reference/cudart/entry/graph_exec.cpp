// Executable graphs: made, changed, launched.
#include "reference/cudart/graph_exec.h"

#include "reference/cudart/capture.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/graph_params.h"

using namespace cudart;

namespace {

/// Gives the executable's copy of a node the operation that `make` makes, of the same kind as it
/// has.
template <class Make>
cudaError_t set(cudaGraphExec_t exec, cudaGraphNode_t handle, Make&& make) noexcept {
  return call([&] {
    CUgraphNode_st& node = node_in(exec_of(exec), handle);
    replace_operation(node, with_attributes_of(node, make()));
  });
}

}  // namespace

CUDART_ENTRY cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph,
                                              unsigned long long flags) {
  return call([&] {
    require(exec, cudaErrorInvalidValue);
    *exec = instantiate(graph_of(graph), flags);
  });
}
CUDART_ENTRY cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* exec, cudaGraph_t graph,
                                                       unsigned long long flags) {
  return cudaGraphInstantiate(exec, graph, flags);
}
CUDART_ENTRY cudaError_t cudaGraphInstantiateWithParams(cudaGraphExec_t* exec, cudaGraph_t graph,
                                                        cudaGraphInstantiateParams* p) {
  return call([&] {
    require(exec && p, cudaErrorInvalidValue);
    p->result_out = cudaGraphInstantiateError;
    p->errNode_out = nullptr;
    stream_of(p->uploadStream);
    *exec = instantiate(graph_of(graph), p->flags);
    p->result_out = cudaGraphInstantiateSuccess;
  });
}
CUDART_TWIN(cudaGraphInstantiateWithParams, _ptsz)
CUDART_ENTRY cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  return call([&] { destroy_exec(exec); });
}
CUDART_ENTRY cudaError_t cudaGraphExecGetFlags(cudaGraphExec_t exec, unsigned long long* flags) {
  return call([&] { *flags = exec_of(exec).flags; });
}

CUDART_ENTRY cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream) {
  return call([&] {
    exec_of(exec);
    stream_of(stream);
  });
}
CUDART_TWIN(cudaGraphUpload, _ptsz)
// In a capture, the graph becomes a child of the captured one.
CUDART_ENTRY cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  return call([&] {
    const CUgraphExec_st& e = exec_of(exec);
    if (is_capturing(stream)) return submit(stream, operation_of_child(*e.graph));
    submit(stream, EmptyOperation{});  // what any launch must observe
    run(e);
  });
}
CUDART_TWIN(cudaGraphLaunch, _ptsz)

CUDART_ENTRY cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph,
                                             cudaGraphExecUpdateResultInfo* info) {
  return call([&] {
    cudaGraphExecUpdateResultInfo unused{};
    update(exec_of(exec), graph_of(graph), info ? *info : unused);
  });
}
CUDART_ENTRY cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t exec,
                                                          cudaGraphNode_t node,
                                                          const cudaKernelNodeParams* p) {
  return set(exec, node, [&] { return operation_of_kernel(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t exec,
                                                          cudaGraphNode_t node,
                                                          const cudaMemcpy3DParms* p) {
  return set(exec, node, [&] { return operation_of_copy(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t exec,
                                                          cudaGraphNode_t node,
                                                          const cudaMemsetParams* p) {
  return set(exec, node, [&] { return fill_operation(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                        const cudaHostNodeParams* p) {
  return set(exec, node, [&] { return operation_of_host(p->fn, p->userData); });
}
CUDART_ENTRY cudaError_t cudaGraphExecEventRecordNodeSetEvent(cudaGraphExec_t exec,
                                                              cudaGraphNode_t node,
                                                              cudaEvent_t event) {
  return set(exec, node, [&] { return operation_of_record(event); });
}
CUDART_ENTRY cudaError_t cudaGraphExecEventWaitNodeSetEvent(cudaGraphExec_t exec,
                                                            cudaGraphNode_t node,
                                                            cudaEvent_t event) {
  return set(exec, node, [&] { return operation_of_wait(event); });
}
CUDART_ENTRY cudaError_t cudaGraphExecNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                    cudaGraphNodeParams* p) {
  return set(exec, node, [&] {
    require(p && p->type != cudaGraphNodeTypeGraph, cudaErrorInvalidValue);
    return operation_of(*p);
  });
}
CUDART_ENTRY cudaError_t cudaGraphNodeSetEnabled(cudaGraphExec_t handle, cudaGraphNode_t original,
                                                 unsigned enabled) {
  return call([&] {
    CUgraphExec_st& exec = exec_of(handle);
    const CUgraphNode_st& node = node_in(exec, original);
    require(type_of(node.operation) <= cudaGraphNodeTypeMemset, cudaErrorInvalidValue);
    if (enabled)
      exec.disabled.erase(&node);
    else
      exec.disabled.insert(&node);
  });
}
CUDART_ENTRY cudaError_t cudaGraphNodeGetEnabled(cudaGraphExec_t handle, cudaGraphNode_t original,
                                                 unsigned* enabled) {
  return call([&] {
    CUgraphExec_st& exec = exec_of(handle);
    *enabled = !exec.disabled.contains(&node_in(exec, original));
  });
}
