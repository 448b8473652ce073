// macs_executed is what a kernel executes: the multiply-adds that the virtual GPU counts, fused
// ones lane by lane and those of tensor instructions, are the same number.
#include <gtest/gtest.h>

#include "tests/kernels/contenders.h"
#include "tests/kernels/nasty_problems.h"
#include "tests/kernels/random_problem.h"
#include "tests/kernels/run_strategy.h"
#include "tests/kernels/virtual_counters.h"

namespace tconv {
namespace {

class CountsTest : public testing::TestWithParam<Contender> {
 protected:
  void SetUp() override {
    if (!counters_.exist()) GTEST_SKIP() << "counts need the virtual GPU";
  }

  void expect_counted(const Problem& p) {
    const Strategy* const strategy = GetParam().strategy;
    const Config& config = GetParam().config;
    if (GetParam().skips(p)) return;
    const Case c(strategy->op, p, DataMode::int_exact, 1, config);
    counters_.reset();
    ASSERT_EQ(run_strategy(*strategy, c).failure, "") << p.str();
    EXPECT_EQ(counters_.total("smsp__sass_thread_inst_executed_op_ffma_pred_on.sum") +
                  counters_.total("ptx__tensor_macs"),
              strategy->macs_executed(p, config))
        << p.str();
  }

 private:
  VirtualCounters counters_;
};

TEST_P(CountsTest, MacsExecutedOfNastyProblems) {
  for (const NastyProblem& n : kNastyProblems) expect_counted(Problem::parse(n.descriptor));
}

TEST_P(CountsTest, MacsExecutedOfRandomProblems) {
  RandomProblems random(5);
  for (int i = 0; i < 30; ++i) expect_counted(random.next());
}

INSTANTIATE_TEST_SUITE_P(All, CountsTest, testing::ValuesIn(contenders()),
                         [](const auto& row) { return row.param.name(); });

}  // namespace
}  // namespace tconv
