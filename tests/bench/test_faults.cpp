// What can go wrong around a row goes wrong, call by call: that row is an ERROR with a reason, the
// others pass, nothing leaks. And the process is killed at any moment: the results file stays
// valid, and --resume goes on from it.
#include <chrono>
#include <csignal>
#include <random>
#include <set>
#include <thread>
#include <unistd.h>

#include "tests/bench/fault_runs.h"

namespace tconv::bench {
namespace {

/// A strategy with nothing but a launch, one that prepares, one with a workspace.
constexpr const char* kRows =
    " --problem=mb1ic4oc4ih4kh3sh2ph1 --strategy='^(gather|gemm_col2im|polyphase)$' --verify-only ";
constexpr size_t kRowCount = 3;

class Faults : public testing::TestWithParam<const char*>, protected FaultRuns {};

TEST_P(Faults, CostTheirRowAndNothingElse) {
  expect_each_fault_costs_one_row(GetParam(), kRows, kRowCount);
}

INSTANTIATE_TEST_SUITE_P(Calls, Faults, testing::Values("malloc", "launch", "memcpy"),
                         [](const auto& row) { return std::string(row.param); });

using Resume = Faults;

TEST_F(Resume, RunsAgainWhatAFaultCost) {
  run_program(kRows + ("--out=" + file_), std::string(kLeaksShow) + "PTXVM_FAIL=launch:2");
  ASSERT_EQ(count(rows(), "ERROR"), 1);
  const Outcome outcome = run_program(kRows + ("--resume --out=" + file_), kLeaksShow);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(count(rows(), "PASSED"), 3);
  size_t kept = 0;
  for (size_t at = 0; (at = outcome.err.find("(kept)", at)) != std::string::npos; ++at) ++kept;
  EXPECT_EQ(kept, 2u) << outcome.err;
}

/// Starts the program; the caller kills or waits.
pid_t start(const std::string& arguments) {
  const pid_t child = fork();
  if (child != 0) return child;
  const std::string command =
      std::string("exec env ") + kLeaksShow + TCONV_BENCH + ' ' + arguments + " >/dev/null 2>&1";
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  _exit(127);
}

TEST_F(Resume, GoesOnFromAnyMomentOfDeath) {
  std::string arguments =
      "--strategy='^(gather|gemm_col2im|polyphase|scatter_atomic)$' "
      "--verify-only --resume --out=" +
      file_;
  constexpr int kProblems = 12;
  constexpr size_t kAll = 4 * kProblems;
  for (int i = 1; i <= kProblems; ++i)
    arguments += " --problem=mb1ic8oc9kh3sh2ph1ih" + std::to_string(7 + i);
  std::mt19937 random(1);
  size_t before = 0, deaths_midway = 0;
  for (int round = 0; round < 12; ++round) {
    const pid_t child = start(arguments);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 150));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const Json results = rows();
    EXPECT_GE(results.size(), before) << "rows were lost";
    EXPECT_EQ(count(results, "PASSED"), static_cast<int64_t>(results.size()));
    deaths_midway += results.size() > before && results.size() < kAll ? 1 : 0;
    before = results.size();
  }
  EXPECT_GT(deaths_midway, 0u) << "always dead too early or too late to tell";
  const Outcome outcome = run_program(arguments, kLeaksShow);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const Json results = rows();
  EXPECT_EQ(results.size(), kAll);
  std::set<std::string> names;
  for (const Json& row : results)
    names.insert(row["strategy"].get<std::string>() + row["problem"].get<std::string>());
  EXPECT_EQ(names.size(), kAll) << "each row once";
}

}  // namespace
}  // namespace tconv::bench
