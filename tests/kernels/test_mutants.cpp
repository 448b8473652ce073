// The net catches fish: a kernel passes as it is, and fails with any of the planted faults, by a
// mismatch or by a device error.
#include <dlfcn.h>
#include <string>

#include <gtest/gtest.h>

#include "tests/kernels/mutant.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

std::string failure_of(Mutation mutation, DataMode mode) {
  const Problem p = Problem::parse("mb2_ic5oc3_ih6iw7_kh4kw4_sh2sw2_ph1pw1");
  return run_strategy(mutant(mutation), Case(Op::fprop, p, mode, 7)).failure;
}

class MutantTest : public testing::TestWithParam<Mutation> {
 protected:
  void SetUp() override {
    if (GetParam() == Mutation::barrier_removed && dlsym(RTLD_DEFAULT, "ptxvmVersion") == nullptr) {
      GTEST_SKIP() << "a real GPU may win the race";
    }
  }

  void expect_caught(DataMode mode) {
    EXPECT_NE(failure_of(GetParam(), mode), "");
    EXPECT_EQ(failure_of(Mutation::none, mode), "") << "a fault before this one broke the device";
  }
};

TEST_P(MutantTest, IsCaughtWithIntegers) { expect_caught(DataMode::int_exact); }

TEST_P(MutantTest, IsCaughtWithRealNumbers) { expect_caught(DataMode::normal); }

INSTANTIATE_TEST_SUITE_P(All, MutantTest,
                         testing::Values(Mutation::barrier_removed, Mutation::index_shifted,
                                         Mutation::phase_dropped, Mutation::output_unwritten),
                         [](const auto& row) {
                           switch (row.param) {
                             case Mutation::barrier_removed:
                               return "barrier_removed";
                             case Mutation::index_shifted:
                               return "index_shifted";
                             case Mutation::phase_dropped:
                               return "phase_dropped";
                             default:
                               return "output_unwritten";
                           }
                         });

}  // namespace
}  // namespace tconv
