// PTXVM_CHECK from a program's side (check_programs.cuh). Every program runs in a process of its
// own, for the checks are chosen when the machine starts and a finding ends the context.
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/cudart/check_programs.cuh"
#include "tests/cudart/machine.h"

namespace {

using Json = nlohmann::json;
constexpr const char* kProgram = "TEST_CHECKS_PROGRAM";  // in the environment of a child
using Environment = std::vector<std::pair<std::string, std::string>>;

struct Outcome {
  int status = 0;  // what the program returned: an error code
  std::string text;
  std::vector<Json> findings;
  std::string kind() const { return findings.empty() ? "" : findings[0].at("kind"); }
};

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Runs this program again as the one of that name (Programs.DISABLED_Run): the checks are chosen
/// when the library is loaded.
Outcome run(const std::string& program, const Environment& environment) {
  std::string folder = testing::TempDir() + "checksXXXXXX";
  if (!mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
  const std::string json = folder + "/json", text = folder + "/text";
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(open(text.c_str(), O_CREAT | O_WRONLY, 0600), STDERR_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    setenv("PTXVM_CHECK_JSON", json.c_str(), 1);
    setenv(kProgram, program.c_str(), 1);
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    execl("/proc/self/exe", "test_checks", "--gtest_also_run_disabled_tests",
          "--gtest_filter=Programs.DISABLED_Run", nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(text), {}};
  std::istringstream lines(contents(json));
  for (std::string line; std::getline(lines, line);) outcome.findings.push_back(Json::parse(line));
  for (const std::string& path : {json, text}) unlink(path.c_str());
  rmdir(folder.c_str());
  return outcome;
}

Outcome run(const std::string& program, const std::string& checks = "all") {
  return run(program, Environment{{"PTXVM_CHECK", checks}});
}

class Checks : public ::testing::Test {
 protected:
  void SetUp() override { VIRTUAL_GPU_ONLY(); }
};
class CheckOf : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { VIRTUAL_GPU_ONLY(); }
};

TEST_P(CheckOf, LetsTheRightProgramPass) {
  const Outcome outcome = run(std::string("right ") + GetParam().name);
  EXPECT_EQ(outcome.status, cudaSuccess) << outcome.text;
  EXPECT_TRUE(outcome.findings.empty()) << outcome.text;
}

TEST_P(CheckOf, CatchesTheWrongOneAndSaysAllOfIt) {
  const Case& c = GetParam();
  for (const char* checks : {c.check, "all"}) {
    const Outcome outcome = run(std::string("wrong ") + c.name, checks);
    EXPECT_EQ(outcome.status, c.code % 256) << outcome.text;
    ASSERT_FALSE(outcome.findings.empty()) << outcome.text;
    const Json& finding = outcome.findings[0];
    EXPECT_EQ(finding.at("kind"), c.kind);
    EXPECT_NE(finding.at("detail").get<std::string>().find(c.detail), std::string::npos) << finding;
    EXPECT_NE(finding.at("kernel").get<std::string>().find("(anonymous namespace)"),
              std::string::npos);
    EXPECT_EQ(finding.contains("address"), c.has_address) << finding;
    EXPECT_EQ(finding.contains("allocation"), c.has_allocation) << finding;
    if (c.has_allocation) EXPECT_EQ(finding.at("allocation").at("bytes"), 1024);
    EXPECT_EQ(finding.contains("other"), c.has_other) << finding;
    std::vector<const Json*> parties = {&finding.at("party")};
    if (c.has_other) parties.push_back(&finding.at("other"));
    for (const Json* party : parties) {
      EXPECT_NE(party->at("file"), "");
      EXPECT_GT(party->at("line"), 0);
      EXPECT_EQ(party->at("block").size(), 3u);
    }
    EXPECT_NE(outcome.text.find(finding.at("report").get<std::string>()), std::string::npos);
  }
}

TEST_P(CheckOf, IsOffUnlessAskedFor) {
  const Case& c = GetParam();
  if (std::string(c.check) == "mem") GTEST_SKIP() << "always on";
  const Outcome outcome = run(std::string("wrong ") + c.name, "mem");
  EXPECT_EQ(outcome.status, cudaSuccess) << outcome.text;
}

INSTANTIATE_TEST_SUITE_P(All, CheckOf, testing::ValuesIn(cases()),
                         [](const auto& c) { return c.param.name; });

// ----------------------------------------------------------------------------- other programs

template <bool wrong>
__global__ void wait_for_flag(volatile int* p) {
  if (threadIdx.x == 0 && !wrong) p[0] = 1;
  while (p[0] == 0) {
  }
}

cudaError_t leak() {
  const Words freed;
  int* p = nullptr;
  cudaMalloc(&p, 1024);
  return cudaMalloc(&p, 12);
}
cudaError_t leak_and_reset() {
  int* p = nullptr;
  cudaMalloc(&p, 1024);
  return cudaDeviceReset();
}
/// Two kernels with faults, of which the second one's result is looked at.
cudaError_t wrong_twice() {
  Words words, sums;
  launch(rotate<true>, 3, 64, sums.p);
  launch(add_one, 4, 64, words.p);
  int last = 0;
  cudaMemcpy(&last, words.p + kWords - 1, sizeof(int), cudaMemcpyDefault);
  return last == 1 ? cudaSuccess : cudaErrorUnknown;
}
cudaError_t spin() { return launch(wait_for_flag<true>, 1, 64, Words().zero().p); }
cudaError_t spin_and_stop() { return launch(wait_for_flag<false>, 1, 64, Words().zero().p); }

cudaError_t program_named(const std::string& name) {
  for (const Case& c : cases())
    for (const bool wrong : {false, true})
      if (name == (wrong ? "wrong " : "right ") + std::string(c.name)) return c.program(wrong);
  const std::pair<const char*, cudaError_t (*)()> others[] = {{"leak", leak},
                                                              {"leak_and_reset", leak_and_reset},
                                                              {"wrong_twice", wrong_twice},
                                                              {"spin", spin},
                                                              {"spin_and_stop", spin_and_stop}};
  for (const auto& [other, program] : others)
    if (name == other) return program();
  throw std::invalid_argument(name);
}

// What a child runs.
TEST(Programs, DISABLED_Run) {
  const char* name = std::getenv(kProgram);
  if (name) std::exit(program_named(name) % 256);
}

TEST_F(Checks, LeaksAreListedAtExitWithTheirNumber) {
  const Outcome outcome = run("leak");
  EXPECT_EQ(outcome.status, cudaSuccess);
  ASSERT_EQ(outcome.findings.size(), 2u) << outcome.text;
  EXPECT_EQ(outcome.kind(), "leak");
  EXPECT_EQ(outcome.findings[0].at("bytes"), 1024);
  EXPECT_EQ(outcome.findings[1].at("label"), "cudaMalloc #3");
  EXPECT_NE(outcome.text.find("leak: cudaMalloc #3 of 12 bytes is alive at exit"),
            std::string::npos)
      << outcome.text;
}

TEST_F(Checks, AResetIsWhereLeaksAreListedOnce) {
  const Outcome outcome = run("leak_and_reset");
  ASSERT_EQ(outcome.findings.size(), 1u) << outcome.text;
  EXPECT_NE(outcome.text.find("is alive at cudaDeviceReset"), std::string::npos);
}

TEST_F(Checks, NoLeaksUnlessAskedFor) {
  EXPECT_TRUE(run("leak", "mem,init,race,sync").findings.empty());
}

TEST_F(Checks, AnUnknownWordIsRefusedInOneLine) {
  const Outcome outcome = run("leak", "mem,rice");
  EXPECT_EQ(outcome.status, cudaErrorInitializationError);
  EXPECT_NE(outcome.text.find("'rice' is none of mem, init, race, sync, leak, all"),
            std::string::npos);
  EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
}

TEST_F(Checks, ReportingGoesOnAndSaysEachPlaceOnce) {
  const Outcome outcome =
      run("wrong_twice", {{"PTXVM_CHECK", "all"}, {"PTXVM_CHECK_ACTION", "report"}});
  EXPECT_EQ(outcome.status, cudaSuccess) << outcome.text;
  std::set<std::string> places;
  for (const Json& finding : outcome.findings)
    places.insert(finding.at("kind").dump() + finding.at("party").at("instruction").dump() +
                  (finding.contains("other") ? finding.at("other").at("instruction").dump() : ""));
  EXPECT_EQ(places.size(), outcome.findings.size()) << outcome.text;
  ASSERT_GE(places.size(), 2u) << outcome.text;
  EXPECT_EQ(outcome.findings.front().at("kind"), "race");
  EXPECT_EQ(outcome.findings.back().at("kind"), "uninitialised read");
}

TEST_F(Checks, TheWatchdogNamesTheKernelAndWhereEachWarpIs) {
  const Environment limit = {{"PTXVM_TIMEOUT", "1"}};
  EXPECT_EQ(run("spin_and_stop", limit).status, cudaSuccess);
  const Outcome outcome = run("spin", limit);
  EXPECT_EQ(outcome.status, cudaErrorLaunchTimeout % 256);
  EXPECT_EQ(outcome.kind(), "timeout");
  EXPECT_NE(outcome.findings.at(0).at("kernel").get<std::string>().find("wait_for_flag"),
            std::string::npos);
  for (const char* warp : {"warp 0 lanes 0x", "warp 1 lanes 0x"}) {
    const size_t at = outcome.text.find(warp);
    ASSERT_NE(at, std::string::npos) << outcome.text;
    const std::string line = outcome.text.substr(at, outcome.text.find('\n', at) - at);
    EXPECT_NE(line.find("test_checks.cu:"), std::string::npos) << line;
  }
}

}  // namespace
