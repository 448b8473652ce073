// Inputs of a row and the right answer: computed once per problem and data, shared by every
// strategy.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/tensor.h"
#include "reference/alternatives.h"
#include "reference/compare.h"
#include "reference/conv_transpose.h"
#include "reference/epilogue.h"
#include "reference/problem.h"

namespace tconv::bench {

/// Two oracles that contradict each other: nothing can be said of any result.
struct OracleError : std::logic_error {
  using std::logic_error::logic_error;
};

/// What a row is fed. All tensors are logical NC.. order in float; the output's is empty.
struct Inputs {
  Op op;
  Problem problem;
  DType dtype;
  DataMode data;
  uint64_t seed;
  Epilogue epilogue;
  std::vector<float> x, w, y;
  std::vector<float> bias;            ///< empty if there is no epilogue
  std::vector<OracleResult> oracles;  ///< one per independent oracle of this op; they agree

  std::span<const float> host(Tensor tensor) const {
    return tensor == Tensor::x ? x : tensor == Tensor::w ? w : y;
  }
};

/// Fills the inputs and asks every oracle. Throws OracleError.
Inputs make_inputs(Op, const Problem&, DType, DataMode, uint64_t seed,
                   Epilogue epilogue = Epilogue::none);

/// Throws OracleError naming the first element where `a` and `b` differ by more than their rounding
/// in double can explain (int data: at all).
void require_agreement(const OracleResult& a, const OracleResult& b, DataMode);

/// Remembers the last few. Rows of one problem follow each other, with at most two kinds of data
/// each.
class InputCache {
 public:
  const Inputs& get(Op, const Problem&, DType, DataMode, uint64_t seed, Epilogue);

 private:
  static constexpr size_t kKept = 2;
  std::deque<std::unique_ptr<Inputs>> kept_;
};

}  // namespace tconv::bench
