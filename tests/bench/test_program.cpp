// The program as a whole, on the virtual GPU: what lands on the console, in the results file and in
// the exit status.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/bench/run_program.h"

namespace tconv::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kTiny =
    " --problem=mb1ic4oc4ih4kh3sh2ph1 --strategy='^(gather|scatter_atomic)$' ";

class Program : public testing::Test {
 protected:
  Program() { fs::remove_all(folder), fs::create_directories(folder); }
  ~Program() override { fs::remove_all(folder); }
  Json results() const { return Json::parse(std::ifstream(file)); }
  const fs::path folder =
      fs::path(testing::TempDir()) / ("tconv_program_" + std::to_string(getpid()));
  const std::string file = folder / "run.json";
};

TEST_F(Program, ChecksAndCountsButNeverTimes) {
  const Outcome outcome = run_virtual(kTiny + ("--out=" + file));
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("2 passed, 0 failed, 0 skipped, 0 errors, 0 mistrusted\n"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.err.find("[1/2] fprop/gather/f32/nchw/"), std::string::npos) << outcome.err;
  for (const char* word : {" us", " ms", " ns", "Time", "CPU"})
    EXPECT_EQ(outcome.out.find(word), std::string::npos) << word;

  const Json document = results();
  EXPECT_EQ(document["schema"], "tconv-results/1");
  EXPECT_EQ(document["context"]["backend"], "ptxvm");
  ASSERT_EQ(document["results"].size(), 2u);
  for (const Json& row : document["results"]) {
    EXPECT_EQ(row["status"], "PASSED");
    EXPECT_TRUE(row["time"].is_null());
    EXPECT_GT(row["counters"]["l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"], 0);
    EXPECT_GT(row["bound"]["us"], 0);
    EXPECT_LE(row["bound"]["efficiency"], 1);
  }
}

TEST_F(Program, WritesNoTimeIntoGoogleBenchmarksFileEither) {
  const std::string google = folder / "google.json";
  ASSERT_EQ(run_virtual(kTiny + ("--benchmark_out=" + google)).status, 0);
  const Json document = Json::parse(std::ifstream(google));
  ASSERT_EQ(document["benchmarks"].size(), 2u);
  for (const Json& entry : document["benchmarks"]) {
    EXPECT_EQ(entry["real_time"], 0);
    EXPECT_EQ(entry["cpu_time"], 0);
    EXPECT_EQ(entry["label"], "PASSED");
    EXPECT_EQ(entry["error_message"], "PASSED: not timed");
  }
}

TEST_F(Program, LeavesStdoutToGoogleBenchmarksFormatIfAsked) {
  const Outcome outcome = run_virtual(kTiny + std::string("--benchmark_format=json"));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(Json::parse(outcome.out)["benchmarks"].size(), 2u);
  EXPECT_NE(outcome.err.find("2 passed"), std::string::npos) << outcome.err;
}

TEST_F(Program, CountsARepeatedRowOnce) {
  const Outcome outcome = run_virtual(kTiny + ("--benchmark_repetitions=3 --out=" + file));
  EXPECT_NE(outcome.out.find("2 passed"), std::string::npos) << outcome.out;
  EXPECT_EQ(results()["results"].size(), 2u);
}

TEST_F(Program, ReproducesARowFromItsOwnCommand) {
  ASSERT_EQ(run_virtual(kTiny + ("--out=" + file)).status, 0);
  const std::string repro = results()["results"][1]["repro"];
  const fs::path again = folder / "again.json";
  ASSERT_EQ(std::system((repro + " --out=" + again.string() + " >/dev/null 2>&1").c_str()), 0)
      << repro;
  const Json document = Json::parse(std::ifstream(again));
  ASSERT_EQ(document["results"].size(), 1u);
  EXPECT_EQ(document["results"][0]["counters"], results()["results"][1]["counters"]);
}

TEST_F(Program, ResumesAndRunsOnlyWhatIsMissing) {
  const std::string one = " --problem=mb1ic4oc4ih4kh3sh2ph1 --strategy='^gather$' ";
  ASSERT_EQ(run_virtual(one + "--out=" + file).status, 0);
  const Outcome outcome = run_virtual(kTiny + ("--resume --out=" + file));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("PASSED (kept)"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.out.find("2 passed"), std::string::npos) << outcome.out;
  EXPECT_EQ(results()["results"].size(), 2u);

  const Outcome complete = run_virtual(kTiny + ("--resume --out=" + file));
  EXPECT_EQ(complete.status, 0) << "nothing left to run is no error: " << complete.err;

  const Outcome other = run_virtual(kTiny + ("--seed=2 --resume --out=" + file));
  EXPECT_EQ(other.status, 2) << "other data";
  EXPECT_NE(other.err.find("seed"), std::string::npos) << other.err;
}

TEST_F(Program, VerifiesWithoutCounting) {
  ASSERT_EQ(run_virtual(kTiny + ("--verify-only --out=" + file)).status, 0);
  for (const Json& row : results()["results"]) {
    EXPECT_EQ(row["status"], "PASSED");
    EXPECT_TRUE(row["counters"].is_null());
    EXPECT_TRUE(row["bound"].is_null());
  }
}

TEST_F(Program, SkipsWithAReason) {
  const Outcome outcome = run_virtual(kTiny + ("--dtype=f16 --out=" + file));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const Json& row : results()["results"]) {
    if (row["status"] == "SKIPPED") {
      EXPECT_FALSE(row["reason"].is_null());
    }
  }
}

TEST_F(Program, ProfilesExactlyOneRow) {
  const Outcome many = run_virtual(kTiny + std::string("--profile"));
  EXPECT_EQ(many.status, 2);
  EXPECT_NE(many.err.find("2 rows are selected"), std::string::npos) << many.err;
  const Outcome one =
      run_virtual("--problem=mb1ic4oc4ih4kh3sh2ph1 --strategy='^gather$' --profile");
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_EQ(one.out.rfind("ncu ", 0), 0u) << one.out;
}

TEST_F(Program, SaysWhenTheResultsFileCannotBeWritten) {
  const Outcome outcome = run_virtual(kTiny + std::string("--out=/nonexistent/run.json"));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("cannot write /nonexistent/run.json"), std::string::npos)
      << outcome.err;
}

TEST_F(Program, SaysWhenGoogleBenchmarksFilterLeavesNothing) {
  const Outcome outcome = run_virtual(kTiny + std::string("--benchmark_filter=nonesuch"));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("nothing to run"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace tconv::bench
