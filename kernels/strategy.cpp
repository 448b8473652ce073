// The registry. Files add themselves before main() in link order, which nobody should see: reading
// sorts.
#include "kernels/strategy.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "reference/alternatives.h"

namespace tconv {
namespace {

// A function's static, because registrations run before any global of this file is certain to
// exist.
std::vector<Strategy>& registry() {
  static std::vector<Strategy> all;
  return all;
}

auto key(const Strategy& s) { return std::tuple(s.op, std::string_view(s.name)); }

}  // namespace

bool register_strategy(Strategy strategy) {
  auto& all = registry();
  const auto at =
      std::lower_bound(all.begin(), all.end(), strategy,
                       [](const Strategy& a, const Strategy& b) { return key(a) < key(b); });
  if (at != all.end() && key(*at) == key(strategy)) {
    throw std::logic_error("strategy '" + strategy.name + "' registered twice");
  }
  all.insert(at, std::move(strategy));
  return true;
}

std::string refusal(const Strategy& strategy, const Problem& problem, const Config& config) {
  if (config.epilogue != Epilogue::none && strategy.op != Op::fprop) {
    return "epilogue " + std::string(to_string(config.epilogue)) + ": of fprop only";
  }
  std::string reason = strategy.supports(problem, config);
  return reason.empty() ? inapplicable(strategy.op, problem) : reason;
}

const std::vector<Strategy>& strategies() { return registry(); }

}  // namespace tconv
