// The program's manners: what it prints and how it exits when nothing runs. No device needed.
#include <algorithm>
#include <ostream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/bench/run_program.h"

namespace tconv::bench {
namespace {

struct BadProblem {
  const char* kind;
  const char* text;
  const char* names;  ///< what the message has to name
};

constexpr BadProblem kBadProblems[] = {
    {"empty_text", " ", "--problem"},
    {"unknown_key", "mb1ic3oc4ih5kh3zz2", "zz"},
    {"key_without_number", "mb1ic3oc4ihkh3", "ih"},
    {"fraction", "mb1ic3oc4ih5.5kh3", "ih"},
    {"negative_size", "mb1ic3oc4ih-5kh3", "ih"},
    {"repeated_key", "mb1ic3ic4oc4ih5kh3", "ic"},
    {"no_input_channels", "mb1oc4ih5kh3", "ic"},
    {"no_output_channels", "mb1ic3ih5kh3", "oc"},
    {"no_input_size", "mb1ic3oc4kh3", "ih"},
    {"no_kernel", "mb1ic3oc4ih5", "kh"},
    {"zero_channels", "mb1ic0oc4ih5kh3", "ic"},
    {"zero_kernel", "mb1ic3oc4ih5kh0", "kh"},
    {"zero_stride", "mb1ic3oc4ih5kh3sh0", "sh"},
    {"groups_do_not_divide_ic", "g2mb1ic3oc4ih5kh3", "g"},
    {"groups_do_not_divide_oc", "g2mb1ic4oc3ih5kh3", "g"},
    {"zero_groups", "g0mb1ic4oc3ih5kh3", "g"},
    {"nothing_left_after_cropping", "mb1ic3oc4ih2kh3ph9", "ph9"},
    {"output_too_large", "mb1ic3oc4ih5oh99kh3sh2", "oh"},
    {"number_beyond_64_bits", "mb1ic3oc4ih99999999999999999999kh3", "ih"},
    {"product_beyond_64_bits", "mb4000000000ic4000000000oc4000000000ih4000000000kh3", "x"},
    {"name_not_closed", "mb1ic3oc4ih5kh3n\"net", "n"},
    {"text_after_name", "mb1ic3oc4ih5kh3n\"net\"sh2", "n"},
    {"newline", "mb1ic3oc4ih5\nkh3", "--problem"},
    {"not_a_descriptor", "resnet50", "resnet50"},
};

void PrintTo(const BadProblem& row, std::ostream* out) { *out << '"' << row.text << '"'; }

class BadProblemTest : public testing::TestWithParam<BadProblem> {};

TEST_P(BadProblemTest, GetsOneClearLineAndStatus2) {
  const Outcome outcome = run_program("--problem=" + quoted(GetParam().text));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.rfind("tconv_bench: --problem: ", 0), 0u) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_NE(outcome.err.find(GetParam().names), std::string::npos) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(CommandLine, BadProblemTest, testing::ValuesIn(kBadProblems),
                         [](const auto& test) { return std::string(test.param.kind); });

struct BadFlags {
  const char* arguments;
  const char* says;
};

TEST(CommandLine, RefusesWhatItCannotRunWithOneLineAndStatus2) {
  constexpr BadFlags kTable[] = {
      {"--no-such-flag", "--no-such-flag"},
      {"--benchmark_no_such_flag=1", "--benchmark_no_such_flag=1"},
      {"stray", "stray"},
      {"--layers=nonesuch", "quick"},
      {"--layers=/nonexistent.layers", "/nonexistent.layers"},
      {"--strategy='('", "--strategy: '(' is not a regular expression"},
      {"--strategy=nonesuch", "gather"},
      {"--op=sideways", "fprop"},
      {"--dtype=f31", "bf16"},
      {"--layout=hwcn", "nhwc"},
      {"--epilogue=gelu", "bias_leaky_relu"},
      {"--data=zeros", "--data: 'zeros' is not one of int, normal, uniform"},
      {"--seed=x", "--seed"},
      {"--seed=-1", "--seed"},
      {"--seed=18446744073709551616", "--seed: '18446744073709551616' is not a whole number"},
      {"--batch=-1", "--batch: '-1' is not a whole number from 0 to 9223372036854775807"},
      {"--batch=9223372036854775807", "--batch: input elements"},
      {"--crop-macs=0", "--crop-macs: '0' is not a whole number from 1 "},
      {"--crop-macs=1e6", "--crop-macs: '1e6'"},
      {"--crop-macs=9223372036854775808", "--crop-macs: '9223372036854775808'"},
      {"--device-profile=voodoo2", "h100-sxm"},
      {"--resume", "--out"},
      {"--profile --verify-only", "--verify-only"},
  };
  for (const BadFlags& row : kTable) {
    const Outcome outcome = run_program(row.arguments);
    EXPECT_EQ(outcome.status, 2) << row.arguments;
    EXPECT_EQ(outcome.err.rfind("tconv_bench: ", 0), 0u) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(row.says), std::string::npos) << outcome.err;
  }
}

TEST(CommandLine, ListsStrategiesWithoutADevice) {
  const Outcome outcome = run_program("--list");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* name :
       {"gather", "gemm_col2im", "implicit_gemm", "polyphase", "scatter_atomic", "zero_insert"}) {
    EXPECT_NE(outcome.out.find(std::string(" ") + name + " "), std::string::npos) << name;
  }
}

TEST(CommandLine, ListsProblemsAsALayersFileWould) {
  const Outcome outcome = run_program("--list-problems --problem='mb1ic3oc4ih5kh3sh2n\"net:1\"'");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out.rfind("mb1_ic3", 0), 0u) << outcome.out;
  EXPECT_NE(outcome.out.find("n\"net:1\"  # k%s!=0, "), std::string::npos) << outcome.out;
}

TEST(CommandLine, LeavesGoogleBenchmarksFlagsToIt) {
  const Outcome outcome = run_program("--benchmark_list_tests --benchmark_filter=gather.*dcgan:1");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "fprop/gather/f32/nchw/dcgan:1\n");
}

TEST(CommandLine, HelpExplainsTheDescriptor) {
  for (const char* flag : {"--help", "-h"}) {
    const Outcome outcome = run_program(flag);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_NE(outcome.out.find("0-based"), std::string::npos);
    EXPECT_NE(outcome.out.find("--benchmark_filter"), std::string::npos);
  }
}

TEST(CommandLine, WithoutADeviceSaysHowToGetOne) {
  if (access("/dev/nvidiactl", F_OK) == 0) GTEST_SKIP() << "there is a GPU here";
  for (const char* arguments : {"", "--support-matrix"}) {
    const Outcome outcome = run_program(arguments);
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find("LD_LIBRARY_PATH=build/virtual"), std::string::npos) << outcome.err;
  }
}

}  // namespace
}  // namespace tconv::bench
