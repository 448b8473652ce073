// Shrinking: a failure with a known cause comes down to exactly that cause.
#include <gtest/gtest.h>

#include "tests/kernels/fuzzer.h"
#include "tests/kernels/mutant.h"
#include "tests/kernels/shrink.h"

namespace tconv {
namespace {

/// Right, but for problems of which `spoilt` holds.
Strategy wrong_where(std::function<bool(const Problem&)> spoilt) {
  Strategy s = mutant(Mutation::none);
  const auto good = s.launch, bad = mutant(Mutation::output_unwritten).launch;
  s.launch = [=](const Call& call) { (spoilt(call.problem) ? bad : good)(call); };
  return s;
}

bool fails(const FuzzCase& c) { return FuzzRunner().run(c).outcome == Outcome::failed; }

/// The first random problem that the strategy gets wrong, shrunk.
FuzzCase find_and_shrink(const Strategy& s) {
  RandomProblems random(3);
  for (int i = 0; i < 1000; ++i) {
    FuzzCase c{&s, random.next(), {}, DataMode::normal, 40, 3};
    if (c.problem.y_size() > 0 && fails(c)) return shrink(c, fails);
  }
  ADD_FAILURE() << "never failed";
  return {&s, {}, {}};
}

TEST(Shrink, FindsTheCause) {
  const Strategy s = wrong_where(
      [](const Problem& p) { return p.groups >= 2 && p.axes[1].stride >= 3 && p.batch > 1; });
  const FuzzCase least = find_and_shrink(s);
  EXPECT_EQ(least.problem.str(), Problem::parse("g2mb2_ic2oc2_ih1iw1_kh1kw1_sh3sw1").str());
  EXPECT_EQ(least.mode, DataMode::int_exact);
  EXPECT_EQ(least.misalign, 0);
  EXPECT_EQ(least.seed, 1u);
}

TEST(Shrink, KeepsTheAxisThatMatters) {
  const Strategy s = wrong_where([](const Problem& p) {
    return p.axes[0].kernel > 2 || p.axes[1].kernel > 2 || p.axes[2].kernel > 2;
  });
  EXPECT_EQ(find_and_shrink(s).problem.str(), Problem::parse("mb1_ic1oc1_iw1_kw3").str());
}

TEST(Shrink, KeepsCropsAndOutputPadding) {
  const Strategy s = wrong_where([](const Problem& p) {
    return p.rank == 1 && p.axes[2].crop_lo >= 2 && p.axes[2].crop_hi() < 0;
  });
  // Appending one row means output padding 3, which only a stride of 4 allows, and cropping two
  // leaves something of two inputs only.
  EXPECT_EQ(find_and_shrink(s).problem.str(),
            Problem::parse("mb1_ic1oc1_iw2_ow4_kw1_sw4_pw2").str());
}

TEST(Shrink, OfAWrongKernelEndsAtOneElement) {
  EXPECT_EQ(find_and_shrink(mutant(Mutation::output_unwritten)).problem.str(),
            Problem::parse("mb1_ic1oc1_iw1_kw1").str());
}

FuzzPlan plan_for(const Strategy& s) {
  return {.strategies = {&s},
          .dtypes = {DType::f32},
          .layouts = {Layout::nchw},
          .epilogues = {Epilogue::none},
          .modes = {DataMode::int_exact, DataMode::normal},
          .problems = 30};
}

TEST(Fuzz, FindsAndShrinksEveryPlantedFault) {
  for (const Mutation m : {Mutation::barrier_removed, Mutation::index_shifted,
                           Mutation::phase_dropped, Mutation::output_unwritten}) {
    const Strategy s = mutant(m);
    Fuzzer fuzzer(plan_for(s), "tconv_fuzz", fails);
    fuzzer.run_random();
    EXPECT_TRUE(fuzzer.failed());
    ASSERT_EQ(fuzzer.simplest().size(), 1u);
    EXPECT_LE(fuzzer.simplest()[0].problem.flops_dense_output(), 4)
        << fuzzer.simplest()[0].problem.str();
  }
}

TEST(Fuzz, PassesWhatIsRight) {
  const Strategy s = mutant(Mutation::none);
  Fuzzer fuzzer(plan_for(s), "tconv_fuzz", fails);
  fuzzer.run_random();
  EXPECT_FALSE(fuzzer.failed());
  EXPECT_NE(fuzzer.summary().find("seed 1: 30 problems, 1 strategies, "), std::string::npos)
      << fuzzer.summary();
}

TEST(Fuzz, SkippingProblemsChangesNoneOfTheOthers) {
  const Strategy s = wrong_where([](const Problem& p) { return p.batch == 3; });
  FuzzPlan plan = plan_for(s);
  plan.problems = 12;
  Fuzzer whole(plan, "tconv_fuzz", [](const FuzzCase&) { return false; });
  testing::internal::CaptureStdout();
  whole.run_random();
  const std::string all = testing::internal::GetCapturedStdout();
  plan.skip = 6;
  Fuzzer rest(plan, "tconv_fuzz", [](const FuzzCase&) { return false; });
  testing::internal::CaptureStdout();
  rest.run_random();
  std::string tail = testing::internal::GetCapturedStdout();
  tail = tail.substr(tail.rfind("FAILED"));
  EXPECT_NE(all.find(tail.substr(0, tail.find("  simplest"))), std::string::npos) << all << tail;
}

TEST(Fuzz, SaysHowToRunACaseAgain) {
  const Strategy s = mutant(Mutation::none);
  const FuzzCase c{&s, Problem::parse("mb1_ic1oc1_iw1_kw3"), {}, DataMode::normal, 7, 2};
  EXPECT_EQ(arguments_of(c), "--problem='" + c.problem.str() +
                                 "' --ops=fprop --strategy='^mutant$' --dtypes=f32 --layouts=nchw "
                                 "--epilogues=none --mode=real --seed=7 --misalign=2");
}

}  // namespace
}  // namespace tconv
