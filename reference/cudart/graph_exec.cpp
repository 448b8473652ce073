#include "reference/cudart/graph_exec.h"

#include <algorithm>

namespace cudart {
namespace {

std::unordered_map<cudaGraphExec_t, std::unique_ptr<CUgraphExec_st>>& owned() {
  static auto& map = *new std::unordered_map<cudaGraphExec_t, std::unique_ptr<CUgraphExec_st>>;
  return map;
}

// The places of a node's dependencies in order of creation, sorted.
std::vector<size_t> places_before(const CUgraphNode_st& node) {
  std::vector<size_t> places;
  const auto& nodes = node.graph.nodes;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (std::ranges::find(node.dependencies, nodes[i].get()) != node.dependencies.end())
      places.push_back(i);
  return places;
}

[[noreturn]] void fail_update(cudaGraphExecUpdateResultInfo& info, cudaGraphExecUpdateResult result,
                              cudaGraphNode_t node) {
  info = {result, node, nullptr};
  fail(cudaErrorGraphExecUpdateFailure);
}

void check_same_shape(const CUgraph_st& old, const CUgraph_st& now,
                      cudaGraphExecUpdateResultInfo& info) {
  if (old.nodes.size() != now.nodes.size())
    fail_update(info, cudaGraphExecUpdateErrorTopologyChanged, nullptr);
  for (size_t i = 0; i < now.nodes.size(); ++i) {
    CUgraphNode_st& node = *now.nodes[i];
    if (type_of(node.operation) != type_of(old.nodes[i]->operation))
      fail_update(info, cudaGraphExecUpdateErrorNodeTypeChanged, &node);
    if (places_before(node) != places_before(*old.nodes[i]))
      fail_update(info, cudaGraphExecUpdateErrorTopologyChanged, &node);
    const auto* child = std::get_if<GraphOperation>(&node.operation);
    if (child)
      check_same_shape(*std::get<GraphOperation>(old.nodes[i]->operation).graph, *child->graph,
                       info);
  }
}

void take_operations(CUgraph_st& to, const CUgraph_st& from) {
  for (size_t i = 0; i < from.nodes.size(); ++i) {
    const Operation& operation = from.nodes[i]->operation;
    if (const auto* child = std::get_if<GraphOperation>(&operation))
      take_operations(*std::get<GraphOperation>(to.nodes[i]->operation).graph, *child->graph);
    else
      to.nodes[i]->operation = operation;
  }
}

}  // namespace

cudaGraphExec_t instantiate(const CUgraph_st& graph, unsigned long long flags) {
  constexpr unsigned long long known =
      cudaGraphInstantiateFlagAutoFreeOnLaunch | cudaGraphInstantiateFlagUpload |
      cudaGraphInstantiateFlagDeviceLaunch | cudaGraphInstantiateFlagUseNodePriority;
  require((flags & ~known) == 0, cudaErrorInvalidValue);
  if (flags & cudaGraphInstantiateFlagDeviceLaunch)
    fail(cudaErrorNotSupported,
         "cudaGraphInstantiate: the virtual GPU does not launch graphs from kernels");
  auto exec = std::make_unique<CUgraphExec_st>();
  exec->graph = clone(graph);
  exec->order = execution_order(*exec->graph);
  exec->flags = flags;
  const cudaGraphExec_t handle = exec.get();
  owned().emplace(handle, std::move(exec));
  return handle;
}

void destroy_exec(cudaGraphExec_t exec) {
  require(owned().erase(exec) == 1, cudaErrorInvalidValue);
}

void run(const CUgraphExec_st& exec) {
  for (const cudaGraphNode_t node : exec.order) {
    if (!Context::get().usable()) return;  // a kernel's fault: the next call reports it
    if (!exec.disabled.contains(node)) run(node->operation);
  }
}

CUgraphNode_st& node_in(CUgraphExec_st& exec, cudaGraphNode_t original) {
  const auto found = exec.graph->from_original.find(original);
  require(found != exec.graph->from_original.end(), cudaErrorInvalidValue);
  return *found->second;
}

void replace_operation(CUgraphNode_st& node, Operation operation) {
  require(type_of(operation) == type_of(node.operation), cudaErrorInvalidValue);
  node.operation = std::move(operation);
}

void update(CUgraphExec_st& exec, const CUgraph_st& graph, cudaGraphExecUpdateResultInfo& info) {
  check_same_shape(*exec.graph, graph, info);
  take_operations(*exec.graph, graph);
  info = {cudaGraphExecUpdateSuccess, nullptr, nullptr};
}

}  // namespace cudart
