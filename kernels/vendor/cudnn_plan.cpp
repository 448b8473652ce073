#include "kernels/vendor/cudnn_plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <string_view>

namespace tconv::cudnn {
namespace {

constexpr std::array<std::string_view, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> kNumericalNotes{
    "TENSOR_CORE",
    "DOWN_CONVERT_INPUTS",
    "REDUCED_PRECISION_REDUCTION",
    "FFT",
    "NONDETERMINISTIC",
    "WINOGRAD",
    "WINOGRAD_TILE_4x4",
    "WINOGRAD_TILE_6x6",
    "WINOGRAD_TILE_13x13",
    "STRICT_NAN_PROP"};

struct Heuristic {
  cudnnBackendHeurMode_t mode;
  std::string_view name;
};
constexpr std::array<Heuristic, 3> kHeuristics{
    {{CUDNN_HEUR_MODE_A, "A"}, {CUDNN_HEUR_MODE_B, "B"}, {CUDNN_HEUR_MODE_FALLBACK, "FALLBACK"}}};

constexpr std::string_view kNotFinalised = "not finalised";

constexpr std::array kForbiddenAlways{CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION};
constexpr std::array kForbiddenF32{CUDNN_NUMERICAL_NOTE_TENSOR_CORE,
                                   CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                                   CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION};

std::string_view note_name(cudnnBackendNumericalNote_t note) {
  const auto index = static_cast<size_t>(note);
  return index < kNumericalNotes.size() ? kNumericalNotes[index] : "a note newer than this program";
}

/// Engine configurations in the order of the heuristic; none if cuDNN has no such list for this
/// graph.
std::vector<Descriptor> configurations(const Descriptor& graph, const Target& target,
                                       cudnnBackendHeurMode_t mode) {
  Descriptor heuristic(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  target.bind_heuristic(heuristic);
  try {
    heuristic.finalize("cuDNN heuristic");
  } catch (const Error& error) {
    if (CUDNN_STATUS_CATEGORY(error.status) == CUDNN_STATUS_NOT_SUPPORTED) return {};
    throw;
  }
  return heuristic.children(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
}

PlanInfo describe(const Descriptor& configuration, std::string_view heuristic) {
  const auto engines =
      configuration.children(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  const Descriptor& engine = engines.at(0);
  PlanInfo info;
  info.heuristic = heuristic;
  info.engine = engine.one<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  info.numerical = engine.all<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);
  info.behavior = engine.all<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE);
  info.name = "eng" + std::to_string(info.engine);
  for (const Descriptor& knob :
       configuration.children(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                              CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS)) {
    const auto type = knob.one<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE);
    const auto value = knob.one<int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE);
    info.name += "_k" + std::to_string(static_cast<int>(type)) + "=" + std::to_string(value);
  }
  return info;
}

std::string forbidden(const PlanInfo& info, DType dtype, const PlanOptions& options) {
  const auto notes = dtype == DType::f32
                         ? std::span<const cudnnBackendNumericalNote_t>(kForbiddenF32)
                         : std::span<const cudnnBackendNumericalNote_t>(kForbiddenAlways);
  for (const auto note : notes)
    if (info.has(note))
      return std::string(note_name(note)) + " not allowed in " + std::string(to_string(dtype));
  if (options.deterministic && !info.deterministic()) return "NONDETERMINISTIC";
  return {};
}

/// Finalises the plan and applies what only a finalised plan knows.
void finish(Plan& plan, const Target& target, const PlanOptions& options) {
  Descriptor executable(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  executable.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, plan.configuration);
  target.bind_plan(executable);
  try {
    executable.finalize(kNotFinalised);
  } catch (const Error& error) {
    plan.info.dropped = error.what();
    return;
  }
  plan.info.workspace = executable.one<int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  if (plan.info.workspace > options.workspace_cap)
    plan.info.dropped = "workspace above " + std::to_string(options.workspace_cap) + " B";
  else
    plan.executable = std::move(executable);
}

}  // namespace

Target::Target(const std::string& device_json) : device_(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR) {
  device_.set_all<char>(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, device_json);
  device_.finalize("cuDNN device description");
}

void Target::bind_graph(Descriptor& graph) const {
  if (handle_) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle_.get());
}

void Target::bind_heuristic(Descriptor& heuristic) const {
  if (device_) heuristic.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device_);
}

void Target::bind_plan(Descriptor& plan) const {
  if (device_)
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device_);
  else
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle_.get());
}

bool PlanInfo::has(cudnnBackendNumericalNote_t note) const {
  return std::find(numerical.begin(), numerical.end(), note) != numerical.end();
}

std::string PlanInfo::str() const {
  std::string line = name + " [" + heuristic;
  for (const auto note : numerical) line += "; " + std::string(note_name(note));
  if (std::find(behavior.begin(), behavior.end(), CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) !=
      behavior.end())
    line += "; RUNTIME_COMPILATION";
  if (workspace >= 0) line += "; workspace " + std::to_string(workspace) + " B";
  if (!usable()) line += "; dropped: " + dropped;
  return line + "]";
}

PlanSet::PlanSet(Op op, const Problem& problem, const Config& config, Target target,
                 const PlanOptions& options)
    : options_(options),
      target_(std::move(target)),
      operation_(op, problem, config),
      graph_(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {
  target_.bind_graph(graph_);
  graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation_.descriptor());
  graph_.finalize("cuDNN operation graph");

  std::set<std::string> seen;
  bool found = false;
  for (const auto& [mode, name] : kHeuristics) {
    for (Descriptor& configuration : configurations(graph_, target_, mode)) {
      Plan plan{describe(configuration, name), std::move(configuration), {}};
      if (!seen.insert(plan.info.name).second) continue;
      plan.info.dropped = forbidden(plan.info, config.dtype, options);
      if (plan.info.usable() && found && options.first_only) plan.info.dropped = "not the first";
      if (plan.info.usable()) finish(plan, target_, options);
      found = found || plan.info.usable();
      plans_.push_back(std::move(plan));
    }
  }
}

std::vector<const Plan*> PlanSet::usable() const {
  std::vector<const Plan*> result;
  for (const Plan& plan : plans_)
    if (plan.info.usable()) result.push_back(&plan);
  return result;
}

int64_t PlanSet::not_finalised() const {
  return std::count_if(plans_.begin(), plans_.end(), [](const Plan& plan) {
    return plan.info.dropped.starts_with(kNotFinalised);
  });
}

std::string PlanSet::why_none() const {
  std::map<std::string, int> reasons;
  for (const Plan& plan : plans_) ++reasons[plan.info.dropped];
  std::string line = "cuDNN has no plan for this: " + std::to_string(plans_.size()) + " offered";
  for (const auto& [reason, times] : reasons) line += ", " + std::to_string(times) + " " + reason;
  return line;
}

std::vector<PlanInfo> plan(const Problem& problem, const Config& config,
                           const std::string& device_json, const PlanOptions& options, Op op) {
  const PlanSet set(op, problem, config, Target(device_json), options);
  std::vector<PlanInfo> infos;
  for (const Plan& p : set.plans()) infos.push_back(p.info);
  return infos;
}

}  // namespace tconv::cudnn
