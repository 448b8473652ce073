// The program as a shell runs it: formats, files, and one line with status 2 for what it cannot do.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#define TCONV_BENCH TCONV_INSPECT  // run_program() runs this one
#define TCONV_VIRTUAL ""
#include "tests/bench/run_program.h"

namespace tconv::inspect {
namespace {

using bench::Outcome;
using bench::run_program;
using Json = nlohmann::json;

TEST(Program, RefusesWhatItCannotRunWithOneLineAndStatus2) {
  const struct {
    const char *arguments, *says;
  } table[] = {
      {"", "nothing to inspect"},
      {"resnet50", "resnet50"},
      {"mb1ic3oc4ih5", "kh"},
      {"mb1ic3oc4ih5kh3 mb1ic3oc4ih5kh0", "kh0"},
      {"--layers=nonesuch", "quick"},
      {"--no-such-flag", "--no-such-flag"},
      {"mb1ic1iw4oc1kw3 --format=svg", "scripts/inspect"},
      {"mb1ic1iw4oc1kw3 --kernel=gauss", "bilinear, triangular"},
      {"mb1ic1iw4oc1kw3 --kernel=1,2", "3 taps"},
      {"mb1ic1iw4oc1kw3 --kernel=/nonexistent.npy", "/nonexistent.npy: cannot be read"},
      {"mb1ic1iw4oc1kw3 --kernel=\"$(printf 'a\\nb')\"", "a\\x0ab"},
      {"mb1ic1iw4oc1kw3 --rotate", "--kernel"},
      {"mb1ic1iw4oc1kw3 --device-profile=abacus", "h100-sxm"},
      {"mb1ic1iw4oc1kw3 --out=/nonexistent/file", "/nonexistent/file"},
      {"mb1ic1iw4oc1kw99999", "65536"},
      {"mb1ic1iw4oc1kw3sw99999", "65536"},
      {"mb1ic1iw4oc1kw1dw9000000000000000000", "dilation"},
      {"mb1ic1iw100000000000000oc1ow1kw1sw60000pw5000000000000000000", "extent"},
  };
  for (const auto& row : table) {
    const Outcome outcome = run_program(row.arguments);
    EXPECT_EQ(outcome.status, 2) << row.arguments;
    EXPECT_EQ(outcome.out, "") << row.arguments;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.err.rfind("tconv_inspect: ", 0), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find(row.says), std::string::npos) << outcome.err;
  }
}

TEST(Program, JsonIsValidForEveryRealLayer) {
  const Outcome outcome = run_program("--layers=all --kernel=random:2 --format=json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Json document = Json::parse(outcome.out);
  EXPECT_EQ(document["schema"], "tconv-inspect/1");
  EXPECT_EQ(document["layers"].size(), 133u);  // the whole of the shipped set
  for (const Json& layer : document["layers"]) {
    for (const Json& axis : layer["axes"]) {
      int64_t outputs = 0;
      for (const Json& phase : axis["phases"]) outputs += phase["outputs"].get<int64_t>();
      EXPECT_EQ(outputs, axis["out"]) << layer["problem"];
    }
  }
}

TEST(Program, JsonStaysValidAtTheEdges) {
  for (const char* arguments :
       {"mb0ic1iw4oc1kw3sw2", "mb1ic1iw4oc1kw2sw2 --kernel=1,-1", "mb1ic1iw4oc1kw2sw2 --kernel=0,0",
        "mb1ic1iw4oc1kw2sw2 --kernel=1e308,1e308", "mb1ic1iw99999999999oc1kw3sw2 --kernel=ones",
        "mb1ic1iw1oc1kw1", "mb1ic1iw2oc1ow1kw9sw7pw5dw6", "mb1ic1iw70000oc1kw65536dw65535",
        "mb1ic1iw4oc1kw65536sw65536"}) {
    const Outcome outcome = run_program(std::string(arguments) + " --format=json");
    EXPECT_EQ(outcome.status, 0) << arguments << outcome.err;
    EXPECT_TRUE(Json::accept(outcome.out)) << arguments;
    EXPECT_EQ(run_program(arguments).status, 0) << arguments;
  }
}

TEST(Program, OutWritesWhatStandardOutputShows) {
  const std::string path = testing::TempDir() + "/tconv_inspect." + std::to_string(getpid());
  EXPECT_EQ(run_program("mb1ic1iw4oc1kw3 --out=" + path).out, "");
  std::ifstream file(path);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(written, run_program("mb1ic1iw4oc1kw3").out);
  EXPECT_NE(written, "");
  std::filesystem::remove(path);
}

TEST(Program, HelpTellsKernelsAndExamples) {
  const Outcome outcome = run_program("--help");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.out.find("triangular"), std::string::npos);
}

#ifdef TCONV_INSPECT_STRATEGIES
TEST(Program, TellsWhatTheStrategiesOfThisBuildExecute) {
  const Outcome outcome = run_program("mb1ic16ih8oc16kh4sh2ph1 --format=json");
  const Json document = Json::parse(outcome.out);
  const Json work = document["layers"][0]["work"];
  std::map<std::string, int64_t> macs;
  for (const Json& row : work["strategies"]) macs[row["name"]] = row["macs"];
  EXPECT_EQ(macs.at("gather"), work["organisations"][0]["macs"]);
  EXPECT_EQ(macs.at("zero_insert"), work["organisations"][4]["macs"]);
}
#endif

}  // namespace
}  // namespace tconv::inspect
