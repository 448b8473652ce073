#include "bench/selection.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernels/detail/unfused.h"

namespace tconv::bench {
namespace {

[[noreturn]] void report_nothing_selected(const Options& options,
                                          const std::vector<Strategy>& all) {
  if (options.problems.empty()) throw UsageError("nothing to run: the layer file holds no problem");
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Strategy& s : all) names.push_back(fmt::format("{}/{}", to_string(s.op), s.name));
  const std::string pattern =
      options.strategy.empty() ? "" : fmt::format(" matches --strategy='{}'", options.strategy);
  throw UsageError(fmt::format("nothing to run: no strategy of the selected ops{}; there are {}",
                               pattern,
                               names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

/// Layouts fastest: the inputs of all other fields are the same.
std::vector<Config> configs(const Options& options) {
  std::vector<Config> all;
  for (const Epilogue epilogue : options.epilogues) {
    for (const DType dtype : options.dtypes) {
      for (const Layout layout : options.layouts) all.push_back({dtype, layout, epilogue});
    }
  }
  return all;
}

}  // namespace

std::vector<Row> select_rows(const Options& options, const std::vector<Strategy>& all) {
  std::vector<Row> rows;
  for (const Problem& problem : options.problems) {
    for (const Op op : options.ops) {
      for (const Config& config : configs(options)) {
        for (const Strategy& strategy : all) {
          if (strategy.op != op || !options.selects(strategy.name)) continue;
          if (config.epilogue == Epilogue::none && detail::is_unfused(strategy)) continue;
          rows.push_back({static_cast<int>(rows.size()) + 1, &strategy, config, problem});
        }
      }
    }
  }
  if (rows.empty()) report_nothing_selected(options, all);
  return rows;
}

std::string strategy_table(const std::vector<Strategy>& all) {
  size_t width = 0, op_width = 6;
  for (const Strategy& s : all) {
    width = std::max(width, s.name.size());
    op_width = std::max(op_width, to_string(s.op).size());
  }
  std::string table;
  for (const Strategy& s : all)
    table +=
        fmt::format("{:<{}} {:<{}}  {}\n", to_string(s.op), op_width, s.name, width, s.summary);
  return table;
}

std::string problem_table(const std::vector<Problem>& problems) {
  std::string table;
  for (const Problem& p : problems) {
    const std::string name = p.name.empty() ? "" : fmt::format("n\"{}\"", p.name);
    table += fmt::format("{}{}  # {}, {:.4g} GFLOP\n", p.str(), name, p.shape_class(),
                         static_cast<double>(p.flops_needed()) * 1e-9);
  }
  return table;
}

}  // namespace tconv::bench
