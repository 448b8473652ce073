// macs_executed is what a kernel executes: the multiply-adds that the virtual GPU counts, fused
// ones lane by lane and those of tensor instructions, are the same number.
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <string_view>

#include <gtest/gtest.h>

#include "reference/cudart/ptxvm_api.h"
#include "tests/kernels/contenders.h"
#include "tests/kernels/nasty_problems.h"
#include "tests/kernels/random_problem.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

/// The sum of a counter over all launches in the text of ptxvmCountersJson.
int64_t total(std::string_view json, std::string_view counter) {
  int64_t sum = 0;
  for (size_t at = json.find(counter); at != json.npos; at = json.find(counter, at)) {
    at = json.find(':', at) + 1;
    sum += std::strtoll(json.data() + at, nullptr, 10);
  }
  return sum;
}

class CountsTest : public testing::TestWithParam<Contender> {
 protected:
  // Found at run time: a real GPU's runtime has no such functions.
  void SetUp() override {
    reset_ =
        reinterpret_cast<decltype(&ptxvmCountersReset)>(dlsym(RTLD_DEFAULT, "ptxvmCountersReset"));
    json_ =
        reinterpret_cast<decltype(&ptxvmCountersJson)>(dlsym(RTLD_DEFAULT, "ptxvmCountersJson"));
    if (reset_ == nullptr || json_ == nullptr) GTEST_SKIP() << "counts need the virtual GPU";
  }

  void expect_counted(const Problem& p) {
    const auto& [strategy, config, picky] = GetParam();
    if (GetParam().skips(p)) return;
    const Case c(strategy->op, p, DataMode::int_exact, 1, config);
    reset_();
    ASSERT_EQ(run_strategy(*strategy, c).failure, "") << p.str();
    const std::string_view counters = json_();
    EXPECT_EQ(total(counters, "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum") +
                  total(counters, "\"ptx__tensor_macs\""),
              strategy->macs_executed(p, config))
        << p.str();
  }

 private:
  decltype(&ptxvmCountersReset) reset_ = nullptr;
  decltype(&ptxvmCountersJson) json_ = nullptr;
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
