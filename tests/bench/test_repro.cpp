#include <gtest/gtest.h>

#include "bench/cli.h"
#include "bench/repro.h"
#include "tests/bench/made_up_row.h"

namespace tconv::bench {
namespace {

TEST(Repro, IsOneCommandForOneRow) {
  Options options;
  options.data = DataMode::uniform;
  options.seed = 7;
  EXPECT_EQ(repro_command("build/bench/tconv_bench", made_up_row(), options, {}),
            "build/bench/tconv_bench --problem='" + made_up_row().problem.str() +
                "_n\"net:1\"' --strategy='^made_up$' --op=fprop --dtype=f32 --layout=nchw "
                "--data=uniform --seed=7");
}

TEST(Repro, NamesAnEpilogue) {
  Row row = made_up_row();
  row.config.epilogue = Epilogue::bias_tanh;
  const std::string command = repro_command("tconv_bench", row, {}, {});
  EXPECT_NE(command.find(" --epilogue=bias_tanh "), std::string::npos) << command;
}

TEST(Repro, ParsesBackToTheSameProblem) {
  const Problem p = Problem::parse(made_up_row().problem.str() + "_n\"net:1\"");
  EXPECT_EQ(p, made_up_row().problem);
  EXPECT_EQ(p.name, "net:1");
}

TEST(Repro, SaysWhereTheVirtualGpuIs) {
  Backend backend;
  backend.is_virtual = true;
  const std::string command = repro_command("tconv_bench", made_up_row(), {}, backend);
  EXPECT_EQ(command.rfind("LD_LIBRARY_PATH=", 0), 0u) << command;
}

TEST(ProfilerCommands, CaptureOnlyTheBracket) {
  const std::string commands = profiler_commands("tconv_bench", made_up_row(), {}, {});
  EXPECT_NE(commands.find("ncu --profile-from-start off"), std::string::npos);
  EXPECT_NE(commands.find("--capture-range=cudaProfilerApi --capture-range-end=stop"),
            std::string::npos);
  EXPECT_NE(commands.find("--profile\n"), std::string::npos);
}

}  // namespace
}  // namespace tconv::bench
