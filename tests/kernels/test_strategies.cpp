// Every strategy on every nasty problem, against the oracle: to the bit with integers, within the
// bound with real numbers.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/detail/unfused.h"
#include "reference/alternatives.h"
#include "tests/kernels/contenders.h"
#include "tests/kernels/nasty_problems.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

/// Channels that do not fill a tile, groups, gaps that are bias only, every rank.
constexpr const char* kEpilogueProblems[] = {
    "g3mb2_ic9oc15_ih5iw4_kh4kw4_sh2sw2_ph1pw1", "mb2_ic3oc5_ih4iw3_kh2kw1_sh5sw4",
    "mb1_ic20oc70_iw9_kw3_sw2_pw1", "mb1_ic4oc6_id2ih3iw3_kd2kh3kw2_sd2sh2sw2"};

class StrategyTest : public testing::TestWithParam<Contender> {
 protected:
  const Strategy& strategy() const { return *GetParam().strategy; }

  void expect_right(const char* descriptor, DataMode mode, uint64_t seed, int64_t misalign = 0) {
    const Problem p = Problem::parse(descriptor);
    if (GetParam().skips(p)) return;
    const Case c(strategy().op, p, mode, seed, GetParam().config);
    EXPECT_EQ(run_strategy(strategy(), c, misalign).failure, "") << descriptor;
  }
};

TEST_P(StrategyTest, IntegersMatchToTheBit) {
  for (const NastyProblem& n : kNastyProblems) {
    SCOPED_TRACE(n.why);
    expect_right(n.descriptor, DataMode::int_exact, 1);
  }
}

TEST_P(StrategyTest, RealNumbersStayWithinTheBound) {
  for (const NastyProblem& n : kNastyProblems) {
    SCOPED_TRACE(n.why);
    expect_right(n.descriptor, DataMode::normal, 2);
  }
}

// Tighter than the bound, which leaves room for rounding inputs: these are numbers of the type
// already. A sum that is rounded each time something is added to it does not pass.
TEST_P(StrategyTest, NarrowSumsAreRoundedOnce) {
  const Config& config = GetParam().config;
  if (config.dtype != DType::f16 && config.dtype != DType::bf16) return;
  const Problem p = Problem::parse("mb2_ic3oc6_ih18iw17_kh5kw5_ph2pw2");
  if (GetParam().skips(p)) return;
  const Case c(strategy().op, p, DataMode::normal, 8, config);
  const auto run = run_strategy(strategy(), c);
  ASSERT_EQ(run.failure, "");
  const double once = unit_roundoff(config.dtype);
  for (size_t i = 0; i < run.output.size(); ++i) {
    const double sum = static_cast<double>(c.want.terms[i] + 1) * 0x1p-23 * c.want.magnitude[i];
    ASSERT_NEAR(run.output[i], c.want.value[i], once * std::abs(c.want.value[i]) + sum + 0x1p-25);
  }
}

TEST_P(StrategyTest, FusesItsEpiloguesRight) {
  for (const Epilogue epilogue :
       {Epilogue::bias, Epilogue::bias_relu, Epilogue::bias_leaky_relu, Epilogue::bias_tanh}) {
    for (const DataMode mode : {DataMode::int_exact, DataMode::normal}) {
      for (const char* descriptor : kEpilogueProblems) {
        const Problem p = Problem::parse(descriptor);
        Config config = GetParam().config;
        config.epilogue = epilogue;
        if (!refusal(strategy(), p, config).empty()) {  // left to its unfused twin
          EXPECT_NE(GetParam().fuses, Fuses::always) << to_string(epilogue) << ' ' << descriptor;
          continue;
        }
        const Case c(strategy().op, p, mode, 6, config);
        EXPECT_EQ(run_strategy(strategy(), c).failure, "")
            << to_string(epilogue) << ' ' << descriptor;
      }
    }
  }
}

TEST_P(StrategyTest, LeavesEpiloguesToItsUnfusedTwin) {
  if (strategy().op != Op::fprop) return;
  const Strategy twin = detail::unfused(strategy());
  Config config = GetParam().config;
  config.epilogue = Epilogue::bias_relu;
  const Problem p = Problem::parse(kEpilogueProblems[0]);
  if (GetParam().skips(p)) return;
  for (const DataMode mode : {DataMode::int_exact, DataMode::normal})
    EXPECT_EQ(run_strategy(twin, Case(Op::fprop, p, mode, 7, config)).failure, "");
}

TEST_P(StrategyTest, TensorsNeedNoAlignmentBeyondTheirType) {
  expect_right("mb1_ic16oc64_ih8iw8_kh4kw4_sh2sw2_ph1pw1", DataMode::int_exact, 3, 1);
  expect_right("g2mb2_ic8oc16_ih4iw4_kh2kw2_sh2sw2", DataMode::int_exact, 3, 1);
}

TEST_P(StrategyTest, TwoRunsAgreeToTheBitWhereItSaysSo) {
  for (const NastyProblem& n : kNastyProblems) {
    const Problem p = Problem::parse(n.descriptor);
    if (GetParam().skips(p) || !strategy().deterministic(p, GetParam().config)) continue;
    const Case c(strategy().op, p, DataMode::uniform, 4, GetParam().config);
    EXPECT_EQ(run_strategy(strategy(), c).output, run_strategy(strategy(), c).output) << n.why;
  }
}

TEST_P(StrategyTest, NeverExecutesFewerMacsThanNeeded) {
  for (const NastyProblem& n : kNastyProblems) {
    const Problem p = Problem::parse(n.descriptor);
    if (GetParam().skips(p)) continue;
    EXPECT_GE(strategy().macs_executed(p, GetParam().config), macs_needed(strategy().op, p))
        << n.why;
  }
}

TEST_P(StrategyTest, ABatchBeyondTheGridsOtherAxes) {
  // 65535 is where gridDim.y and z end.
  expect_right("mb65537_ic1oc1_iw1_kw2_sw2", DataMode::int_exact, 5);
}

INSTANTIATE_TEST_SUITE_P(All, StrategyTest, testing::ValuesIn(contenders()),
                         [](const auto& row) { return row.param.name(); });

// What operator.md and the issue promise of scatter_atomic: plain stores, so determinism, where
// inputs do not overlap.
TEST(ScatterAtomic, DeterministicExactlyWhereNothingOverlaps) {
  const std::vector<std::pair<const char*, bool>> rows = {
      {"mb1_ic2oc2_ih4iw4_kh2kw2_sh2sw2", true},   // k = s
      {"mb1_ic2oc2_ih4iw4_kh2kw2_sh3sw3", true},   // k < s
      {"mb1_ic2oc2_ih4iw4_kh3kw3_sh2sw2", false},  // k > s
      {"mb1_ic2oc2_ih4iw4_kh2kw3_sh2sw2", false},  // on one axis
      {"mb1_ic2oc2_ih1iw1_kh4kw4", true},          // one input pixel
      {"mb1_ic2oc2_iw8_kw2_sw2_dw2", true},  // dilated by 3, two taps, stride 2: residues differ
      {"mb1_ic2oc2_iw8_kw2_sw2_dw1",
       false},  // dilated by 2: tap 1 of one input is tap 0 of the next
      {"mb1_ic2oc2_iw2_kw2_sw1_dw1", true},  // the same, but the inputs end before they meet
  };
  for (const Strategy* s : own_strategies()) {
    if (s->name != "scatter_atomic") continue;
    for (const auto& [descriptor, deterministic] : rows) {
      EXPECT_EQ(s->deterministic(Problem::parse(descriptor), {}), deterministic) << descriptor;
    }
  }
}

// A stride of thousands would make the launches all there is to see.
TEST(PolyphaseMulti, RefusesOnlyLaunchesWithoutEnd) {
  for (const Strategy* s : own_strategies()) {
    if (s->name != "polyphase_multi") continue;
    EXPECT_EQ(s->supports(Problem::parse("mb1_ic1oc1_id2ih2iw2_kd1kh1kw1_sd16sh16sw16"), {}), "");
    EXPECT_EQ(s->supports(Problem::parse("mb1_ic1oc1_iw2_kw1_sw4097"), {}),
              "needs 4097 launches, one per phase: takes at most 4096");
  }
}

// Likewise of the weight gradients: atomics only where the sum is cut into parts of 256 inputs.
TEST(WgradAtomic, DeterministicExactlyWithOnePart) {
  const std::vector<std::pair<const char*, bool>> rows = {
      {"mb0_ic2oc2_ih4iw4_kh2kw2_sh2sw2", true},    // nothing to add
      {"mb1_ic2oc2_ih16iw16_kh2kw2_sh2sw2", true},  // 256 inputs
      {"mb1_ic2oc2_ih1iw257_kh2kw2_sh2sw2", false},
      {"mb2_ic2oc2_ih16iw16_kh2kw2_sh2sw2", false},
  };
  for (const Strategy* s : own_strategies()) {
    if (s->op != Op::wgrad) continue;
    for (const auto& [descriptor, one_part] : rows) {
      EXPECT_EQ(s->deterministic(Problem::parse(descriptor), {}),
                one_part || s->name != "wgrad_atomic")
          << s->name << ' ' << descriptor;
    }
  }
}

}  // namespace
}  // namespace tconv
