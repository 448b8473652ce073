#include <chrono>
#include <fstream>
#include <limits>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "bench/results.h"
#include "tests/bench/made_up_row.h"

namespace tconv::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json context() {
  return {{"backend", "ptxvm"}, {"device", "made up"}, {"git", "abc"}, {"seed", 1}};
}

Json read(const fs::path& path) { return Json::parse(std::ifstream(path)); }

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ResultsError& error) {
    return error.what();
  }
  return "no ResultsError";
}

class Results : public testing::Test {
 protected:
  Results() { fs::remove_all(folder), fs::create_directories(folder); }
  ~Results() override { fs::remove_all(folder); }
  const fs::path folder =
      fs::path(testing::TempDir()) / ("tconv_results_" + std::to_string(getpid()));
  const fs::path file = folder / "run.json";
};

TEST_F(Results, ComeBackAsTheyWereWritten) {
  RowResult result = passed(made_up_row());
  result.counters = std::map<std::string, uint64_t>{{"ptx__launches", 1}};
  result.bound = Bound{2, "fma", 1, 0.5};
  result.time.emplace().cold = summarise({3, 1, 2}, 4, "samples");
  ResultsFile results(file, context());
  results.add(result);

  const Json document = read(file);
  EXPECT_EQ(document["schema"], "tconv-results/1");
  EXPECT_EQ(document["context"], context());
  ASSERT_EQ(document["results"].size(), 1u);
  const Json& row = document["results"][0];
  EXPECT_EQ(row["op"], "fprop");
  EXPECT_EQ(row["strategy"], "made_up");
  EXPECT_EQ(row["dtype"], "f32");
  EXPECT_EQ(row["layout"], "nchw");
  EXPECT_EQ(Problem::parse(row["problem"].get<std::string>()), result.row.problem);
  EXPECT_EQ(row["layer"], "net:1");
  EXPECT_EQ(row["status"], "PASSED");
  EXPECT_EQ(row["reason"], nullptr);
  EXPECT_EQ(row["check"]["mode"], "int");
  EXPECT_EQ(row["check"]["deterministic"], nullptr);
  EXPECT_EQ(row["work"]["macs_executed"], 125);
  EXPECT_EQ(row["counters"]["ptx__launches"], 1);
  EXPECT_EQ(row["bound"]["limiter"], "fma");
  EXPECT_EQ(row["bound"]["model_us"], nullptr);
  EXPECT_EQ(row["time"]["cold"]["n"], 3);
  EXPECT_EQ(row["time"]["cold"]["median"], 2);
  EXPECT_EQ(row["time"]["cold"]["ci95"], nullptr);
  EXPECT_EQ(row["time"]["hot"], nullptr);
}

TEST_F(Results, StayValidWithValuesThatJsonLacks) {
  RowResult result = passed(made_up_row());
  result.check->max_abs = std::numeric_limits<double>::infinity();
  result.check->rms = std::numeric_limits<double>::quiet_NaN();
  result.status = Status::error;
  result.reason = "not UTF-8: \xff\xfe, \"quoted\"\n\x01";
  ResultsFile results(file, context());
  results.add(result);
  const Json row = read(file)["results"][0];
  EXPECT_EQ(row["check"]["max_abs"], nullptr);
  EXPECT_EQ(row["check"]["rms"], nullptr);
  EXPECT_NE(row["reason"].get<std::string>().find("\"quoted\"\n"), std::string::npos);
}

TEST_F(Results, KeepOneEntryPerRow) {
  ResultsFile results(file, context());
  RowResult result = passed(made_up_row());
  result.status = Status::error;
  results.add(result);
  EXPECT_FALSE(results.has(result.row)) << "an error is worth another try";
  result.status = Status::passed;
  results.add(result);
  EXPECT_TRUE(results.has(result.row));
  EXPECT_FALSE(results.has(made_up_row("mb1ic3oc4ih6kh3sh2n\"net:1\""))) << "another size";
  EXPECT_EQ(read(file)["results"].size(), 1u);
}

TEST_F(Results, AreResumed) {
  const Row first = made_up_row();
  const Row second = made_up_row("mb1ic3oc4ih9kh3sh2");
  ResultsFile(file, context()).add(passed(first));
  ResultsFile resumed(file, context());
  resumed.resume();
  EXPECT_TRUE(resumed.has(first));
  EXPECT_FALSE(resumed.has(second));
  resumed.add(passed(second));
  EXPECT_EQ(read(file)["results"].size(), 2u);
}

TEST_F(Results, TellEpiloguesApartAndTakeOldRowsToHaveNone) {
  const Row plain = made_up_row();
  Row activated = made_up_row();
  activated.config.epilogue = Epilogue::bias_relu;
  ResultsFile results(file, context());
  results.add(passed(plain));
  EXPECT_FALSE(results.has(activated));
  results.add(passed(activated));
  Json document = read(file);
  ASSERT_EQ(document["results"].size(), 2u);
  EXPECT_EQ(document["results"][1]["epilogue"], "bias_relu");

  document["results"][0].erase("epilogue");
  std::ofstream(file) << document;
  results.resume();
  EXPECT_TRUE(results.has(plain));
  EXPECT_TRUE(results.has(activated));
}

TEST_F(Results, AreResumedFromNothing) {
  ResultsFile results(file, context());
  results.resume();
  EXPECT_EQ(results.document()["results"].size(), 0u);
}

TEST_F(Results, OfAnotherRevisionAreNotMixed) {
  ResultsFile(file, context()).write();
  Json other = context();
  other["git"] = "def";
  ResultsFile results(file, other);
  EXPECT_EQ(
      message_of([&] { results.resume(); }),
      file.string() +
          ": its rows were made with git \"abc\", this run has \"def\"; choose another --out");
}

TEST_F(Results, ThatAreNoneAreRefused) {
  for (const char* text : {"", "{", "[]", R"({"schema":"other/1","context":{},"results":[]})",
                           R"({"schema":"tconv-results/1"})",
                           R"({"schema":"tconv-results/1","context":{},"results":[1]})"}) {
    std::ofstream(file) << text;
    ResultsFile results(file, context());
    EXPECT_EQ(message_of([&] { results.resume(); }),
              file.string() + ": not a results file of schema tconv-results/1")
        << text;
  }
}

TEST_F(Results, SayWhenTheyCannotBeWritten) {
  const ResultsFile results("/nonexistent/run.json", context());
  EXPECT_NE(message_of([&] { results.write(); }).find("cannot write /nonexistent/run.json"),
            std::string::npos);
}

TEST_F(Results, AreValidWheneverTheProcessIsKilled) {
  for (int round = 0; round < 20; ++round) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    ResultsFile(file, context()).write();
    const pid_t child = fork();
    if (child == 0) {
      ResultsFile results(file, context());
      RowResult result = passed(made_up_row());
      for (int i = 1;; ++i) {
        result.row.problem.batch = i;
        results.add(result);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3 + round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_FALSE(Json::parse(std::ifstream(file), nullptr, false).is_discarded())
        << "round " << round;
  }
}

}  // namespace
}  // namespace tconv::bench
