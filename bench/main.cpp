// tconv_bench: checks every selected strategy on every selected layer, then measures it on a GPU or
// counts on the virtual GPU.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/cli.h"
#include "bench/context.h"
#include "bench/reporter.h"
#include "bench/repro.h"
#include "bench/results.h"
#include "bench/selection.h"
#include "bench/session.h"
#include "bench/support_matrix.h"
#include "kernels/detail/unfused.h"

namespace tconv::bench {
namespace {

void print_help() {
  fmt::print("{}\nGoogle Benchmark's flags\n", help_text());
  benchmark::PrintDefaultHelp();
}

RunOptions run_options(const Options& options, const Backend& backend, const std::string& program) {
  RunOptions run;
  run.check_data = options.data.value_or(DataMode::int_exact);
  run.measure_data = options.data.value_or(DataMode::normal);
  run.seed = options.seed;
  run.verify_only = options.verify_only;
  run.dump = options.dump;
  run.repro = [=](const Row& row) { return repro_command(program, row, options, backend); };
  // The virtual GPU checks every access against the allocation itself; a band would only hide reads
  // beyond the end.
  if (backend.is_virtual) run.guard_bytes = 0;
  return run;
}

int profile(const Options& options, const std::vector<Row>& rows, const Backend& backend,
            RowRunner& runner, const std::string& program) {
  if (rows.size() != 1) {
    throw UsageError(
        fmt::format("--profile: brackets exactly one launch, but {} rows are selected; narrow with "
                    "--problem and --strategy",
                    rows.size()));
  }
  const Row& row = rows.front();
  const std::string refusal = tconv::refusal(*row.strategy, row.problem, row.config);
  if (!refusal.empty()) throw UsageError(fmt::format("--profile: {}: {}", row.name(), refusal));
  fmt::print("{}", profiler_commands(program, row, options, backend));
  std::fflush(stdout);
  runner.profile(row);
  return 0;
}

/// --benchmark_list_tests needs names only, hence no device.
void list_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows)
    benchmark::RegisterBenchmark(row.name().c_str(), [](benchmark::State&) {});
  benchmark::RunSpecifiedBenchmarks();
}

/// Runs what Google Benchmark's filter leaves of the rows. `own_table`: ours; else
/// --benchmark_format asked for another.
void run_rows(const std::vector<Row>& rows, Session& session, bool is_virtual, bool own_table) {
  if (rows.empty()) return;
  register_rows(rows, session, is_virtual);
  TableReporter table(session, Table(rows, is_virtual));
  if (benchmark::RunSpecifiedBenchmarks(own_table ? &table : nullptr) == 0) {
    throw UsageError(
        fmt::format("nothing to run: --benchmark_filter={} matches none of {} rows, such as {}",
                    benchmark::GetBenchmarkFilter(), rows.size(), rows.front().name()));
  }
}

/// Whether one of Google Benchmark's flags is given: it keeps what it parsed to itself.
bool asks_for(const std::vector<std::string>& words, std::string_view flag) {
  const std::string off = fmt::format("{}=false", flag);
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word.rfind(flag, 0) == 0 && word != off;
  });
}

bool asks_for_machine_format(const std::vector<std::string>& words) {
  return asks_for(words, "--benchmark_format=json") || asks_for(words, "--benchmark_format=csv");
}

/// Needs a device: some strategies ask it what it can do.
int print_support(const Options& options) {
  require_device(find_backend());
  const std::vector<SupportCell> cells = support_matrix(strategies());
  if (options.out.empty()) {
    fmt::print("{}", support_table(cells));
    return 0;
  }
  std::ofstream file(options.out);
  file << to_json(cells).dump(1) << '\n';
  file.close();
  if (!file) throw ResultsError(fmt::format("cannot write {}", options.out.string()));
  return 0;
}

int run(const Options& options, const std::vector<std::string>& argv) {
  const std::vector<Strategy>& contenders =
      options.has_epilogue() ? detail::strategies_and_unfused() : strategies();
  if (options.list) {
    fmt::print("{}", strategy_table(contenders));
    return 0;
  }
  if (options.list_problems) {
    fmt::print("{}", problem_table(options.problems));
    return 0;
  }
  if (options.support_matrix) return print_support(options);
  const std::vector<Row> rows = select_rows(options, contenders);
  if (asks_for(argv, "--benchmark_list_tests")) {
    list_rows(rows);
    return 0;
  }
  const Backend backend = find_backend();
  // Read when the virtual device is first used. Whoever set it knows better.
  if (backend.is_virtual && options.model && !options.verify_only)
    ::setenv("PTXVM_MODEL", "cache", /*overwrite=*/0);
  require_device(backend);
  const DeviceProfile& gpu = choose_profile(options.device_profile);
  RowRunner runner(backend, gpu, run_options(options, backend, argv.front()));
  if (options.profile) return profile(options, rows, backend, runner, argv.front());

  ResultsFile results(options.out, describe_run(backend, options, gpu, argv));
  if (options.resume) results.resume();
  results.write();  // now, so that a path that cannot be written shows before hours of work
  Session session(runner, results, rows.size());
  std::vector<Row> pending;
  for (const Row& row : rows) {
    if (options.resume && results.has(row)) {
      session.keep(row);
    } else {
      pending.push_back(row);
    }
  }
  const bool machine_format = asks_for_machine_format(argv);
  run_rows(pending, session, backend.is_virtual, !machine_format);
  fmt::print(machine_format ? stderr : stdout, "{}\n", session.summary());
  return session.exit_status();
}

}  // namespace
}  // namespace tconv::bench

int main(int argc, char** argv) {
  namespace tb = tconv::bench;
  constexpr int kFailed = 1;
  constexpr int kCannotRun = 2;
  const auto report = [](const std::exception& error, int status) {
    fmt::print(stderr, "tconv_bench: {}\n", error.what());
    return status;
  };
  const std::vector<std::string> words(argv, argv + argc);
  if (std::find(words.begin(), words.end(), "-h") != words.end()) {
    tb::print_help();
    return 0;
  }
  benchmark::Initialize(&argc, argv, tb::print_help);
  try {
    return tb::run(tb::parse_options(argc, argv), words);
  } catch (const tconv::UsageError& error) {
    return report(error, kCannotRun);
  } catch (const tb::NoDevice& error) {
    return report(error, kCannotRun);
  } catch (const tb::ResultsError& error) {
    return report(error, kCannotRun);
  } catch (const std::exception& error) {
    return report(error, kFailed);
  }
}
