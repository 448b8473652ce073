// Every row of the policy, by every strategy in every configuration that it takes.
#include <gtest/gtest.h>

#include "tests/kernels/contenders.h"
#include "tests/kernels/degenerate.h"
#include "tests/kernels/fuzz_case.h"

namespace tconv {
namespace {

class DegenerateTest : public testing::TestWithParam<DegenerateProblem> {
 protected:
  /// True if the strategy took it.
  bool expect_right_or_refused(const Strategy& strategy, const Config& config) {
    const FuzzCase c{&strategy, problem_, config, DataMode::int_exact, 1, GetParam().misalign};
    const FuzzResult result = runner_.run(c);
    EXPECT_TRUE(result.outcome == Outcome::passed || result.outcome == Outcome::refused)
        << GetParam().policy << ": " << result.text << "\n"
        << arguments_of(c);
    EXPECT_EQ(result.outcome == Outcome::refused, !result.text.empty());
    return result.outcome != Outcome::refused;
  }

  const Problem problem_ = Problem::parse(GetParam().descriptor);
  FuzzRunner runner_;
  std::map<Op, int> taken_;
};

TEST_P(DegenerateTest, IsComputedOrRefusedWithAReason) {
  for (const Strategy* strategy : own_strategies()) {
    for (const DType dtype : {DType::f32, DType::tf32, DType::f16, DType::bf16}) {
      for (const Layout layout : {Layout::nchw, Layout::nhwc})
        taken_[strategy->op] += expect_right_or_refused(*strategy, {dtype, layout}) ? 1 : 0;
    }
    if (strategy->op == Op::fprop)
      expect_right_or_refused(*strategy, {.epilogue = Epilogue::bias_relu});
  }
  for (const Op op : {Op::fprop, Op::dgrad, Op::wgrad})
    EXPECT_GE(taken_[op], 2) << "everybody refuses " << to_string(op);
}

INSTANTIATE_TEST_SUITE_P(Policy, DegenerateTest, testing::ValuesIn(kDegenerateProblems),
                         [](const auto& row) { return row.param.name; });

class RefusedTextTest : public testing::TestWithParam<RefusedText> {};

TEST_P(RefusedTextTest, NamesFieldValueAndRule) {
  try {
    Problem::parse(GetParam().descriptor);
    FAIL() << GetParam().descriptor << " is taken";
  } catch (const ProblemError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find(GetParam().message), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Policy, RefusedTextTest, testing::ValuesIn(kRefusedTexts),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace tconv
