// Graphs: operations and which of them come before which. Launching one runs its nodes in an order
// that its edges allow: creation order where they leave a choice.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include <cuda_runtime_api.h>

#include "reference/cudart/operation.h"
#include "reference/cudart/registered.h"

// CUDA's own opaque types.
struct CUgraphNode_st : cudart::Registered<CUgraphNode_st> {
  CUgraphNode_st(CUgraph_st& graph_, cudart::Operation operation_)
      : graph(graph_), operation(std::move(operation_)) {}
  CUgraph_st& graph;
  cudart::Operation operation;
  std::vector<cudaGraphNode_t> dependencies;
};
struct CUgraph_st : cudart::Registered<CUgraph_st> {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;  // in order of creation
  // Where the graph is a clone: its node for each node of the original, children's included.
  std::unordered_map<const CUgraphNode_st*, cudaGraphNode_t> from_original;
  std::vector<std::shared_ptr<void>> kept;  // user objects
};

namespace cudart {

using Nodes = std::span<const cudaGraphNode_t>;

inline CUgraph_st& graph_of(cudaGraph_t graph) { return CUgraph_st::checked(graph); }
inline CUgraphNode_st& node_of(cudaGraphNode_t node) { return CUgraphNode_st::checked(node); }

cudaGraph_t create_graph();
void destroy_graph(cudaGraph_t graph);
/// A graph that no handle owns: children and executables have one.
std::unique_ptr<CUgraph_st> clone(const CUgraph_st& graph);
/// Hands a graph to the program, which destroys it.
cudaGraph_t give_to_program(std::unique_ptr<CUgraph_st> graph);

cudaGraphNode_t add_node(CUgraph_st& graph, Nodes dependencies, Operation operation);
void destroy_node(CUgraphNode_st& node);
/// Fails with cudaErrorInvalidValue for an edge that is there already, or that is not on removal.
void add_dependency(CUgraph_st& graph, cudaGraphNode_t from, cudaGraphNode_t to);
void remove_dependency(CUgraph_st& graph, cudaGraphNode_t from, cudaGraphNode_t to);
std::vector<cudaGraphNode_t> dependents_of(const CUgraphNode_st& node);

/// Fails with cudaErrorInvalidValue where edges form a circle.
std::vector<cudaGraphNode_t> execution_order(const CUgraph_st& graph);

}  // namespace cudart
