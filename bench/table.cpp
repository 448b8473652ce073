#include "bench/table.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "bench/counters.h"

namespace tconv::bench {
namespace {

constexpr size_t kStatusWidth = 10;  // MISTRUSTED
constexpr size_t kMaxLayerWidth = 40;

std::string cut(const std::string& text, size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 2) + "..";
}

bool same_config(const Row& a, const Row& b) {
  const auto key = [](const Row& r) {
    return std::tuple(r.strategy->op, r.config.dtype, r.config.layout, r.config.epilogue);
  };
  return key(a) == key(b);
}

/// Executed over needed multiply-adds: 1.00 wastes nothing.
std::string waste(const std::optional<Work>& work) {
  if (!work || work->macs_executed < 0 || work->flops_needed == 0) return "-";
  return fmt::format("{:.2f}", 2.0 * static_cast<double>(work->macs_executed) /
                                   static_cast<double>(work->flops_needed));
}

std::string count_columns(const RowResult& result) {
  const CounterMap& c = *result.counters;
  return fmt::format("{:>9} {:>10} {:>10} {:>10}", waste(result.work), short_count(sectors(c)),
                     short_count(wavefronts(c)), short_count(atomics(c)));
}

std::string time_columns(const RowResult& result) {
  const Times& t = *result.time;
  if (!t.cold || !t.hot) return {};
  std::string spread = "-";
  if (t.cold->ci95) {
    spread =
        fmt::format("{:.1f}", 50 * (t.cold->ci95->second - t.cold->ci95->first) / t.cold->median);
  }
  const double gflops = static_cast<double>(result.work->flops_needed) / t.cold->median * 1e-3;
  return fmt::format("{:>9} {:>10.2f} {:>6} {:>10.2f} {:>9.1f}", waste(result.work), t.cold->median,
                     spread, t.hot->median, gflops);
}

}  // namespace

std::string short_count(uint64_t value) {
  static constexpr std::array<std::pair<double, char>, 3> kUnits{
      {{1e12, 'T'}, {1e9, 'G'}, {1e6, 'M'}}};
  for (const auto& [size, letter] : kUnits) {
    if (static_cast<double>(value) >= size)
      return fmt::format("{:.4g} {}", static_cast<double>(value) / size, letter);
  }
  return fmt::format("{}", value);
}

Table::Table(const std::vector<Row>& rows, bool counts) : counts_(counts) {
  for (const Row& row : rows) several_configs_ |= !same_config(row, rows.front());
  for (const Row& row : rows) {
    strategy_width_ = std::max(strategy_width_, strategy_column(row).size());
    layer_width_ = std::max(layer_width_, std::min(row.problem.label().size(), kMaxLayerWidth));
  }
}

std::string Table::strategy_column(const Row& row) const {
  if (!several_configs_) return row.strategy->name;
  return fmt::format("{}/{}/{}/{}", row.op_text(), row.strategy->name, to_string(row.config.dtype),
                     to_string(row.config.layout));
}

std::string Table::header() const {
  const std::string left = fmt::format("{:<{}} {:<{}} {:<{}} ", "status", kStatusWidth, "strategy",
                                       strategy_width_, "layer", layer_width_);
  if (counts_)
    return left + fmt::format("{:>9} {:>10} {:>10} {:>10}\n", "exec/need", "sectors", "wavefronts",
                              "atomics");
  return left + fmt::format("{:>9} {:>10} {:>6} {:>10} {:>9}\n", "exec/need", "cold us", "+-%",
                            "hot us", "GFLOP/s");
}

std::string Table::line(const RowResult& result) {
  std::string text = fmt::format("{:<{}} {:<{}} {:<{}} ", to_string(result.status), kStatusWidth,
                                 strategy_column(result.row), strategy_width_,
                                 cut(result.row.problem.label(), layer_width_), layer_width_);
  const bool repeated =
      result.status == Status::skipped && !skip_reasons_.insert(result.reason).second;
  if (!result.reason.empty()) {
    text += repeated ? "as above" : result.reason;
  } else if (result.counters) {
    text += count_columns(result);
  } else if (result.time) {
    text += time_columns(result);
  } else {
    text += fmt::format("{:>9}", waste(result.work));
  }
  return text + '\n';
}

}  // namespace tconv::bench
