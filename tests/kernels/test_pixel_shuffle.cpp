// Every configuration on random problems that have a sub-pixel convolution.
#include <gtest/gtest.h>

#include "tests/kernels/contenders.h"
#include "tests/kernels/random_problem.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

TEST(PixelShuffle, IsRightOnRandomProblemsInEveryConfiguration) {
  int runs = 0;
  for (const Contender& c : contenders()) {
    if (c.strategy->op != Op::pixel_shuffle) continue;
    RandomProblems random(11, 50'000);
    for (int i = 0; i < 40; ++i) {
      const Problem p = random.next_sub_pixel();
      const DataMode mode = i % 2 == 0 ? DataMode::int_exact : DataMode::normal;
      const Case one(Op::pixel_shuffle, p, mode, static_cast<uint64_t>(i), c.config);
      EXPECT_EQ(run_strategy(*c.strategy, one).failure, "") << c.name() << ' ' << p.str();
      ++runs;
    }
  }
  EXPECT_EQ(runs, 2 * 6 * 40);
}

}  // namespace
}  // namespace tconv
