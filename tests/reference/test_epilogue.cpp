// Bias and activation on the oracle's side, against values worked out here.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "reference/epilogue.h"

namespace tconv {
namespace {

/// Two samples of three channels of two outputs; every output is the product of one input and one
/// weight, so that sums can be read off.
const Problem kProblem = Problem::parse("mb2ic1oc3iw2kw1");
const std::vector<float> kInputs{1, -2, 3, -4}, kWeights{1, 2, -1}, kBias{10, -20, 0.5F};
const std::vector<double> kSums{1 + 10, -2 + 10, 2 - 20, -4 - 20, -1 + 0.5, 2 + 0.5,
                                3 + 10, -4 + 10, 6 - 20, -8 - 20, -3 + 0.5, 4 + 0.5};

OracleResult after(Epilogue epilogue, DType dtype = DType::f32, DataMode mode = DataMode::normal) {
  OracleResult y = gather_oracle(kProblem, kInputs, kWeights);
  apply_epilogue(kProblem, epilogue, dtype, mode, kBias, y);
  return y;
}

Comparison check(std::vector<float> got, const OracleResult& want, DataMode mode,
                 DType dtype = DType::f32) {
  return compare(got, want, std::vector<int64_t>{2, 3, 2}, dtype, mode);
}

std::vector<float> narrowed(const OracleResult& y) { return {y.value.begin(), y.value.end()}; }

TEST(Epilogue, NoneChangesNothing) {
  const OracleResult y = after(Epilogue::none);
  EXPECT_EQ(y.value, gather_oracle(kProblem, kInputs, kWeights).value);
  EXPECT_EQ(y.terms, std::vector<int64_t>(12, 1));
}

TEST(Epilogue, TheBiasIsATermOfItsChannel) {
  const OracleResult y = after(Epilogue::bias);
  EXPECT_EQ(y.value, kSums);
  EXPECT_EQ(y.terms, std::vector<int64_t>(12, 2));
  EXPECT_EQ(y.magnitude[0], 1 + 10);
  EXPECT_EQ(y.magnitude[9], 8 + 20);
  EXPECT_EQ(y.activation_error, 0);
}

TEST(Epilogue, ReluClipsAndCountsWhatItClips) {
  const OracleResult y = after(Epilogue::bias_relu);
  int64_t negative = 0;
  for (size_t i = 0; i < kSums.size(); ++i) {
    EXPECT_EQ(y.value[i], kSums[i] > 0 ? kSums[i] : 0);
    negative += kSums[i] < 0;
  }
  EXPECT_EQ(y.clipped, negative);
}

TEST(Epilogue, LeakyReluKeepsAFifth) {
  const OracleResult y = after(Epilogue::bias_leaky_relu);
  for (size_t i = 0; i < kSums.size(); ++i)
    EXPECT_DOUBLE_EQ(y.value[i], kSums[i] < 0 ? kSums[i] * 0.2F : kSums[i]);
}

TEST(Epilogue, LeakyReluOfAnIntegerIsRoundedAsAKernelMust) {
  // -18 * 0.2F in float is -3.6 rounded up; the neighbours in f16 are 2^-9 apart, in bf16 2^-6.
  EXPECT_EQ(after(Epilogue::bias_leaky_relu, DType::f32, DataMode::int_exact).value[2],
            -18.0F * 0.2F);
  EXPECT_EQ(after(Epilogue::bias_leaky_relu, DType::f16, DataMode::int_exact).value[2],
            -3.599609375);
  EXPECT_EQ(after(Epilogue::bias_leaky_relu, DType::bf16, DataMode::int_exact).value[2], -3.59375);
}

TEST(Epilogue, IntegersAreComparedToTheBit) {
  const OracleResult y = after(Epilogue::bias_leaky_relu, DType::f32, DataMode::int_exact);
  std::vector<float> got = narrowed(y);
  EXPECT_EQ(check(got, y, DataMode::int_exact).verdict, Verdict::passed);
  got[2] = std::nextafter(got[2], 0.0F);
  EXPECT_EQ(check(got, y, DataMode::int_exact).verdict, Verdict::failed);
}

TEST(Epilogue, TanhMayBeTwoUlpsOffAndNoMore) {
  OracleResult y = gather_oracle(kProblem, kInputs, kWeights);
  const std::vector<float> none{0, 0, 0};
  apply_epilogue(kProblem, Epilogue::bias_tanh, DType::f32, DataMode::int_exact, none, y);
  EXPECT_EQ(y.value[0], std::tanh(1.0));
  const auto ulps = [&](int n) {
    std::vector<float> got = narrowed(y);
    for (int i = 0; i < n; ++i) got[0] = std::nextafter(got[0], 2.0F);
    return check(got, y, DataMode::int_exact).verdict;
  };
  EXPECT_EQ(ulps(2), Verdict::passed);
  EXPECT_EQ(ulps(6), Verdict::failed);
}

TEST(Epilogue, NaNStaysAFailure) {
  for (const Epilogue e : {Epilogue::bias, Epilogue::bias_relu, Epilogue::bias_tanh}) {
    const OracleResult y = after(e);
    std::vector<float> got = narrowed(y);
    got[2] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(check(got, y, DataMode::normal).verdict, Verdict::failed) << to_string(e);
  }
}

TEST(Epilogue, ClippedZerosAreTrustedUnlessNothingElseIsLeft) {
  const OracleResult half = after(Epilogue::bias_relu);
  EXPECT_EQ(check(narrowed(half), half, DataMode::normal).verdict, Verdict::passed);
  OracleResult all = gather_oracle(kProblem, kInputs, kWeights);
  const std::vector<float> low{-100, -100, -100};
  apply_epilogue(kProblem, Epilogue::bias_relu, DType::f32, DataMode::normal, low, all);
  EXPECT_EQ(check(narrowed(all), all, DataMode::normal).verdict, Verdict::mistrusted);
}

TEST(Epilogue, ABiasOfAnotherSizeIsRefused) {
  OracleResult y = gather_oracle(kProblem, kInputs, kWeights);
  EXPECT_THROW(apply_epilogue(kProblem, Epilogue::bias, DType::f32, DataMode::normal,
                              std::vector<float>{1, 2}, y),
               ProblemError);
}

TEST(ScaleToUnitSums, KeepsATanhFromSaturating) {
  const Problem p = Problem::parse("mb1ic512oc8ih4oh8kh4sh2ph1");
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    for (const DataMode mode : {DataMode::int_exact, DataMode::normal, DataMode::uniform}) {
      std::vector<float> x(static_cast<size_t>(p.x_size())), w(static_cast<size_t>(p.w_size()));
      std::vector<float> bias(8);
      fill(x, mode, dtype, 1, 8192);
      fill(w, mode, dtype, 2, 8192);
      fill(bias, mode, dtype, 3, 8192);
      scale_to_unit_sums(p, dtype, x, w, bias);
      double squares = 0;
      OracleResult y = gather_oracle(p, x, w);
      for (const double v : y.value) squares += v * v / static_cast<double>(y.value.size());
      EXPECT_GT(squares, 0.2) << to_string(dtype);
      EXPECT_LT(squares, 5) << to_string(dtype);
      for (const float v : w) EXPECT_EQ(round_to(v, dtype), v);
    }
  }
}

}  // namespace
}  // namespace tconv
