// PTXVM_CHECK from a program's side: each check with a kernel that it catches and one that differs
// by what makes it right. Every program runs in a process of its own, for the checks are chosen
// when the machine starts and a finding ends the context.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <cuda_pipeline.h>
#include <nlohmann/json.hpp>

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

constexpr size_t kWords = 256;

/// Device memory that nobody has written to; freed at the end, so that nothing leaks.
struct Words {
  int* p = nullptr;
  explicit Words(size_t count = kWords) { cudaMalloc(&p, count * sizeof(int)); }
  Words(const Words&) = delete;
  ~Words() { cudaFree(p); }
  Words& zero() {
    cudaMemset(p, 0, kWords * sizeof(int));
    return *this;
  }
};

template <class... P, class... A>
cudaError_t launch(void (*kernel)(P...), int blocks, int threads, A... arguments) {
  kernel<<<blocks, threads>>>(P(arguments)...);
  return cudaDeviceSynchronize();
}

// ------------------------------------------------------------------------------------ kernels

template <bool wrong>
__global__ void past_the_end(int* p) {
  p[threadIdx.x + (wrong ? 1 : 0)] = 1;
}
__global__ void store_one(int* p) { p[threadIdx.x] = 1; }
__global__ void add_one(int* p) { p[blockIdx.x * blockDim.x + threadIdx.x] += 1; }

template <bool wrong>
__global__ void shared_sum(int* p) {
  __shared__ int s[64];
  if (!wrong || threadIdx.x < 32) s[threadIdx.x] = 1;
  __syncthreads();
  p[threadIdx.x] = s[threadIdx.x] + s[(threadIdx.x + 2) % 64];
}

template <bool wrong>
__global__ void local_sum(int* p, int at) {
  int a[8];
  for (int i = 0; i < (wrong ? 4 : 8); ++i) a[(i + at) % 8] = i;
  p[threadIdx.x] = a[(at + 6) % 8] + 1;
}

template <bool wrong>
__global__ void rotate(int* p) {
  __shared__ int s[64];
  s[threadIdx.x] = int(threadIdx.x);
  if (!wrong) __syncthreads();
  p[threadIdx.x] = s[(threadIdx.x + 32) % 64];
}

template <bool wrong>
__global__ void swap_lanes(int* p) {
  __shared__ int s[32];
  s[threadIdx.x] = int(threadIdx.x);
  if (!wrong) __syncwarp();
  p[threadIdx.x] = s[threadIdx.x ^ 1];
}

template <bool wrong>
__global__ void count_blocks(int* p) {
  if (threadIdx.x != 0) return;
  if (wrong)
    *p += 1;
  else
    atomicAdd(p, 1);
}

template <bool wrong>
__global__ void copy_ahead(const int* from, int* to) {
  __shared__ int s[32];
  __pipeline_memcpy_async(&s[threadIdx.x], &from[threadIdx.x], sizeof(int));
  __pipeline_commit();
  if (!wrong) __pipeline_wait_prior(0);
  to[threadIdx.x] = s[threadIdx.x];
}

template <bool wrong>
__global__ void barrier_for_some(int* p) {
  if (threadIdx.x < (wrong ? 16 : 32)) return;
  __syncthreads();
  p[threadIdx.x] = 1;
}

template <bool wrong>
__global__ void halves_meet(int* p) {
  __syncwarp(threadIdx.x < 16 ? 0xffffu : wrong ? 0xffffffffu : 0xffff0000u);
  p[threadIdx.x] = 1;
}

template <bool wrong>
__global__ void counts_that_differ(int* p) {
  if (threadIdx.x < 32)
    asm volatile("barrier.sync 1, 64;" ::: "memory");
  else
    asm volatile("barrier.sync 1, %0;" ::"r"(wrong ? 96 : 64) : "memory");
  p[threadIdx.x] = 1;
}

template <bool wrong>
__global__ void wait_for_flag(volatile int* p) {
  if (threadIdx.x == 0 && !wrong) p[0] = 1;
  while (p[0] == 0) {
  }
}

// -------------------------------------------------------------------------------------- table

struct Case {
  const char* name;
  std::function<cudaError_t(bool wrong)> program;
  cudaError_t code;
  const char *kind, *detail;
  const char* check;  // that alone finds it
  bool has_address, has_other, has_allocation;
};
void PrintTo(const Case& c, std::ostream* to) { *to << c.name; }

#define EITHER(wrong, kernel, ...) \
  (wrong) ? launch(kernel<true>, __VA_ARGS__) : launch(kernel<false>, __VA_ARGS__)

const std::vector<Case>& cases() {
  constexpr cudaError_t launch_failure = cudaErrorLaunchFailure;
  static const std::vector<Case> all = {
      {"past_the_end", [](bool wrong) { return EITHER(wrong, past_the_end, 1, 256, Words().p); },
       cudaErrorIllegalAddress, "out of bounds", "0 bytes after the end of allocation", "mem", true,
       false, true},
      {"use_after_free",
       [](bool wrong) {
         int* p = nullptr;
         cudaMalloc(&p, 1024);
         if (wrong) cudaFree(p);
         const cudaError_t error = launch(store_one, 1, 32, p);
         if (!wrong) cudaFree(p);
         return error;
       },
       cudaErrorIllegalAddress, "use after free", "0 bytes into freed allocation", "mem", true,
       false, true},
      {"global_unwritten",
       [](bool wrong) {
         Words words;
         if (!wrong) words.zero();
         return launch(add_one, 1, 64, words.p);
       },
       launch_failure, "uninitialised read", "global load of 4 bytes", "init", true, false, true},
      {"shared_unwritten", [](bool wrong) { return EITHER(wrong, shared_sum, 1, 64, Words().p); },
       launch_failure, "uninitialised read", "shared load of 4 bytes", "init", true, false, false},
      {"local_unwritten", [](bool wrong) { return EITHER(wrong, local_sum, 1, 32, Words().p, 1); },
       launch_failure, "uninitialised read", "local load of 4 bytes", "init", true, false, false},
      {"race_of_warps", [](bool wrong) { return EITHER(wrong, rotate, 1, 64, Words().p); },
       launch_failure, "race", "shared store of 4 bytes at 0x80 that another warp read", "race",
       true, true, false},
      {"race_of_lanes", [](bool wrong) { return EITHER(wrong, swap_lanes, 1, 32, Words().p); },
       launch_failure, "race", "that another lane of the warp wrote", "race", true, true, false},
      {"race_of_blocks",
       [](bool wrong) { return EITHER(wrong, count_blocks, 4, 32, Words().zero().p); },
       launch_failure, "race", "that another block wrote", "race", true, true, true},
      {"copy_not_waited_for",
       [](bool wrong) { return EITHER(wrong, copy_ahead, 1, 32, Words().zero().p, Words().p); },
       launch_failure, "race", "destination of an asynchronous copy", "race", true, true, false},
      {"divergent_barrier",
       [](bool wrong) { return EITHER(wrong, barrier_for_some, 1, 64, Words().p); }, launch_failure,
       "barrier misuse", "lanes 0xffff have ended", "sync", false, false, false},
      {"syncwarp_masks", [](bool wrong) { return EITHER(wrong, halves_meet, 1, 32, Words().p); },
       launch_failure, "barrier misuse", "__syncwarp with mask 0xffffffff", "sync", false, false,
       false},
      {"barrier_counts",
       [](bool wrong) { return EITHER(wrong, counts_that_differ, 1, 64, Words().p); },
       launch_failure, "barrier misuse", "expects 96 threads", "mem", false, false, false},
  };
  return all;
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
