// cuBLAS as a registered strategy. Without a GPU it must refuse with a reason, also with the
// virtual GPU's runtime loaded; with one it must be right.
#include <algorithm>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "kernels/strategy.h"
#include "tests/kernels/nasty_problems.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

const Strategy& by_cublas() {
  const auto found = std::find_if(strategies().begin(), strategies().end(),
                                  [](const Strategy& s) { return s.name == "gemm_col2im_cublas"; });
  return *found;
}

class CublasTest : public testing::TestWithParam<std::tuple<DType, Layout>> {
 protected:
  Config config(Epilogue epilogue = Epilogue::none) const {
    return {std::get<0>(GetParam()), std::get<1>(GetParam()), epilogue};
  }

  void expect_right_or_refused(const Problem& p, const Config& c) {
    const std::string reason = by_cublas().supports(p, c);
    if (reason.empty()) {
      EXPECT_EQ(run_strategy(by_cublas(), Case(Op::fprop, p, DataMode::int_exact, 1, c)).failure,
                "")
          << p.str();
    } else {
      EXPECT_TRUE(reason.starts_with("cuBLAS needs an NVIDIA GPU: ")) << reason;
      EXPECT_TRUE(reason.ends_with("; the virtual GPU cannot run its machine code")) << reason;
    }
  }
};

TEST_P(CublasTest, IsRightOnAGpuAndRefusesElsewhere) {
  for (const NastyProblem& n : kNastyProblems) {
    SCOPED_TRACE(n.why);
    expect_right_or_refused(Problem::parse(n.descriptor), config());
  }
}

TEST_P(CublasTest, FusesItsEpiloguesRight) {
  for (const Epilogue epilogue : {Epilogue::bias, Epilogue::bias_relu}) {
    expect_right_or_refused(Problem::parse("g3mb2_ic9oc15_ih5iw4_kh4kw4_sh2sw2_ph1pw1"),
                            config(epilogue));
  }
}

TEST_P(CublasTest, WhatItCannotNumberIsRefusedWithOrWithoutAGpu) {
  const Problem wide = Problem::parse("mb1_ic1oc1_ih32768iw32768_kh2kw2_sh2sw2");
  EXPECT_NE(by_cublas().supports(wide, config()), "");
  EXPECT_EQ(by_cublas().supports(wide, config()).find("GPU"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, CublasTest,
                         testing::Combine(testing::Values(DType::f32, DType::tf32, DType::f16,
                                                          DType::bf16),
                                          testing::Values(Layout::nchw, Layout::nhwc)),
                         [](const auto& row) {
                           return std::string(to_string(std::get<0>(row.param))) + '_' +
                                  std::string(to_string(std::get<1>(row.param)));
                         });

}  // namespace
}  // namespace tconv
