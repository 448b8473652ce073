// cuDNN's and cuBLAS's contenders, run to the end on doubles of the libraries: that what they are
// asked to compute is the problem, in every direction, type and layout.
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/strategy.h"
#include "tests/kernels/nasty_problems.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

std::vector<const Strategy*> vendors(Op op) {
  std::vector<const Strategy*> found;
  for (const Strategy& s : strategies()) {
    if (s.op == op && (s.name.starts_with("cudnn") || s.name.ends_with("cublas")))
      found.push_back(&s);
  }
  return found;
}

/// What may be refused, and in which words.
bool is_allowed(const std::string& refusal) {
  return refusal == "cuDNN has no tensors of batch 0" ||
         refusal.starts_with("cuDNN needs output padding < stride: ");
}

class VendorTest : public testing::TestWithParam<std::tuple<Op, DType, Layout>> {
 protected:
  Op op() const { return std::get<0>(GetParam()); }
  Config config() const { return {std::get<1>(GetParam()), std::get<2>(GetParam())}; }

  void expect_right(const Problem& p, DataMode mode) {
    const Case c(op(), p, mode, 1, config());
    for (const Strategy* s : vendors(op())) {
      SCOPED_TRACE(s->name);
      if (const std::string reason = refusal(*s, p, config()); !reason.empty()) {
        EXPECT_TRUE(is_allowed(reason)) << reason;
        continue;
      }
      EXPECT_EQ(run_strategy(*s, c).failure, "");
      ++runs_;
    }
  }

  void expect_right(DataMode mode, int64_t most_macs) {
    for (const NastyProblem& n : kNastyProblems) {
      SCOPED_TRACE(n.why);
      const Problem p = Problem::parse(n.descriptor);
      if (p.macs_needed() <= most_macs) expect_right(p, mode);
    }
  }

  int runs_ = 0;
};

TEST_P(VendorTest, IntegersMatchToTheBit) {
  expect_right(DataMode::int_exact, 400'000);
  EXPECT_GT(runs_, 60);
}

TEST_P(VendorTest, RealNumbersStayWithinTheBound) {
  expect_right(DataMode::normal, 40'000);
  EXPECT_GT(runs_, 40);
}

TEST_P(VendorTest, TensorsThatAreAlignedToLessThanPromisedAreRefusedWhenRun) {
  const Case c(op(), Problem::parse("mb1_ic4oc4_ih4iw4_kh3kw3"), DataMode::int_exact, 1, config());
  for (const Strategy* s : vendors(op())) {
    if (!s->name.starts_with("cudnn")) continue;
    try {
      run_strategy(*s, c, /*misalign=*/1);
      ADD_FAILURE() << s->name;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string_view(error.what()).find("aligned to less"), std::string::npos)
          << error.what();
    }
  }
}

std::string name(const testing::TestParamInfo<VendorTest::ParamType>& row) {
  const auto& [op, dtype, layout] = row.param;
  return std::string(to_string(op)) + '_' + std::string(to_string(dtype)) + '_' +
         std::string(to_string(layout));
}
INSTANTIATE_TEST_SUITE_P(All, VendorTest,
                         testing::Combine(testing::Values(Op::fprop, Op::dgrad, Op::wgrad),
                                          testing::Values(DType::f32, DType::tf32, DType::f16,
                                                          DType::bf16),
                                          testing::Values(Layout::nchw, Layout::nhwc)),
                         name);

}  // namespace
}  // namespace tconv
