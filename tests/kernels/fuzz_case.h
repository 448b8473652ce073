// FuzzCase: everything that decides one run of one strategy, and the command line that runs it
// again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "tests/kernels/run_strategy.h"

namespace tconv {

struct FuzzCase {
  const Strategy* strategy;
  Problem problem;
  Config config;
  DataMode mode = DataMode::int_exact;
  uint64_t seed = 1;     ///< of the data
  int64_t misalign = 0;  ///< elements that every tensor lies off its alignment
};

/// Arguments of tconv_fuzz that run exactly this case.
std::string arguments_of(const FuzzCase&);

/// mistrusted: right, but the data prove nothing (a few small outputs that happen to be zero).
enum class Outcome { passed, refused, mistrusted, failed };

struct FuzzResult {
  Outcome outcome;
  std::string text;  ///< why it did not pass
};

/// Runs cases of one problem and one seed. Strategies that want the same data share them.
class FuzzRunner {
 public:
  FuzzResult run(const FuzzCase&);

 private:
  using Key = std::tuple<Op, DType, Layout, Epilogue, DataMode>;
  std::map<Key, Case> cases_;
};

}  // namespace tconv
