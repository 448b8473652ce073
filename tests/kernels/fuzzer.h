// Fuzzer: random problems through strategies in random configurations that they take, against the
// oracle. Says how to run each failure again and what the simplest case is that still fails.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/kernels/fuzz_case.h"
#include "tests/kernels/random_problem.h"

namespace tconv {

/// What is chosen from, and how often.
struct FuzzPlan {
  std::vector<const Strategy*> strategies;
  std::vector<DType> dtypes;
  std::vector<Layout> layouts;
  std::vector<Epilogue> epilogues;  ///< of fprop; other ops have none
  std::vector<DataMode> modes;
  int64_t problems = 2000;
  int64_t skip = 0;  ///< problems that are drawn but not run
  int64_t budget_macs = 200'000;
  uint64_t seed = 1;  ///< of the problems; the data of problem n have seed + n
};

class Fuzzer {
 public:
  /// `program`: what a command to run a case begins with. `fails`: whether a case fails, tried in
  /// a way that outlives a fault inside a kernel.
  Fuzzer(FuzzPlan, std::string program, std::function<bool(const FuzzCase&)> fails);

  void run_random();
  /// One problem in every configuration of the plan. Failures are not shrunk.
  void run_problem(const Problem&, int64_t misalign);

  /// One line for each strategy and one with the sums.
  std::string summary() const;
  /// What failed first, per strategy, as simple as it gets.
  const std::vector<FuzzCase>& simplest() const { return simplest_; }
  bool failed() const;

 private:
  struct Tally {
    int64_t runs = 0, refused = 0, mistrusted = 0, failed = 0;
    std::map<std::string, int64_t> by_config;  ///< runs
  };

  std::vector<Config> configs_for(const Strategy&) const;
  Problem next_problem(RandomProblems&) const;
  void run_strategies(RandomProblems&, FuzzCase, bool skip);
  bool run_case(FuzzRunner&, const FuzzCase&);
  std::string command(const FuzzCase&) const;

  FuzzPlan plan_;
  std::string program_;
  std::function<bool(const FuzzCase&)> fails_;
  std::map<const Strategy*, Tally> tallies_;
  std::vector<FuzzCase> simplest_;
  int64_t problems_ = 0;
  bool lost_ = false;
};

}  // namespace tconv
