// Graphs, their nodes and edges.
#include "reference/cudart/graph.h"

#include <algorithm>

#include "reference/cudart/entry/entry.h"
#include "reference/cudart/graph_params.h"

using namespace cudart;

namespace {

/// As every query of the C API answers: how many there are where `out` is null, else as many as
/// there is room for, and nulls behind them.
template <class T>
void give_list(const std::vector<T>& list, T* out, size_t* count) {
  require(count, cudaErrorInvalidValue);
  if (out) {
    const size_t room = *count;
    std::fill(std::copy_n(list.begin(), std::min(room, list.size()), out), out + room, T{});
    *count = std::min(room, list.size());
  } else {
    *count = list.size();
  }
}

/// Adds a node with the operation that `make` gives.
template <class Make>
cudaError_t add(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                size_t count, Make&& make) noexcept {
  return call([&] {
    require(out && (dependencies || count == 0), cudaErrorInvalidValue);
    *out = add_node(graph_of(graph), {dependencies, count}, make());
  });
}

}  // namespace

CUDART_ENTRY cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned flags) {
  return call([&] {
    require(graph && flags == 0, cudaErrorInvalidValue);
    *graph = create_graph();
  });
}
CUDART_ENTRY cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call([&] { destroy_graph(graph); });
}
CUDART_ENTRY cudaError_t cudaGraphClone(cudaGraph_t* out, cudaGraph_t original) {
  return call([&] { *out = give_to_program(clone(graph_of(original))); });
}
CUDART_ENTRY cudaError_t cudaGraphNodeFindInClone(cudaGraphNode_t* out, cudaGraphNode_t original,
                                                  cudaGraph_t graph) {
  return call([&] {
    const auto& nodes = graph_of(graph).from_original;
    const auto found = nodes.find(original);
    require(found != nodes.end(), cudaErrorInvalidValue);
    *out = found->second;
  });
}

CUDART_ENTRY cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                const cudaGraphNode_t* dependencies, size_t count,
                                                const cudaKernelNodeParams* p) {
  return add(out, graph, dependencies, count, [&] { return operation_of_kernel(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                const cudaGraphNode_t* dependencies, size_t count,
                                                const cudaMemcpy3DParms* p) {
  return add(out, graph, dependencies, count, [&] { return operation_of_copy(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                const cudaGraphNode_t* dependencies, size_t count,
                                                const cudaMemsetParams* p) {
  return add(out, graph, dependencies, count, [&] { return fill_operation(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                              const cudaGraphNode_t* dependencies, size_t count,
                                              const cudaHostNodeParams* p) {
  return add(out, graph, dependencies, count,
             [&] { return operation_of_host(p->fn, p->userData); });
}
CUDART_ENTRY cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                    const cudaGraphNode_t* dependencies,
                                                    size_t count, cudaGraph_t child) {
  return add(out, graph, dependencies, count, [&] { return operation_of_child(graph_of(child)); });
}
CUDART_ENTRY cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                               const cudaGraphNode_t* dependencies, size_t count) {
  return add(out, graph, dependencies, count, [] { return EmptyOperation{}; });
}
CUDART_ENTRY cudaError_t cudaGraphAddEventRecordNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                     const cudaGraphNode_t* dependencies,
                                                     size_t count, cudaEvent_t event) {
  return add(out, graph, dependencies, count, [&] { return operation_of_record(event); });
}
CUDART_ENTRY cudaError_t cudaGraphAddEventWaitNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                   const cudaGraphNode_t* dependencies,
                                                   size_t count, cudaEvent_t event) {
  return add(out, graph, dependencies, count, [&] { return operation_of_wait(event); });
}
CUDART_ENTRY cudaError_t cudaGraphAddMemAllocNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                  const cudaGraphNode_t* dependencies, size_t count,
                                                  cudaMemAllocNodeParams* p) {
  return add(out, graph, dependencies, count, [&] { return alloc_operation(*p); });
}
CUDART_ENTRY cudaError_t cudaGraphAddMemFreeNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                                 const cudaGraphNode_t* dependencies, size_t count,
                                                 void* address) {
  return add(out, graph, dependencies, count, [&] { return FreeOperation{address}; });
}
CUDART_ENTRY cudaError_t cudaGraphDestroyNode(cudaGraphNode_t node) {
  return call([&] { destroy_node(node_of(node)); });
}

CUDART_ENTRY cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* out, size_t* count) {
  return call([&] {
    std::vector<cudaGraphNode_t> nodes;
    for (const auto& node : graph_of(graph).nodes) nodes.push_back(node.get());
    give_list(nodes, out, count);
  });
}
CUDART_ENTRY cudaError_t cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t* out,
                                               size_t* count) {
  return call([&] {
    std::vector<cudaGraphNode_t> roots;
    for (const auto& node : graph_of(graph).nodes)
      if (node->dependencies.empty()) roots.push_back(node.get());
    give_list(roots, out, count);
  });
}
CUDART_ENTRY cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return call([&] { *type = type_of(node_of(node).operation); });
}

#if CUDART_VERSION >= 13000
// Edges are whole: a node comes after all of another. Data that ask for less are taken as this.
CUDART_ENTRY cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from,
                                           cudaGraphNode_t* to, cudaGraphEdgeData* data,
                                           size_t* count) {
  return call([&] {
    require((from == nullptr) == (to == nullptr), cudaErrorInvalidValue);
    std::vector<cudaGraphNode_t> before, after;
    for (const auto& node : graph_of(graph).nodes)
      for (const cudaGraphNode_t dependency : node->dependencies) {
        before.push_back(dependency);
        after.push_back(node.get());
      }
    size_t room = count ? *count : 0;
    if (data) std::fill_n(data, room, cudaGraphEdgeData{});
    give_list(before, from, count);
    if (to) give_list(after, to, &room);
  });
}
CUDART_ENTRY cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* out,
                                                      cudaGraphEdgeData* data, size_t* count) {
  return call([&] {
    if (data && count) std::fill_n(data, *count, cudaGraphEdgeData{});
    give_list(node_of(node).dependencies, out, count);
  });
}
CUDART_ENTRY cudaError_t cudaGraphNodeGetDependentNodes(cudaGraphNode_t node, cudaGraphNode_t* out,
                                                        cudaGraphEdgeData* data, size_t* count) {
  return call([&] {
    if (data && count) std::fill_n(data, *count, cudaGraphEdgeData{});
    give_list(dependents_of(node_of(node)), out, count);
  });
}
CUDART_ENTRY cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                                  const cudaGraphNode_t* to,
                                                  const cudaGraphEdgeData*, size_t count) {
  return call([&] {
    for (size_t i = 0; i < count; ++i) add_dependency(graph_of(graph), from[i], to[i]);
  });
}
CUDART_ENTRY cudaError_t cudaGraphRemoveDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                                     const cudaGraphNode_t* to,
                                                     const cudaGraphEdgeData*, size_t count) {
  return call([&] {
    for (size_t i = 0; i < count; ++i) remove_dependency(graph_of(graph), from[i], to[i]);
  });
}
CUDART_ENTRY cudaError_t cudaGraphAddNode(cudaGraphNode_t* out, cudaGraph_t graph,
                                          const cudaGraphNode_t* dependencies,
                                          const cudaGraphEdgeData*, size_t count,
                                          cudaGraphNodeParams* p) {
  return add(out, graph, dependencies, count, [&] {
    require(p, cudaErrorInvalidValue);
    return operation_of(*p);
  });
}
#endif
