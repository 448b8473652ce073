#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "bench/statistics.h"

namespace tconv::bench {
namespace {

std::vector<double> one_to(int n) {
  std::vector<double> values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> sorted{10, 20, 30, 40};
  EXPECT_DOUBLE_EQ(quantile(sorted, 0), 10);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.5), 25);
  EXPECT_DOUBLE_EQ(quantile(sorted, 1), 40);
  EXPECT_DOUBLE_EQ(quantile(sorted, 0.05), 11.5);  // 0.05 * 3 = 0.15 of the way from 10 to 20
}

// Ranks from the table of distribution-free 95 % intervals for a median that textbooks print (sign
// test): n = 6: 1 and 6; 10: 2 and 9; 20: 6 and 15; 50: 18 and 33; 100: 40 and 61.
TEST(MedianInterval, HasTheRanksOfTheSignTest) {
  const std::vector<std::array<int, 3>> table{
      {6, 1, 6}, {10, 2, 9}, {20, 6, 15}, {50, 18, 33}, {100, 40, 61}};
  for (const auto& [n, low, high] : table) {
    const auto interval = median_ci95(one_to(n));
    ASSERT_TRUE(interval) << n;
    EXPECT_EQ(interval->first, low) << n;
    EXPECT_EQ(interval->second, high) << n;
  }
}

TEST(MedianInterval, IsNotGivenBelowSixSamples) {
  EXPECT_FALSE(median_ci95(one_to(5)));
  EXPECT_FALSE(median_ci95({}));
}

TEST(MedianInterval, HoldsForThousandsOfSamples) {
  // Normal approximation of the ranks: n/2 -+ 1.96 sqrt(n)/2 = 2000 -+ 61.98.
  const auto interval = median_ci95(one_to(4000));
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->first, 2000 - 62, 2);
  EXPECT_NEAR(interval->second, 2000 + 62, 2);
}

TEST(Summary, OfAKnownSeries) {
  const Summary s = summarise({4, 2, 8, 6}, 3, "samples");
  EXPECT_EQ(s.discarded, 3);
  EXPECT_EQ(s.stop_reason, "samples");
  EXPECT_DOUBLE_EQ(s.min, 2);
  EXPECT_DOUBLE_EQ(s.median, 5);
  EXPECT_NEAR(s.cov, std::sqrt(20.0 / 3) / 5, 1e-12);  // deviations -1 -3 3 1 of mean 5
  EXPECT_EQ(s.samples, (std::vector<double>{4, 2, 8, 6}));
}

TEST(Summary, OfNothingIsRefused) { EXPECT_THROW(summarise({}, 0, "time"), std::invalid_argument); }

TEST(Summary, OfOneSampleHasNoSpread) {
  const Summary s = summarise({7}, 0, "time");
  EXPECT_DOUBLE_EQ(s.median, 7);
  EXPECT_DOUBLE_EQ(s.cov, 0);
}

}  // namespace
}  // namespace tconv::bench
