// Rows of the other two directions pass through the same net: x is what dgrad writes and w what
// wgrad writes; y, its gradient, is an input of both.
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bench/row_runner.h"
#include "tests/bench/misbehaving.h"
#include "tests/bench/read_npy.h"

namespace tconv::bench {
namespace {

using Spoil = std::function<void(const Call&, std::vector<float>& output)>;

/// Writes the right gradient after `spoil` had its way with it.
Strategy gradient(Op op, const Spoil& spoil) {
  Strategy s;
  s.name = "fake";
  s.op = op;
  s.supports = [](const Problem&, const Config&) { return std::string(); };
  s.macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); };
  s.launch = [op, spoil](const Call& call) {
    const Problem& p = call.problem;
    const auto dy = from_device(call.y, p.y_size());
    const OracleResult answer = op == Op::dgrad
                                    ? dgrad_oracle(p, dy, from_device(call.w, p.w_size()))
                                    : wgrad_oracle(p, from_device(call.x, p.x_size()), dy);
    std::vector<float> output(answer.value.begin(), answer.value.end());
    spoil(call, output);
    to_device(op == Op::dgrad ? call.x : call.w, output);
  };
  return s;
}

class GradientRow : public testing::TestWithParam<Op> {
 protected:
  RowResult run(const Spoil& spoil, const std::filesystem::path& folder = {}) {
    strategy_ = gradient(GetParam(), spoil);
    RunOptions options;
    options.verify_only = true;
    options.dump = folder;
    RowRunner runner(find_backend(), device_profile("h100-sxm"), std::move(options));
    return runner.run({1, &strategy_, {}, Problem::parse("mb2ic3oc4ih5kh3sh2ph1")});
  }

 private:
  Strategy strategy_;
};

TEST_P(GradientRow, PassesTheRightAnswer) {
  const RowResult result = run([](const Call&, std::vector<float>&) {});
  EXPECT_EQ(result.status, Status::passed) << result.reason;
  EXPECT_EQ(result.check->deterministic, true);
}

TEST_P(GradientRow, CatchesOneWrongElement) {
  const RowResult result = run([](const Call&, std::vector<float>& output) { output[37] += 1; });
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.check->mismatches, 1);
}

TEST_P(GradientRow, CatchesAnOutputLeftUnwritten) {
  const RowResult result = run([](const Call&, std::vector<float>& output) { output.pop_back(); });
  EXPECT_EQ(result.status, Status::failed);
}

TEST_P(GradientRow, CatchesAChangedGradientOfTheOutput) {
  const RowResult result = run([](const Call& call, std::vector<float>&) {
    to_device(static_cast<float*>(call.y) + 9, {123.0F});
  });
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.reason, "changed its input y at element 9");
}

TEST_P(GradientRow, DumpsWhatTheStrategyWroteInItsPlace) {
  const auto folder = std::filesystem::path(testing::TempDir()) /
                      ("tconv_gradient_" + std::string(to_string(GetParam())));
  std::filesystem::remove_all(folder);
  std::vector<float> written;
  run([&](const Call&, std::vector<float>& output) { written = output; }, folder);
  const bool dgrad = GetParam() == Op::dgrad;
  const Npy file = read_npy(folder / "1" / (dgrad ? "x.npy" : "w.npy"));
  const std::string shape = dgrad ? "(2, 3, 5, 5)" : "(3, 4, 3, 3)";
  EXPECT_NE(file.header.find(shape), std::string::npos) << file.header;
  EXPECT_EQ(file.data, written);
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Ops, GradientRow, testing::Values(Op::dgrad, Op::wgrad),
                         [](const auto& row) { return std::string(to_string(row.param)); });

}  // namespace
}  // namespace tconv::bench
