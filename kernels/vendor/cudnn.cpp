// cuDNN as three contenders in each direction: its heuristic's first plan, the fastest of its
// plans, its first deterministic plan.
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kernels/detail/device_buffer.h"
#include "kernels/strategy.h"
#include "kernels/vendor/autotune.h"
#include "kernels/vendor/cudnn_plan.h"
#include "kernels/vendor/cudnn_session.h"

namespace tconv::cudnn {
namespace {

enum class Pick { first, fastest, first_deterministic };

struct Contender {
  const char* name;
  Op op;
  Pick pick;
  const char* summary;
};
constexpr std::array<Contender, 9> kContenders{{
    {"cudnn", Op::fprop, Pick::first, "cuDNN backward-data, the heuristic's first plan"},
    {"cudnn_best", Op::fprop, Pick::fastest, "cuDNN backward-data, the fastest of all its plans"},
    {"cudnn_deterministic", Op::fprop, Pick::first_deterministic,
     "cuDNN backward-data, the heuristic's first deterministic plan"},
    {"cudnn", Op::dgrad, Pick::first, "cuDNN convolution, the heuristic's first plan"},
    {"cudnn_best", Op::dgrad, Pick::fastest, "cuDNN convolution, the fastest of all its plans"},
    {"cudnn_deterministic", Op::dgrad, Pick::first_deterministic,
     "cuDNN convolution, the heuristic's first deterministic plan"},
    {"cudnn", Op::wgrad, Pick::first, "cuDNN backward-filter, the heuristic's first plan"},
    {"cudnn_best", Op::wgrad, Pick::fastest, "cuDNN backward-filter, the fastest of all its plans"},
    {"cudnn_deterministic", Op::wgrad, Pick::first_deterministic,
     "cuDNN backward-filter, the heuristic's first deterministic plan"},
}};

/// What one execution binds to a plan.
Descriptor variant_pack(void* x, void* w, void* y, void* workspace) {
  const std::array pointers{x, w, y};
  constexpr std::array ids{static_cast<int64_t>(TensorId::x), static_cast<int64_t>(TensorId::w),
                           static_cast<int64_t>(TensorId::y)};
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set_all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, pointers);
  pack.set_all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids);
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
  pack.finalize("cuDNN variant pack");
  return pack;
}

void execute(const Plan& plan, const Descriptor& pack) {
  const cudnnStatus_t status =
      cudnnBackendExecute(Session::get().handle().get(), plan.executable.get(), pack.get());
  // A launch that failed inside of cuDNN leaves its error behind, for whoever launches next.
  if (status != CUDNN_STATUS_SUCCESS) static_cast<void>(cudaGetLastError());
  check(status, "cuDNN " + plan.info.name);
}

void use_stream(cudaStream_t stream) {
  check(cudnnSetStream(Session::get().handle().get(), stream), "cudnnSetStream");
}

struct Choice final : Prepared {
  std::shared_ptr<const PlanSet> plans;
  const Plan* plan = nullptr;
  std::string comment;
  std::string note() const override {
    return Session::version() + ": " + plan->info.str() + ", " + comment + ", " +
           std::to_string(plans->plans().size()) + " offered, " +
           std::to_string(plans->not_finalised()) + " not finalised, workspace cap " +
           std::to_string(plans->options().workspace_cap) + " B";
  }
};

/// One contender: what the strategy's functions have in common.
class Baseline {
 public:
  explicit Baseline(const Contender& contender) : contender_(contender) {}

  std::string supports(const Problem& problem, const Config& config) {
    if (config.epilogue != Epilogue::none)
      return "epilogue " + std::string(to_string(config.epilogue)) + ": fuses none";
    if (std::string reason = inexpressible(contender_.op, problem, config); !reason.empty())
      return reason;
    if (const std::string& reason = Session::get().unavailable(); !reason.empty()) return reason;
    const auto set = plans(problem, config);
    return set->usable().empty() ? set->why_none() : std::string{};
  }

  int64_t workspace(const Problem& problem, const Config& config) {
    int64_t bytes = 0;
    const auto set = plans(problem, config);
    for (const Plan* plan : set->usable()) bytes = std::max(bytes, plan->info.workspace);
    return bytes;
  }

  bool deterministic(const Problem& problem, const Config& config) {
    const auto set = plans(problem, config);
    const auto usable = set->usable();
    return std::all_of(usable.begin(), usable.end(),
                       [](const Plan* plan) { return plan->info.deterministic(); });
  }

  std::unique_ptr<Prepared> prepare(const Call& call) {
    auto choice = std::make_unique<Choice>();
    choice->plans = plans(call.problem, call.config);
    choose(call, *choice);
    return choice;
  }

 private:
  /// Plans of the latest problem: the bench asks several questions about one before it goes to the
  /// next.
  std::shared_ptr<const PlanSet> plans(const Problem& problem, const Config& config) {
    const std::scoped_lock lock(mutex_);
    if (!latest_ || !(latest_problem_ == problem) || latest_config_.dtype != config.dtype ||
        latest_config_.layout != config.layout) {
      const PlanOptions options{.deterministic = contender_.pick == Pick::first_deterministic,
                                .first_only = contender_.pick != Pick::fastest};
      latest_ = std::make_shared<PlanSet>(contender_.op, problem, config,
                                          Target(Session::get().handle()), options);
      latest_problem_ = problem;
      latest_config_ = config;
    }
    return latest_;
  }

  void choose(const Call& call, Choice& choice) const {
    const auto usable = choice.plans->usable();
    if (contender_.pick == Pick::fastest) return choose_fastest(call, usable, choice);
    choice.plan = usable.at(0);
    choice.comment = "the heuristic's first that may be used";
  }

  /// Writes to a scratch output, so that what the caller put into its own to catch unwritten
  /// elements stays there.
  void choose_fastest(const Call& call, const std::vector<const Plan*>& usable,
                      Choice& choice) const {
    std::array<void*, 3> tensors{call.x, call.w, call.y};
    const std::array sizes{call.problem.x_size(), call.problem.w_size(), call.problem.y_size()};
    const size_t output = contender_.op == Op::fprop ? 2 : contender_.op == Op::dgrad ? 0 : 1;
    const DeviceBuffer<std::byte> scratch(sizes[output] * size_of(call.config.dtype));
    tensors[output] = scratch.data();
    const Descriptor pack = variant_pack(tensors[0], tensors[1], tensors[2], call.workspace);

    use_stream(call.stream);
    EventTimer timer(call.stream);
    double best_us = std::numeric_limits<double>::infinity();
    int failed = 0;
    std::string why;
    for (const Plan* plan : usable) {
      try {
        const double us = timer.median_us([&] { execute(*plan, pack); });
        if (us < best_us) {
          best_us = us;
          choice.plan = plan;
        }
      } catch (const Error& error) {
        ++failed;  // finalised, yet refused at the launch: the others go on
        why = error.what();
      }
    }
    if (choice.plan == nullptr)
      throw std::runtime_error("cuDNN: all " + std::to_string(failed) +
                               " plans failed to run: " + why);
    choice.comment = "fastest of " + std::to_string(usable.size() - static_cast<size_t>(failed)) +
                     " timed, " + std::to_string(failed) + " failed to run";
  }

  Contender contender_;
  std::mutex mutex_;
  std::shared_ptr<const PlanSet> latest_;
  Problem latest_problem_;
  Config latest_config_;
};

void launch(const Call& call) {
  const auto& choice = dynamic_cast<const Choice&>(*call.prepared);
  use_stream(call.stream);
  execute(*choice.plan, variant_pack(call.x, call.w, call.y, call.workspace));
}

Strategy strategy(const Contender& contender) {
  const auto baseline = std::make_shared<Baseline>(contender);
  Strategy s;
  s.name = contender.name;
  s.op = contender.op;
  s.summary = contender.summary;
  s.supports = [baseline](auto& p, auto& c) { return baseline->supports(p, c); };
  s.workspace = [baseline](auto& p, auto& c) { return baseline->workspace(p, c); };
  s.macs_executed = [](auto&&...) { return int64_t{-1}; };
  s.deterministic = [baseline](auto& p, auto& c) { return baseline->deterministic(p, c); };
  s.prepare = [baseline](const Call& call) { return baseline->prepare(call); };
  s.launch = launch;
  return s;
}

[[maybe_unused]] const bool registered = [] {
  for (const Contender& contender : kContenders) register_strategy(strategy(contender));
  return true;
}();

}  // namespace
}  // namespace tconv::cudnn
