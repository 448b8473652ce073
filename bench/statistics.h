// Order statistics of a series of samples. Nothing here assumes a distribution.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tconv::bench {

/// Summary of one measured series; every value in the unit of the samples.
struct Summary {
  int64_t discarded = 0;  ///< warm-up runs that are not among the samples
  double min = 0;
  double median = 0;
  double p05 = 0;
  double p95 = 0;
  double cov = 0;  ///< standard deviation / mean; 0 for fewer than 2 samples
  std::optional<std::pair<double, double>> ci95;  ///< of the median; empty below 6 samples
  std::string stop_reason;
  std::vector<double> samples;  ///< in the order measured
};

/// The p-quantile, 0 <= p <= 1, interpolated linearly between order statistics. `sorted` is
/// ascending and not empty.
double quantile(std::span<const double> sorted, double p);

/// Interval between two order statistics that holds the median with at least 95 % probability,
/// whatever the distribution: ranks k and n+1-k with the largest k for which P(Binomial(n, 1/2) <
/// k) <= 2.5 % (the sign test's interval). Empty if n < 6.
std::optional<std::pair<double, double>> median_ci95(std::span<const double> sorted);

/// Throws std::invalid_argument if there is no sample.
Summary summarise(std::vector<double> samples, int64_t discarded, std::string stop_reason);

}  // namespace tconv::bench
