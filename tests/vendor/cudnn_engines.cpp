#include "tests/vendor/cudnn_engines.h"

namespace tconv::doubles {
namespace {

constexpr auto kNondeterministic = CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC;
constexpr auto kTensorCore = CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
constexpr auto kReduced = CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION;

/// A configuration's parts: its engine, and one knob that says nothing.
Object engine_of(const Engine& e) {
  Object o{CUDNN_BACKEND_ENGINE_DESCRIPTOR, true};
  o.put(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, std::vector{e.index});
  o.put(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, e.notes);
  o.put(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE,
        std::vector<cudnnBackendBehaviorNote_t>{});
  return o;
}

Object knob() {
  Object o{CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, true};
  o.put(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE,
        std::vector{CUDNN_KNOB_TYPE_TILE_SIZE});
  o.put(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, std::vector{int64_t{1}});
  return o;
}

char letter(cudnnBackendHeurMode_t mode) {
  return mode == CUDNN_HEUR_MODE_A ? 'A' : mode == CUDNN_HEUR_MODE_B ? 'B' : 'F';
}

}  // namespace

const std::vector<Engine>& engines() {
  static const std::vector<Engine> all{
      {9001, "A", {kNondeterministic}, Sums::any_order, 0, 5},
      {9002, "A", {}, Sums::exact, 0, 0.1F, false},           // does not finalise
      {9003, "A", {}, Sums::exact, int64_t{2} << 30, 0.2F},   // too much workspace
      {9004, "AB", {}, Sums::exact, 1000, 3},                 // the first deterministic one
      {9005, "A", {}, Sums::exact, 16, 0.3F, true, false},    // does not execute
      {9006, "B", {kReduced}, Sums::half, 0, 0.4F},           // never allowed
      {9007, "BF", {kTensorCore}, Sums::tensor_core, 131, 2}  // not allowed in f32, else fastest
  };
  return all;
}

std::vector<Object> configurations(const Object& graph, cudnnBackendHeurMode_t mode) {
  demand(mode != CUDNN_HEUR_MODE_B || graph.convolution->stride.size() < 3,
         CUDNN_STATUS_NOT_SUPPORTED, "no heuristic B in three dimensions");
  std::vector<Object> list;
  for (const Engine& e : engines()) {
    if (e.heuristics.find(letter(mode)) == std::string_view::npos) continue;
    Object& o = list.emplace_back(Object{CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, true});
    o.made[CUDNN_ATTR_ENGINECFG_ENGINE] = {engine_of(e)};
    o.made[CUDNN_ATTR_ENGINECFG_KNOB_CHOICES] = {knob()};
    o.convolution = graph.convolution;
    o.engine = &e;
  }
  return list;
}

}  // namespace tconv::doubles
