// Rows of cuDNN and cuBLAS, run as the program runs them on doubles of the libraries: which plan
// they took, and what is left of a row of which one call failed.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "bench/row_runner.h"
#include "tests/vendor/ledger.h"

namespace tconv::bench {
namespace {

constexpr const char* kProblem = "g2mb1_ic4oc6_ih3iw4_kh3kw3_sh2sw2_ph1pw1";

const Strategy& strategy(Op op, const std::string& name) {
  return *std::find_if(strategies().begin(), strategies().end(),
                       [&](const Strategy& s) { return s.op == op && s.name == name; });
}

class Rows : public testing::Test {
 protected:
  RowResult run(const Strategy& s, const char* problem, const Config& config = {}) {
    return runner_.run({1, &s, config, Problem::parse(problem)});
  }
  static RunOptions options() {
    RunOptions chosen;
    chosen.check_data = DataMode::normal;
    chosen.verify_only = true;
    return chosen;
  }
  RowRunner runner_{find_backend(), device_profile("a100-sxm"), options()};
};

struct Pick {
  const char* strategy;
  Config config;
  const char* note;  ///< part of it
};
constexpr DType kF32 = DType::f32, kTf32 = DType::tf32, kF16 = DType::f16;
const Pick kPicks[] = {
    {"cudnn", {kF32}, "eng9001_k2=1 [A; NONDETERMINISTIC; workspace 0 B], the heuristic's first"},
    {"cudnn_deterministic", {kF32}, "eng9004_k2=1 [A; workspace 1000 B], the heuristic's first"},
    {"cudnn_best",
     {kF32},
     "eng9004_k2=1 [A; workspace 1000 B], fastest of 2 timed, 1 failed to run"},
    {"cudnn_best",
     {kTf32},
     "eng9007_k2=1 [B; TENSOR_CORE; workspace 131 B], fastest of 3 timed, 1 failed to run"},
    {"cudnn_best",
     {kF16, Layout::nhwc},
     "eng9007_k2=1 [B; TENSOR_CORE; workspace 131 B], fastest of 3 timed, 1 failed to run"},
    {"cudnn_best",
     {kF16, Layout::nchw},
     "eng9007_k2=1 [B; TENSOR_CORE; workspace 131 B], fastest of 3 timed, 1 failed to run"},
};

TEST_F(Rows, SayWhichPlanTheyTook) {
  for (const Op op : {Op::fprop, Op::dgrad, Op::wgrad}) {
    for (const Pick& pick : kPicks) {
      const RowResult row = run(strategy(op, pick.strategy), kProblem, pick.config);
      EXPECT_EQ(row.status, Status::passed) << row.reason;
      EXPECT_NE(row.note.find(pick.note), std::string::npos) << row.note;
      EXPECT_EQ(row.note.find("cuDNN 99.99.99: "), 0U) << row.note;
      EXPECT_NE(row.note.find(", 7 offered, "), std::string::npos) << row.note;
    }
  }
}

TEST_F(Rows, AskTheFallbackWhereAHeuristicHasNothing) {
  const RowResult row =
      run(strategy(Op::fprop, "cudnn_best"), "mb1_ic2oc3_id2ih3iw2_kd2kh2kw3_sd2sh2sw2", {kTf32});
  EXPECT_EQ(row.status, Status::passed) << row.reason;
  EXPECT_NE(row.note.find("eng9007_k2=1 [FALLBACK; "), std::string::npos) << row.note;
}

TEST_F(Rows, PromiseDeterminismWhereEveryPlanDoes) {
  const RowResult first = run(strategy(Op::wgrad, "cudnn"), kProblem);
  EXPECT_NE(first.check->deterministic, true);
  const RowResult promised = run(strategy(Op::wgrad, "cudnn_deterministic"), kProblem);
  EXPECT_EQ(promised.check->deterministic, true);
}

struct State {
  int64_t descriptors;
  size_t free_bytes;
  bool operator==(const State&) const = default;
};
std::ostream& operator<<(std::ostream& out, const State& s) {
  return out << s.descriptors << " descriptors, " << s.free_bytes << " B free";
}

State state() {
  size_t available = 0, total = 0;
  TCONV_CUDA(cudaMemGetInfo(&available, &total));
  return {doubles::live(), available};
}

/// Rows of one strategy while each call that it makes of a vendor fails in turn. Between them a row
/// of another problem, since plans of the latest are kept.
class Faulty : public Rows, public testing::WithParamInterface<std::pair<Op, const char*>> {
 protected:
  void expect_passed(const char* problem, const State& before) {
    const RowResult row = run(strategy_, problem);
    EXPECT_EQ(row.status, Status::passed) << row.reason;
    EXPECT_EQ(state(), before);
  }

  const Strategy& strategy_ = strategy(GetParam().first, GetParam().second);
};

TEST_P(Faulty, CallsCostTheirRowAndNothingElse) {
  constexpr const char* kOther = "mb2_ic2oc3_iw5_kw4_sw2_pw1";
  const std::string whole = run(strategy_, kProblem).note;
  run(strategy_, kOther);
  const State before = state();
  int errors = 0, unnoticed = 0;
  for (int64_t n = 1;; ++n) {
    doubles::plan_failure("any", n);
    const RowResult row = run(strategy_, kProblem);
    const std::string failure = doubles::failure();
    doubles::plan_failure("any", 0);
    SCOPED_TRACE(failure + ": call " + std::to_string(n));
    if (failure.empty()) {
      EXPECT_EQ(row.status, Status::passed) << row.reason;
      break;  // there are fewer than n calls
    }
    if (row.status == Status::passed) {
      unnoticed += row.note == whole ? 1 : 0;
    } else {
      ++errors;
      EXPECT_EQ(row.status, Status::error) << row.reason;
      EXPECT_TRUE(row.reason.find("fails as planned") != std::string::npos ||
                  row.reason.find("eng9005") != std::string::npos)  // next, and never executes
          << row.reason;
      EXPECT_EQ(row.reason.find('\n'), std::string::npos) << row.reason;
      EXPECT_TRUE(row.reason.starts_with("cu")) << "names no library or call: " << row.reason;
    }
    expect_passed(kOther, before);
    if (HasFailure()) break;
  }
  EXPECT_GT(errors, 3);
  EXPECT_LE(unnoticed, 2) << "only plans that are never finalised or executed anyway";
}

INSTANTIATE_TEST_SUITE_P(All, Faulty,
                         testing::Values(std::pair(Op::fprop, "cudnn"),
                                         std::pair(Op::fprop, "cudnn_best"),
                                         std::pair(Op::dgrad, "cudnn"),
                                         std::pair(Op::wgrad, "cudnn_deterministic"),
                                         std::pair(Op::fprop, "gemm_col2im_cublas")),
                         [](const auto& row) {
                           return std::string(to_string(row.param.first)) + '_' + row.param.second;
                         });

}  // namespace
}  // namespace tconv::bench
