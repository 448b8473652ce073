// Runs one strategy on one problem as a sceptic would: poisoned output and workspace, guard bands,
// inputs compared after.
#pragma once

#include <string>
#include <vector>

#include "kernels/strategy.h"
#include "reference/compare.h"
#include "reference/conv_transpose.h"
#include "reference/problem.h"

namespace tconv {

/// A problem with its data and the oracle's answer; made once, run by many strategies.
struct Case {
  Case(const Problem&, DataMode, uint64_t seed);

  Problem problem;
  DataMode mode;
  std::vector<float> x, w;
  OracleResult want;
};

struct Run {
  std::string failure;  ///< empty if everything is right, else what is not
  std::vector<float> output;
};

/// One application of an fprop strategy in f32 nchw. `misalign` moves every tensor that many
/// elements off its alignment. A strategy that refuses, a CUDA error, a wrong or missing output, a
/// write outside of y and the workspace, and a changed input are failures.
Run run_strategy(const Strategy&, const Case&, int64_t misalign = 0);

/// The registered strategies that run f32 nchw fprop wherever a kernel runs: all but vendors'
/// baselines.
std::vector<const Strategy*> own_strategies();

}  // namespace tconv
