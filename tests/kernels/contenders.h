// Which strategy is run in which configurations, by all tests of this folder.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "kernels/strategy.h"

namespace tconv {

/// On which problems a strategy fuses all epilogues.
enum class Fuses { never, some_problems, always };

/// One of our strategies in one configuration that it promises to support.
struct Contender {
  const Strategy* strategy;
  Config config;
  Fuses fuses;
  bool picky;  ///< refuses some problems

  std::string name() const;  ///< gather_f16_nhwc
  /// True if it may refuse this problem and does. What is not picky must not refuse: run_strategy
  /// reports that as a failure.
  bool skips(const Problem& p) const { return picky && !refusal(*strategy, p, config).empty(); }
};
std::ostream& operator<<(std::ostream&, const Contender&);

/// The registered strategies with a file of their own in kernels/: all but vendors' baselines.
std::vector<const Strategy*> own_strategies();

/// Every promise, sorted by (op, dtype, strategy, layout), so that one case serves a run of them.
std::vector<Contender> contenders();

/// True if the table promises this of the strategy, at least on some problems.
bool promised(const Strategy&, const Config&);

}  // namespace tconv
