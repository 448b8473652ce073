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

/// x, w and y, logical NC.. order, and the bias of an epilogue.
struct Tensors {
  std::vector<float> x, w, y;
  std::vector<float> bias = {};  ///< empty if there is no epilogue
};

/// x, w and y filled with what `dtype` can hold. int_exact data stay exact in sums of `max_terms`
/// products.
Tensors make_tensors(const Problem&, DataMode, uint64_t seed, int64_t max_terms,
                     DType = DType::f32);

/// A problem with its data (with a tanh: of order 1; with a ReLU: not all clipped) and the oracle's
/// answer; made once, run by many strategies of that op.
struct Case {
  Case(Op, const Problem&, DataMode, uint64_t seed, const Config& = {});

  Op op;
  Problem problem;
  DataMode mode;
  Config config;  ///< its layout may be changed between runs: data and answer are logical
  Tensors data;   ///< what `op` writes is ignored
  OracleResult want;
};

struct Run {
  std::string failure;  ///< empty if everything is right, else what is not
  std::vector<float> output;
  bool mistrusted = false;  ///< nothing wrong was seen, but the data could not have shown it
};

/// One application of a strategy, whatever its op. `misalign` moves every tensor that many elements
/// off its alignment. A strategy that refuses, a CUDA error, a write outside of the output and the
/// workspace, and a changed input are failures; the output is not looked at.
Run apply(const Strategy&, const Problem&, const Config&, const Tensors&, int64_t misalign = 0);

/// The same, and a wrong, missing or mistrusted output is a failure too. The case must be of the
/// strategy's op.
Run run_strategy(const Strategy&, const Case&, int64_t misalign = 0);

}  // namespace tconv
