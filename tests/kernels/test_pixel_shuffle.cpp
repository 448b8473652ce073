// Random problems seldom have a sub-pixel convolution: here they are bent until they do.
#include <gtest/gtest.h>

#include "reference/alternatives.h"
#include "tests/kernels/contenders.h"
#include "tests/kernels/random_problem.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

/// Kernel a multiple of the stride, no dilation, `stride` times as large an output.
Problem bent(Problem p) {
  for (int axis = 3 - p.rank; axis < 3; ++axis) {
    Axis& a = p.axes[static_cast<size_t>(axis)];
    a.dilation = 1;
    a.kernel = a.stride * (1 + a.kernel % 3);
    a.out = a.in * a.stride;
    a.crop_lo = (a.kernel - a.stride) / 2;
  }
  p.validate();
  return p;
}

TEST(PixelShuffle, IsRightOnRandomProblemsInEveryConfiguration) {
  int runs = 0;
  for (const Contender& c : contenders()) {
    if (c.strategy->op != Op::pixel_shuffle) continue;
    RandomProblems random(11, 50'000);
    for (int i = 0; i < 40; ++i) {
      const Problem p = bent(random.next());
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
