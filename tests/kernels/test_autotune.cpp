// How candidates are timed: the protocol, which the virtual GPU can follow too. What it returns
// there is not a time.
#include <stdexcept>

#include <gtest/gtest.h>

#include "kernels/vendor/autotune.h"

namespace tconv {
namespace {

TEST(EventTimer, RunsEachCandidateAFixedNumberOfTimes) {
  EventTimer timer(nullptr);
  int launches = 0;
  EXPECT_GE(timer.median_us([&] { ++launches; }), 0.0);
  EXPECT_EQ(launches, EventTimer::kWarmups + EventTimer::kSamples);
}

TEST(EventTimer, StaysUsableAfterACandidateThatCannotRun) {
  EventTimer timer(nullptr);
  EXPECT_THROW(timer.median_us([] { throw std::runtime_error("refused"); }), std::runtime_error);
  int launches = 0;
  timer.median_us([&] { ++launches; });
  EXPECT_EQ(launches, EventTimer::kWarmups + EventTimer::kSamples);
}

}  // namespace
}  // namespace tconv
