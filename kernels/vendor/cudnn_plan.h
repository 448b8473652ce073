// From an operation to execution plans: what the heuristics offer, what each engine notes of
// itself, and which of them a strategy may use. Planning needs no GPU: a description of one
// (cuDNN 9.8 and newer) stands in for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/vendor/cudnn_descriptor.h"
#include "kernels/vendor/cudnn_operation.h"

namespace tconv::cudnn {

/// The GPU that plans are made for: the one behind a handle, or a described one.
class Target {
 public:
  explicit Target(std::shared_ptr<cudnnContext> handle) : handle_(std::move(handle)) {}
  /// cuDNN's own JSON serialisation of its device-properties descriptor. Throws Error if cuDNN does
  /// not accept it.
  explicit Target(const std::string& device_json);

  /// Each stage of planning names the GPU in an attribute of its own.
  void bind_graph(Descriptor& graph) const;
  void bind_heuristic(Descriptor& heuristic) const;
  void bind_plan(Descriptor& plan) const;

 private:
  std::shared_ptr<cudnnContext> handle_;
  Descriptor device_;
};

struct PlanOptions {
  int64_t workspace_cap = int64_t{1} << 30;  ///< bytes; plans that need more are dropped
  bool deterministic = false;                ///< drop plans that carry the NONDETERMINISTIC note
  bool first_only = false;  ///< do not finalise plans after the first usable one; drops them
};

struct PlanInfo {
  std::string
      name;  ///< engine and knobs, "eng25_k2=1_k3=0": what cuDNN needs to make the same plan again
  int64_t engine = -1;    ///< the engine's global index
  std::string heuristic;  ///< which list it came from: "A", "B" or "FALLBACK"
  std::vector<cudnnBackendNumericalNote_t> numerical;
  std::vector<cudnnBackendBehaviorNote_t> behavior;
  int64_t workspace = -1;  ///< bytes; -1 where a dropped plan was never finalised
  std::string dropped;     ///< why it may not be used; empty if it may

  bool usable() const { return dropped.empty(); }
  bool has(cudnnBackendNumericalNote_t note) const;
  bool deterministic() const { return !has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC); }
  /// "eng25_k2=1 [A; TENSOR_CORE; workspace 131 B]": one line for a report.
  std::string str() const;
};

struct Plan {
  PlanInfo info;
  Descriptor configuration;
  Descriptor executable;  ///< finalised; empty if the plan was dropped
};

/// A finalised graph and every plan that heuristics A, B and FALLBACK offer for it, best guess
/// first, each engine configuration once. Dropped ones stay in the list with their reason.
///
/// What a dtype forbids: reduced-precision reductions always, since accumulation is f32 or better
/// everywhere; for f32 also tensor cores and down-converted inputs, since those are TF32.
class PlanSet {
 public:
  PlanSet(Op op, const Problem& problem, const Config& config, Target target,
          const PlanOptions& options = {});
  const std::vector<Plan>& plans() const { return plans_; }
  const PlanOptions& options() const { return options_; }
  std::vector<const Plan*> usable() const;
  /// How many cuDNN itself refused, or failed at, after having offered them.
  int64_t not_finalised() const;
  /// "cuDNN has no plan for this: 24 offered, 16 TENSOR_CORE, ...": one line for when usable() is
  /// empty.
  std::string why_none() const;

 private:
  PlanOptions options_;
  Target target_;  ///< first of the descriptors, so that its handle goes last
  Operation operation_;
  Descriptor graph_;
  std::vector<Plan> plans_;
};

/// The same without a GPU: plans for the one that `device_json` describes. Throws Error where cuDNN
/// cannot express the problem.
std::vector<PlanInfo> plan(const Problem& problem, const Config& config,
                           const std::string& device_json, const PlanOptions& options = {},
                           Op op = Op::fprop);

}  // namespace tconv::cudnn
