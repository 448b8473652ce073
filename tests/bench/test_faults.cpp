// What can go wrong around a row goes wrong, call by call: that row is an ERROR with a reason, the
// others pass, nothing leaks. And the process is killed at any moment: the results file stays
// valid, and --resume goes on from it.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/bench/run_program.h"

namespace tconv::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A strategy with nothing but a launch, one that prepares, one with a workspace.
constexpr const char* kRows =
    " --problem=mb1ic4oc4ih4kh3sh2ph1 --strategy='^(gather|gemm_col2im|polyphase)$' --verify-only ";
constexpr size_t kRowCount = 3;
constexpr const char* kEnvironment = "LD_LIBRARY_PATH=" TCONV_VIRTUAL " PTXVM_CHECK=leak ";

class Faults : public testing::TestWithParam<const char*> {
 protected:
  Faults() { fs::remove_all(folder_), fs::create_directories(folder_); }
  ~Faults() override { fs::remove_all(folder_); }

  /// Empty if there is no file yet.
  Json rows() const {
    std::ifstream stream(file_);
    if (!stream) return Json::array();
    const Json document = Json::parse(stream, nullptr, /*allow_exceptions=*/false);
    EXPECT_FALSE(document.is_discarded()) << "no valid JSON";
    return document.is_discarded() ? Json::array() : document["results"];
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) / ("tconv_faults_" + std::to_string(getpid()));
  const std::string file_ = folder_ / "run.json";
};

int64_t count(const Json& rows, const char* status) {
  return std::count_if(rows.begin(), rows.end(),
                       [&](const Json& row) { return row["status"] == status; });
}

TEST_P(Faults, CostTheirRowAndNothingElse) {
  constexpr int kMany = 200;
  int hits = 0;
  for (int n = 1; n < kMany; ++n) {
    SCOPED_TRACE(GetParam() + std::to_string(n));
    fs::remove(file_);
    const Outcome outcome = run_program(
        kRows + ("--out=" + file_),
        std::string(kEnvironment) + "PTXVM_FAIL=" + GetParam() + ':' + std::to_string(n));
    EXPECT_EQ(outcome.err.find("leak:"), std::string::npos) << outcome.err;
    const Json results = rows();
    ASSERT_EQ(results.size(), kRowCount) << outcome.err;
    if (outcome.err.find("fails as planned") == std::string::npos) {
      EXPECT_EQ(outcome.status, 0) << outcome.err;
      EXPECT_EQ(count(results, "PASSED"), 3);
      break;  // there are fewer than n such calls
    }
    ++hits;
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(count(results, "ERROR"), 1);
    EXPECT_EQ(count(results, "PASSED"), 2);
    for (const Json& row : results) EXPECT_EQ(row["status"] == "ERROR", row["reason"].is_string());
  }
  EXPECT_GE(hits, 3);
  EXPECT_LT(hits, kMany - 1) << "never a run without the fault";
}

INSTANTIATE_TEST_SUITE_P(Calls, Faults, testing::Values("malloc", "launch", "memcpy"),
                         [](const auto& row) { return std::string(row.param); });

using Resume = Faults;

TEST_F(Resume, RunsAgainWhatAFaultCost) {
  run_program(kRows + ("--out=" + file_), std::string(kEnvironment) + "PTXVM_FAIL=launch:2");
  ASSERT_EQ(count(rows(), "ERROR"), 1);
  const Outcome outcome = run_program(kRows + ("--resume --out=" + file_), kEnvironment);
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
      std::string("exec env ") + kEnvironment + TCONV_BENCH + ' ' + arguments + " >/dev/null 2>&1";
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
  const Outcome outcome = run_program(arguments, kEnvironment);
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
