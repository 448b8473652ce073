// The three directions against each other, without an oracle: <y, fprop(x, w)>, <dgrad(y, w), x>
// and <wgrad(x, y), w> are the same sum of products in three orders (operator.md, statements 3 and
// 4). Integers: equal to the bit, for every strategy of every direction, in every layout.
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "reference/alternatives.h"
#include "tests/kernels/contenders.h"
#include "tests/kernels/nasty_problems.h"
#include "tests/kernels/random_problem.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

/// Exact: products of whole numbers below 2^24, summed in double.
double dot(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

const std::vector<float>& other(Op op, const Tensors& data) {
  return op == Op::fprop ? data.y : op == Op::dgrad ? data.x : data.w;
}

/// True if the sum is not zero: zeros everywhere would agree as well.
bool expect_all_agree(const Problem& p, DType dtype, uint64_t seed) {
  const int64_t terms =
      std::max({max_terms(Op::fprop, p), max_terms(Op::dgrad, p), max_terms(Op::wgrad, p)});
  const Tensors data = make_tensors(p, DataMode::int_exact, seed, terms, dtype);
  std::optional<double> first;
  for (const Contender& c : contenders()) {
    if (c.config.dtype != dtype || is_alternative(c.strategy->op) || c.skips(p)) continue;
    const Run run = apply(*c.strategy, p, c.config, data);
    EXPECT_EQ(run.failure, "") << c << ' ' << p.str();
    if (!run.failure.empty()) continue;
    const double sum = dot(run.output, other(c.strategy->op, data));
    if (!first) first = sum;
    EXPECT_EQ(sum, *first) << c << ' ' << p.str();
  }
  return first.value_or(0) != 0;
}

TEST(Adjoint, NastyProblems) {
  int telling = 0;
  for (const NastyProblem& n : kNastyProblems) {
    SCOPED_TRACE(n.why);
    telling += expect_all_agree(Problem::parse(n.descriptor), DType::f32, 11) ? 1 : 0;
  }
  EXPECT_GT(telling, static_cast<int>(kNastyProblems.size() * 3 / 4));
}

TEST(Adjoint, RandomProblems) {
  constexpr size_t kProblems = 40;
  constexpr std::array kTypes{DType::f32, DType::f16, DType::bf16};
  RandomProblems random(17);
  size_t telling = 0;
  for (size_t i = 0; i < kProblems; ++i) {
    telling += expect_all_agree(random.next(), kTypes[i % kTypes.size()], 19 + i) ? 1 : 0;
  }
  EXPECT_GT(telling, kProblems * 3 / 4);
}

}  // namespace
}  // namespace tconv
