// Executable graphs: a copy of a graph as it was when it was instantiated, whose parameters can be
// changed and whose shape cannot.
#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "reference/cudart/graph.h"

// CUDA's own opaque type.
struct CUgraphExec_st : cudart::Registered<CUgraphExec_st> {
  std::unique_ptr<CUgraph_st> graph;
  std::vector<cudaGraphNode_t> order;
  std::unordered_set<const CUgraphNode_st*> disabled;
  unsigned long long flags = 0;
};

namespace cudart {

inline CUgraphExec_st& exec_of(cudaGraphExec_t exec) { return CUgraphExec_st::checked(exec); }

cudaGraphExec_t instantiate(const CUgraph_st& graph, unsigned long long flags);
void destroy_exec(cudaGraphExec_t exec);
void run(const CUgraphExec_st& exec);

/// The executable's copy of a node of the graph that it was made from. Fails with
/// cudaErrorInvalidValue.
CUgraphNode_st& node_in(CUgraphExec_st& exec, cudaGraphNode_t original);
/// Fails with cudaErrorInvalidValue where the new operation is of another kind.
void replace_operation(CUgraphNode_st& node, Operation operation);
/// Takes the parameters of a graph of the same shape. Fails with cudaErrorGraphExecUpdateFailure,
/// `info` says where.
void update(CUgraphExec_st& exec, const CUgraph_st& graph, cudaGraphExecUpdateResultInfo& info);

}  // namespace cudart
