// The net that every row passes through, with strategies that are caught in it.
#include <memory>

#include <gtest/gtest.h>

#include "bench/row_runner.h"
#include "tests/bench/misbehaving.h"
#include "tests/bench/read_npy.h"

namespace tconv::bench {
namespace {

void nothing(const Call&, std::vector<float>&) {}

class RowRunnerTest : public testing::Test {
 protected:
  RowResult run(const Strategy& strategy, RunOptions options = {},
                const std::string& problem = "mb2ic3oc4ih5kh3sh2ph1") {
    strategy_ = strategy;
    RowRunner runner(find_backend(), device_profile("h100-sxm"), std::move(options));
    return runner.run({3, &strategy_, {}, Problem::parse(problem)});
  }
  static RunOptions verify_only() {
    RunOptions options;
    options.verify_only = true;
    return options;
  }

 private:
  Strategy strategy_;
};

TEST_F(RowRunnerTest, PassesTheRightAnswer) {
  const RowResult result = run(strategy_with(nothing), verify_only());
  EXPECT_EQ(result.status, Status::passed) << result.reason;
  EXPECT_EQ(result.reason, "");
  EXPECT_EQ(result.check->mismatches, 0);
  EXPECT_EQ(result.check->deterministic, true);
  EXPECT_FALSE(result.time);
}

TEST_F(RowRunnerTest, PassesTheRightAnswerToRealData) {
  RunOptions options = verify_only();
  options.check_data = DataMode::normal;
  const RowResult result = run(strategy_with(nothing), options);
  EXPECT_EQ(result.status, Status::passed) << result.reason;
  EXPECT_LE(result.check->max_rel_to_bound, 1);
}

TEST_F(RowRunnerTest, SkipsWhatAStrategyRefuses) {
  Strategy s = strategy_with(nothing);
  s.supports = [](const Problem&, const Config&) { return std::string("only on Sundays"); };
  const RowResult result = run(s);
  EXPECT_EQ(result.status, Status::skipped);
  EXPECT_EQ(result.reason, "only on Sundays");
  EXPECT_FALSE(result.check);
}

TEST_F(RowRunnerTest, SkipsWhatDoesNotFitInMemory) {
  Strategy s = strategy_with(nothing);
  s.workspace = [](const Problem&, const Config&) { return int64_t{1} << 50; };
  const RowResult result = run(s);
  EXPECT_EQ(result.status, Status::skipped);
  EXPECT_NE(result.reason.find("needs 1073741824 MiB of device memory"), std::string::npos)
      << result.reason;
}

TEST_F(RowRunnerTest, CatchesOneWrongElement) {
  const RowResult result =
      run(strategy_with([](const Call&, std::vector<float>& y) { y[37] += 1; }));
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.check->mismatches, 1);
  EXPECT_EQ(result.check->max_abs, 1);
  EXPECT_FALSE(result.reason.empty());
}

TEST_F(RowRunnerTest, CatchesNaN) {
  const RowResult result =
      run(strategy_with([](const Call&, std::vector<float>& y) { y[5] = std::nanf(""); }));
  EXPECT_EQ(result.status, Status::failed);
}

TEST_F(RowRunnerTest, CatchesAnOutputLeftUnwritten) {
  Strategy s = strategy_with(nothing);
  s.launch = [](const Call& call) {
    std::vector<float> y = right_answer(call);
    y.pop_back();  // the last element keeps what was there before
    to_device(call.y, y);
  };
  EXPECT_EQ(run(s).status, Status::failed);
}

TEST_F(RowRunnerTest, CatchesAnUnwrittenOutputWhoseAnswerIsZero) {
  // Kernel 1, stride 2: no tap reaches every other output. Memory that happens to hold zeros must
  // not pass for an answer.
  Strategy s = strategy_with(nothing);
  s.launch = [](const Call& call) {
    const std::vector<float> y = right_answer(call);
    for (size_t i = 0; i < y.size(); i += 2) to_device(static_cast<float*>(call.y) + i, {y[i]});
  };
  const RowResult result = run(s, verify_only(), "mb1ic2oc1iw8ow16kw1sw2");
  EXPECT_EQ(result.status, Status::failed);
}

TEST_F(RowRunnerTest, MistrustsAnOutputOfZeros) {
  const RowResult result =
      run(strategy_with([](const Call&, std::vector<float>& y) { y.assign(y.size(), 0); }));
  EXPECT_NE(result.status, Status::passed);
  EXPECT_FALSE(result.reason.empty());
}

TEST_F(RowRunnerTest, CatchesAnInputThatWasChanged) {
  const RowResult result = run(strategy_with([](const Call& call, std::vector<float>&) {
    to_device(static_cast<float*>(call.w) + 9, {123.0F});
  }));
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.reason, "changed its input w at element 9");
}

TEST_F(RowRunnerTest, CatchesAWriteBehindTheOutput) {
  const RowResult result = run(strategy_with([](const Call& call, std::vector<float>&) {
    to_device(static_cast<float*>(call.y) + call.problem.y_size() + 2, {1.0F});
  }));
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.reason, "wrote outside y: 4 bytes changed after the end, the first at +8");
}

TEST_F(RowRunnerTest, CatchesAWriteAheadOfTheWorkspace) {
  Strategy s = strategy_with([](const Call& call, std::vector<float>&) {
    to_device(static_cast<float*>(call.workspace) - 1, {1.0F});
  });
  s.workspace = [](const Problem&, const Config&) { return int64_t{64}; };
  EXPECT_EQ(run(s).reason,
            "wrote outside workspace: 4 bytes changed before the start, the first at -4");
}

TEST_F(RowRunnerTest, CatchesABrokenPromiseOfDeterminism) {
  RunOptions options = verify_only();
  options.check_data = DataMode::normal;  // leaves room for an error that is within the bound
  auto runs = std::make_shared<int>(0);
  Strategy s = strategy_with([runs](const Call&, std::vector<float>& y) {
    if (++*runs == 2) y[4] = std::nextafter(y[4], 1e9F);
  });
  RowResult result = run(s, options);
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_EQ(result.check->deterministic, false);
  EXPECT_EQ(result.reason,
            "two runs differ at stored element 4, though the strategy is deterministic");
  EXPECT_EQ(result.check->ulp_spread, 1);

  *runs = 0;
  s.deterministic = [](const Problem&, const Config&) { return false; };
  result = run(s, options);
  EXPECT_EQ(result.status, Status::passed) << result.reason;
  EXPECT_EQ(result.check->deterministic, false);
}

TEST_F(RowRunnerTest, ReportsAnExceptionAsAnError) {
  Strategy s = strategy_with(
      [](const Call&, std::vector<float>&) -> void { throw std::runtime_error("no such luck"); });
  const RowResult result = run(s);
  EXPECT_EQ(result.status, Status::error);
  EXPECT_EQ(result.reason, "no such luck");
}

/// As a vendor's library that fails: in the middle of any step, with the device as it was.
TEST_F(RowRunnerTest, GoesOnAfterAnExceptionOfAnyStep) {
  const auto fail = [](auto&&...) { throw std::runtime_error("CUDNN_STATUS_INTERNAL_ERROR"); };
  std::vector<Strategy> broken(4, strategy_with(nothing));
  broken[0].supports = [=](auto&&...) { return fail(), std::string(); };
  broken[1].workspace = [=](auto&&...) { return fail(), int64_t{0}; };
  broken[2].prepare = [=](auto&&...) { return fail(), nullptr; };
  broken[3].launch = fail;
  for (const Strategy& s : broken) {
    const RowResult result = run(s);
    EXPECT_EQ(result.status, Status::error);
    EXPECT_EQ(result.reason, "CUDNN_STATUS_INTERNAL_ERROR");
    EXPECT_EQ(run(strategy_with(nothing)).status, Status::passed);
  }
}

TEST_F(RowRunnerTest, GoesOnAfterACudaError) {
  const Strategy s =
      strategy_with([](const Call&, std::vector<float>&) { TCONV_CUDA(cudaSetDevice(9999)); });
  const RowResult result = run(s);
  EXPECT_EQ(result.status, Status::error);
  EXPECT_NE(result.reason.find("cudaErrorInvalidDevice"), std::string::npos) << result.reason;
  EXPECT_FALSE(device_is_lost());
  EXPECT_EQ(run(strategy_with(nothing)).status, Status::passed);
}

TEST_F(RowRunnerTest, DumpsTensorsAndRow) {
  RunOptions options = verify_only();
  options.dump = std::filesystem::path(testing::TempDir()) / "tconv_dump";
  std::filesystem::remove_all(options.dump);
  const RowResult result = run(strategy_with(nothing), options);
  ASSERT_EQ(result.status, Status::passed) << result.reason;
  const auto folder = options.dump / "3";
  const Problem& p = result.row.problem;
  const Npy x = read_npy(folder / "x.npy");
  const Npy w = read_npy(folder / "w.npy");
  const Npy y = read_npy(folder / "y.npy");
  EXPECT_NE(x.header.find("(2, 3, 5, 5)"), std::string::npos) << x.header;
  EXPECT_NE(w.header.find("(3, 4, 3, 3)"), std::string::npos) << w.header;
  EXPECT_NE(y.header.find("(2, 4, 9, 9)"), std::string::npos) << y.header;
  const OracleResult oracle = scatter_oracle(p, x.data, w.data);
  EXPECT_EQ(y.data, std::vector<float>(oracle.value.begin(), oracle.value.end()));
  EXPECT_TRUE(std::filesystem::exists(folder / "row.json"));
}

TEST_F(RowRunnerTest, TakesADegenerateBatch) {
  const RowResult result = run(strategy_with(nothing), verify_only(), "mb0ic3oc4ih5kh3sh2ph1");
  EXPECT_EQ(result.status, Status::passed) << result.reason;
}

/// The path that a GPU takes, on whatever device there is: the drop-in's events say 0 for every
/// time.
class MeasuredRow : public RowRunnerTest {
 protected:
  RowResult measure(const Strategy& strategy) {
    RowRunner runner(Backend{}, device_profile("h100-sxm"), {});
    return runner.run({1, &strategy, {}, Problem::parse("mb1ic2oc2iw8kw4sw2")});
  }
};

TEST_F(MeasuredRow, HasBothSeriesAndIsCheckedAgain) {
  Strategy s = strategy_with(nothing);
  s.prepare = [](const Call&) { return std::unique_ptr<Prepared>(); };
  const RowResult result = measure(s);
  ASSERT_EQ(result.status, Status::passed) << result.reason;
  ASSERT_TRUE(result.time);
  EXPECT_GE(result.time->cold->samples.size(), 20u);
  EXPECT_GE(result.time->hot->samples.size(), 20u);
  EXPECT_EQ(result.time->cold->discarded, 3);
  EXPECT_TRUE(result.time->prepare_us);
  EXPECT_FALSE(result.counters);
}

TEST_F(MeasuredRow, FailsIfItGoesWrongWhileMeasured) {
  int runs = 0;
  const RowResult result = measure(strategy_with([&runs](const Call&, std::vector<float>& y) {
    if (++runs > 10) y[0] = -y[0] - 1;
  }));
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_FALSE(result.reason.empty());
}

TEST_F(MeasuredRow, IsNotMeasuredIfWrong) {
  int runs = 0;
  const RowResult result = measure(strategy_with([&runs](const Call&, std::vector<float>& y) {
    ++runs;
    y[0] += 1;
  }));
  EXPECT_EQ(result.status, Status::failed);
  EXPECT_FALSE(result.time);
  EXPECT_EQ(runs, 2) << "one to check, one to compare bits";
}

TEST(StopReason, ComesFromPrecisionSamplesOrTime) {
  const MeasureLimits limits{
      .warm_up = 0, .min_samples = 20, .max_samples = 100, .precision = 0.01, .max_seconds = 1};
  EXPECT_EQ(stop_reason({}, 5, limits), "");
  EXPECT_EQ(stop_reason(std::vector<double>(10, 5.0), 0.1, limits), "");
  EXPECT_EQ(stop_reason(std::vector<double>(20, 5.0), 0.1, limits), "precision");
  std::vector<double> noisy;
  for (int i = 0; i < 99; ++i) noisy.push_back(i % 2 == 0 ? 1 : 2);
  EXPECT_EQ(stop_reason(noisy, 0.1, limits), "");
  EXPECT_EQ(stop_reason(noisy, 1.0, limits), "time");
  noisy.push_back(1);
  EXPECT_EQ(stop_reason(noisy, 0.1, limits), "samples");
}

}  // namespace
}  // namespace tconv::bench
