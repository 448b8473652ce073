// tconv_inspect: sizes, phases, coverage, alignment, work and filter of a layer. Runs no kernel.
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/inspect/cli.h"
#include "bench/inspect/json.h"
#include "bench/inspect/text.h"
#ifdef TCONV_INSPECT_STRATEGIES
#include "kernels/strategy.h"
#endif

namespace tconv::inspect {
namespace {

/// What each strategy of this build executes in f32 and nchw, which all of them know. Nothing in a
/// host-only build.
std::vector<StrategyWork> strategy_work([[maybe_unused]] const Problem& problem) {
  std::vector<StrategyWork> work;
#ifdef TCONV_INSPECT_STRATEGIES
  for (const Strategy& strategy : strategies()) {
    if (strategy.op != Op::fprop || !strategy.supports(problem, {}).empty()) continue;
    const int64_t macs = strategy.macs_executed(problem, {});
    if (macs >= 0) work.push_back({strategy.name, macs});
  }
#endif
  return work;
}

void write(const std::filesystem::path& path, const std::string& text) {
  if (path.empty()) {
    fmt::print("{}", text);
    return;
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw UsageError(one_line(fmt::format("--out: cannot write {}", path.string())));
}

void run(const Options& options) {
  if (options.help) return write({}, help_text());
  Question question = options.question;
  question.strategies = strategy_work;
  std::vector<Report> reports;
  for (const Problem& problem : options.problems) {
    try {
      reports.push_back(inspect(problem, question));
    } catch (const ProblemError& error) {
      throw UsageError(one_line(fmt::format("{}: {}", problem.label(), error.what())));
    }
  }
  write(options.out, options.format == Format::json ? to_json(reports) : to_text(reports));
}

}  // namespace
}  // namespace tconv::inspect

int main(int argc, char** argv) {
  namespace ti = tconv::inspect;
  constexpr int kFailed = 1;
  constexpr int kCannotRun = 2;
  try {
    ti::run(ti::parse_options(argc, argv));
    return 0;
  } catch (const tconv::UsageError& error) {
    fmt::print(stderr, "tconv_inspect: {}\n", error.what());
    return kCannotRun;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tconv_inspect: {}\n", error.what());
    return kFailed;
  }
}
