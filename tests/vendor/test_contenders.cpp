// cuDNN's and cuBLAS's contenders, run to the end on doubles of the libraries: that what they are
// asked to compute is the problem, in every direction, type and layout.
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/detail/device_buffer.h"
#include "kernels/detail/unfused.h"
#include "kernels/strategy.h"
#include "kernels/vendor/cudnn_operation.h"
#include "tests/kernels/nasty_problems.h"
#include "tests/kernels/run_strategy.h"
#include "tests/vendor/ledger.h"

namespace tconv {
namespace {

std::vector<const Strategy*> vendors(Op op) {
  std::vector<const Strategy*> found;
  for (const Strategy& s : strategies()) {
    if (s.op == op && (s.name.starts_with("cudnn") || s.name.ends_with("cublas")))
      found.push_back(&s);
  }
  return found;
}

/// What may be refused, and in which words.
bool is_allowed(const std::string& refusal) {
  return refusal == "cuDNN has no tensors of batch 0" ||
         refusal.starts_with("cuDNN needs output padding < stride: ");
}

class VendorTest : public testing::TestWithParam<std::tuple<Op, DType, Layout>> {
 protected:
  Op op() const { return std::get<0>(GetParam()); }
  Config config() const { return {std::get<1>(GetParam()), std::get<2>(GetParam())}; }

  void expect_right(const Problem& p, DataMode mode) {
    const Case c(op(), p, mode, 1, config());
    for (const Strategy* s : vendors(op())) {
      SCOPED_TRACE(s->name);
      if (const std::string reason = refusal(*s, p, config()); !reason.empty()) {
        EXPECT_TRUE(is_allowed(reason)) << reason;
        continue;
      }
      EXPECT_EQ(run_strategy(*s, c).failure, "");
      ++runs_;
    }
  }

  void expect_right(DataMode mode, int64_t most_macs) {
    for (const NastyProblem& n : kNastyProblems) {
      SCOPED_TRACE(n.why);
      const Problem p = Problem::parse(n.descriptor);
      if (p.macs_needed() <= most_macs) expect_right(p, mode);
    }
  }

  int runs_ = 0;
};

TEST_P(VendorTest, IntegersMatchToTheBit) {
  expect_right(DataMode::int_exact, 400'000);
  EXPECT_GT(runs_, 60);
}

TEST_P(VendorTest, RealNumbersStayWithinTheBound) {
  expect_right(DataMode::normal, 40'000);
  EXPECT_GT(runs_, 40);
}

TEST_P(VendorTest, TensorsThatAreAlignedToLessThanPromisedAreRefusedWhenRun) {
  const Case c(op(), Problem::parse("mb1_ic4oc4_ih4iw4_kh3kw3"), DataMode::int_exact, 1, config());
  for (const Strategy* s : vendors(op())) {
    if (!s->name.starts_with("cudnn")) continue;
    try {
      run_strategy(*s, c, /*misalign=*/1);
      ADD_FAILURE() << s->name;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string_view(error.what()).find("aligned to less"), std::string::npos)
          << error.what();
    }
  }
}

/// A call in memory that belongs to nobody else.
class LoneCall {
 public:
  LoneCall(const Strategy& s, const Problem& p, const Config& config, cudaStream_t stream)
      : x_(p.x_size() * 4),
        w_(p.w_size() * 4),
        y_(p.y_size() * 4),
        workspace_(s.workspace(p, config)),
        call{p,       config, x_.data(), w_.data(), y_.data(), nullptr, workspace_.data(),
             nullptr, stream} {
    for (DeviceBuffer<std::byte>* buffer : {&x_, &w_, &y_})
      TCONV_CUDA(cudaMemset(buffer->data(), kFilled, buffer->bytes()));
  }
  /// Whether every tensor is as it was in the beginning.
  bool untouched() const {
    const auto is_filled = [](std::byte b) { return b == std::byte{kFilled}; };
    const auto whole = [&](const DeviceBuffer<std::byte>& buffer) {
      const auto bytes = buffer.download();
      return std::all_of(bytes.begin(), bytes.end(), is_filled);
    };
    return whole(x_) && whole(w_) && whole(y_);
  }

 private:
  static constexpr int kFilled = 0x3C;
  DeviceBuffer<std::byte> x_, w_, y_, workspace_;

 public:
  Call call;
};

// What the output held before is what shows that a launch left some of it out.
TEST_P(VendorTest, LeaveTheOutputAloneUntilTheyAreLaunched) {
  const Problem p = Problem::parse("mb1_ic4oc4_iw4_kw3");
  for (const Strategy* s : vendors(op())) {
    ASSERT_EQ(refusal(*s, p, config()), "");
    const LoneCall lone(*s, p, config(), nullptr);
    const auto prepared = s->prepare(lone.call);
    EXPECT_TRUE(lone.untouched()) << s->name;
  }
}

TEST_P(VendorTest, WorkOnTheStreamTheyAreGiven) {
  const Problem p = Problem::parse("mb1_ic4oc4_iw4_kw3");
  cudaStream_t stream = nullptr;
  TCONV_CUDA(cudaStreamCreate(&stream));
  for (const Strategy* s : vendors(op())) {
    ASSERT_EQ(refusal(*s, p, config()), "");
    LoneCall lone(*s, p, config(), stream);
    const auto prepared = s->prepare(lone.call);
    lone.call.prepared = prepared.get();
    doubles::note_work({});
    s->launch(lone.call);
    EXPECT_EQ(doubles::latest_work().stream, stream) << s->name;
  }
  TCONV_CUDA(cudaStreamDestroy(stream));
}

TEST_P(VendorTest, FuseEpiloguesOrLeaveThemToTheirUnfusedTwins) {
  if (op() != Op::fprop) return;
  Config with = config();
  with.epilogue = Epilogue::bias_relu;
  const Problem p = Problem::parse("g3mb2_ic9oc15_ih5iw4_kh4kw4_sh2sw2_ph1pw1");
  const Case c(op(), p, DataMode::int_exact, 1, with);
  for (const Strategy* s : vendors(op())) {
    EXPECT_EQ(run_strategy(detail::unfused(*s), c).failure, "") << s->name;
    if (s->name.ends_with("cublas")) {
      EXPECT_EQ(run_strategy(*s, c).failure, "") << "fused";
    }
  }
}

// cuDNN itself refuses these too: tests/kernels/test_cudnn_plan.cpp.
TEST_P(VendorTest, TheDoubleRefusesWhatCudnnRefuses) {
  Problem low_padding = Problem::parse("mb1ic8oc8ih5kh3sh2ph1");
  low_padding.axes[1].crop_lo = -1;
  for (const Problem& p : {low_padding, Problem::parse("mb0ic8oc8ih5kh3sh2ph1"),
                           Problem::parse("mb1ic8oc8ih5kh3sh1ph1dh2oh11")}) {
    EXPECT_THROW(cudnn::Operation(op(), p, config()), cudnn::Error) << p.str();
  }
}

std::string name(const testing::TestParamInfo<VendorTest::ParamType>& row) {
  const auto& [op, dtype, layout] = row.param;
  return std::string(to_string(op)) + '_' + std::string(to_string(dtype)) + '_' +
         std::string(to_string(layout));
}
INSTANTIATE_TEST_SUITE_P(All, VendorTest,
                         testing::Combine(testing::Values(Op::fprop, Op::dgrad, Op::wgrad),
                                          testing::Values(DType::f32, DType::tf32, DType::f16,
                                                          DType::bf16),
                                          testing::Values(Layout::nchw, Layout::nhwc)),
                         name);

}  // namespace
}  // namespace tconv
