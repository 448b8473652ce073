#include "reference/cudart/graph.h"

#include <algorithm>

namespace cudart {
namespace {

// The graphs that the program has handles of and destroys.
std::unordered_map<cudaGraph_t, std::unique_ptr<CUgraph_st>>& owned() {
  static auto& map = *new std::unordered_map<cudaGraph_t, std::unique_ptr<CUgraph_st>>;
  return map;
}

bool contains(const std::vector<cudaGraphNode_t>& nodes, cudaGraphNode_t node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

Operation clone_operation(const Operation& operation, CUgraph_st& into) {
  const auto* child = std::get_if<GraphOperation>(&operation);
  if (!child) return operation;
  std::shared_ptr<CUgraph_st> copy = clone(*child->graph);
  into.from_original.insert(copy->from_original.begin(), copy->from_original.end());
  return GraphOperation{copy};
}

}  // namespace

cudaGraph_t give_to_program(std::unique_ptr<CUgraph_st> graph) {
  const cudaGraph_t handle = graph.get();
  owned().emplace(handle, std::move(graph));
  return handle;
}

cudaGraph_t create_graph() { return give_to_program(std::make_unique<CUgraph_st>()); }

void destroy_graph(cudaGraph_t graph) {
  require(owned().erase(graph) == 1, cudaErrorInvalidValue);  // a child belongs to its parent
}

std::unique_ptr<CUgraph_st> clone(const CUgraph_st& graph) {
  auto copy = std::make_unique<CUgraph_st>();
  copy->kept = graph.kept;
  for (const auto& node : graph.nodes) {
    copy->nodes.push_back(
        std::make_unique<CUgraphNode_st>(*copy, clone_operation(node->operation, *copy)));
    copy->from_original[node.get()] = copy->nodes.back().get();
  }
  for (const auto& node : graph.nodes)
    for (const cudaGraphNode_t before : node->dependencies)
      copy->from_original[node.get()]->dependencies.push_back(copy->from_original[before]);
  return copy;
}

cudaGraphNode_t add_node(CUgraph_st& graph, Nodes dependencies, Operation operation) {
  auto node = std::make_unique<CUgraphNode_st>(graph, std::move(operation));
  for (const cudaGraphNode_t before : dependencies) {
    require(&node_of(before).graph == &graph && !contains(node->dependencies, before),
            cudaErrorInvalidValue);
    node->dependencies.push_back(before);
  }
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back().get();
}

void destroy_node(CUgraphNode_st& node) {
  CUgraph_st& graph = node.graph;
  for (const auto& other : graph.nodes) std::erase(other->dependencies, &node);
  std::erase_if(graph.nodes, [&](const auto& n) { return n.get() == &node; });
}

void add_dependency(CUgraph_st& graph, cudaGraphNode_t from, cudaGraphNode_t to) {
  require(&node_of(from).graph == &graph && &node_of(to).graph == &graph && from != to,
          cudaErrorInvalidValue);
  require(!contains(to->dependencies, from), cudaErrorInvalidValue);
  to->dependencies.push_back(from);
}

void remove_dependency(CUgraph_st& graph, cudaGraphNode_t from, cudaGraphNode_t to) {
  require(&node_of(from).graph == &graph && &node_of(to).graph == &graph, cudaErrorInvalidValue);
  require(std::erase(to->dependencies, from) == 1, cudaErrorInvalidValue);
}

std::vector<cudaGraphNode_t> dependents_of(const CUgraphNode_st& node) {
  std::vector<cudaGraphNode_t> found;
  for (const auto& other : node.graph.nodes)
    if (contains(other->dependencies, const_cast<cudaGraphNode_t>(&node)))
      found.push_back(other.get());
  return found;
}

std::vector<cudaGraphNode_t> execution_order(const CUgraph_st& graph) {
  std::vector<cudaGraphNode_t> order;
  std::unordered_map<const CUgraphNode_st*, size_t> waits_for;
  std::set<size_t> ready;  // by place in order of creation
  std::unordered_map<const CUgraphNode_st*, std::vector<size_t>> unblocks;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& node = graph.nodes[i];
    waits_for[node.get()] = node->dependencies.size();
    if (node->dependencies.empty()) ready.insert(i);
    for (const cudaGraphNode_t before : node->dependencies) unblocks[before].push_back(i);
  }
  while (!ready.empty()) {
    const cudaGraphNode_t node = graph.nodes[ready.extract(ready.begin()).value()].get();
    order.push_back(node);
    for (const size_t next : unblocks[node])
      if (--waits_for[graph.nodes[next].get()] == 0) ready.insert(next);
  }
  require(order.size() == graph.nodes.size(), cudaErrorInvalidValue);
  return order;
}

}  // namespace cudart
