#include "bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace tconv::bench {
namespace {

double coefficient_of_variation(std::span<const double> samples) {
  if (samples.size() < 2) return 0;
  const double n = static_cast<double>(samples.size());
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / n;
  double squares = 0;
  for (double sample : samples) squares += (sample - mean) * (sample - mean);
  return mean == 0 ? 0 : std::sqrt(squares / (n - 1)) / mean;
}

}  // namespace

double quantile(std::span<const double> sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::optional<std::pair<double, double>> median_ci95(std::span<const double> sorted) {
  const auto n = static_cast<double>(sorted.size());
  size_t rank = 0;
  double tail = 0;
  while (rank < sorted.size()) {
    // Through logarithms, because 2^-n alone underflows beyond 1074 samples.
    const auto k = static_cast<double>(rank);
    const double log_choose = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
    tail += std::exp(log_choose - n * std::log(2.0));
    if (tail > 0.025) break;
    ++rank;
  }
  if (rank == 0) return std::nullopt;
  return std::pair{sorted[rank - 1], sorted[sorted.size() - rank]};
}

Summary summarise(std::vector<double> samples, int64_t discarded, std::string stop_reason) {
  if (samples.empty()) throw std::invalid_argument("summarise: no samples");
  std::vector<double> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  Summary summary;
  summary.discarded = discarded;
  summary.min = sorted.front();
  summary.median = quantile(sorted, 0.5);
  summary.p05 = quantile(sorted, 0.05);
  summary.p95 = quantile(sorted, 0.95);
  summary.cov = coefficient_of_variation(samples);
  summary.ci95 = median_ci95(sorted);
  summary.stop_reason = std::move(stop_reason);
  summary.samples = std::move(samples);
  return summary;
}

}  // namespace tconv::bench
