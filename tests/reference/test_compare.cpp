// The comparer must catch what is planted, and nothing else.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "reference/compare.h"

namespace tconv {
namespace {

constexpr std::array<int64_t, 4> kDims{2, 3, 4, 5};
constexpr size_t kSize = 120;

OracleResult integers() {
  OracleResult r;
  for (size_t i = 0; i < kSize; ++i) {
    r.value.push_back(static_cast<double>(i % 100) + 1);
    r.magnitude.push_back(static_cast<double>(i % 100) + 1);
    r.terms.push_back(4);
  }
  return r;
}

std::vector<float> answer(const OracleResult& r) { return {r.value.begin(), r.value.end()}; }

Comparison check(const std::vector<float>& got, const OracleResult& want,
                 DataMode mode = DataMode::int_exact, DType dtype = DType::f32) {
  return compare(got, want, kDims, dtype, mode);
}

TEST(Compare, RightAnswersPass) {
  const OracleResult want = integers();
  for (const auto mode : {DataMode::int_exact, DataMode::normal, DataMode::uniform}) {
    for (const auto dtype : {DType::f32, DType::tf32, DType::f16, DType::bf16}) {
      const Comparison c = check(answer(want), want, mode, dtype);
      EXPECT_EQ(c.verdict, Verdict::passed) << c.reason;
      EXPECT_EQ(c.reason, "");
      EXPECT_EQ(c.mismatches, 0);
      EXPECT_EQ(c.max_abs, 0);
    }
  }
}

TEST(Compare, OneWrongElementIsNamedByItsIndices) {
  const OracleResult want = integers();
  auto got = answer(want);
  got[((1 * 3 + 2) * 4 + 3) * 5 + 1] += 1;
  const Comparison c = check(got, want);
  EXPECT_EQ(c.verdict, Verdict::failed);
  EXPECT_EQ(c.mismatches, 1);
  EXPECT_EQ(c.max_abs, 1);
  EXPECT_EQ(c.reason, "[1,2,3,1] is 18, must be 17 exactly (1 of 120 wrong)");
}

TEST(Compare, OneUlpFailsInIntegerMode) {
  const OracleResult want = integers();
  auto got = answer(want);
  got[7] = std::nextafter(got[7], 1000.0f);
  EXPECT_EQ(check(got, want).verdict, Verdict::failed);
  EXPECT_EQ(check(got, want, DataMode::normal).verdict, Verdict::passed);
}

TEST(Compare, NonFiniteResultsFailInEveryMode) {
  const OracleResult want = integers();
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (const auto mode : {DataMode::int_exact, DataMode::normal}) {
      auto got = answer(want);
      got[3] = bad;
      const Comparison c = check(got, want, mode, DType::bf16);
      EXPECT_EQ(c.verdict, Verdict::failed);
      EXPECT_EQ(c.mismatches, 1);
      EXPECT_TRUE(std::isfinite(c.max_abs) && std::isfinite(c.rms) &&
                  std::isfinite(c.max_rel_to_bound));
    }
  }
}

TEST(Compare, NonFiniteFailsEvenWhereTheBoundIsEndless) {
  OracleResult want = integers();
  want.terms[3] = int64_t{1} << 30;
  auto got = answer(want);
  got[3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(check(got, want, DataMode::normal).verdict, Verdict::failed);
}

TEST(Compare, AllZerosFail) {
  const OracleResult want = integers();
  const Comparison c = check(std::vector<float>(kSize), want);
  EXPECT_EQ(c.verdict, Verdict::failed);
  EXPECT_EQ(c.mismatches, static_cast<int64_t>(kSize));
}

TEST(Compare, RightButMostlyZeroIsMistrusted) {
  OracleResult want = integers();
  for (size_t i = 0; i < 61; ++i) want.value[i] = 0;
  Comparison c = check(answer(want), want);
  EXPECT_EQ(c.verdict, Verdict::mistrusted);
  EXPECT_EQ(c.reason, "61 of 120 outputs that taps reach are zero: nothing is proven");
  // Outputs that no tap reaches are zero by right and do not count.
  for (size_t i = 0; i < 61; ++i) want.terms[i] = 0;
  c = check(answer(want), want);
  EXPECT_EQ(c.verdict, Verdict::passed) << c.reason;
}

TEST(Compare, OutputsThatNoTapReachesMustBeZeroToTheBit) {
  OracleResult want = integers();
  want.value[5] = want.magnitude[5] = 0;
  want.terms[5] = 0;
  auto got = answer(want);
  got[5] = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(check(got, want, DataMode::normal, DType::bf16).verdict, Verdict::failed);
  got[5] = -0.0f;
  EXPECT_EQ(check(got, want, DataMode::normal, DType::bf16).verdict, Verdict::passed);
}

TEST(Compare, BoundIsTheFormula) {
  // Worked out from the header's formula for |x||w| = 3, y = 1, 100000 terms. Tensor cores count a
  // unit twice as large.
  const struct {
    DType dtype;
    double in, accumulate, out;
  } kCases[] = {{DType::f32, 0x1p-24, 0x1p-24, 0x1p-24},
                {DType::tf32, 0x1p-11, 0x1p-23, 0x1p-24},
                {DType::f16, 0x1p-11, 0x1p-23, 0x1p-11},
                {DType::bf16, 0x1p-8, 0x1p-23, 0x1p-8}};
  for (const auto& k : kCases) {
    const double gamma = 1e5 * k.accumulate / (1 - 1e5 * k.accumulate);
    const double bound = (2 * k.in + k.in * k.in + gamma) * 3 + k.out * 1;
    const OracleResult want{{1.0}, {3.0}, {100000}};
    for (const double sign : {-1.0, 1.0}) {
      const auto below = compare(std::vector{static_cast<float>(1 + sign * bound * 0.9)}, want, {},
                                 k.dtype, DataMode::normal);
      EXPECT_EQ(below.verdict, Verdict::passed) << to_string(k.dtype) << " " << below.reason;
      EXPECT_NEAR(below.max_rel_to_bound, 0.9, 0.1);
      const auto above = compare(std::vector{static_cast<float>(1 + sign * bound * 1.1)}, want, {},
                                 k.dtype, DataMode::normal);
      EXPECT_EQ(above.verdict, Verdict::failed) << to_string(k.dtype);
      EXPECT_NEAR(above.max_rel_to_bound, 1.1, 0.1);
    }
  }
}

TEST(Compare, IntegerSumsThatCannotBeExactAreMistrusted) {
  OracleResult want = integers();
  want.value[9] = 257;  // not a bf16
  EXPECT_EQ(check(answer(want), want, DataMode::int_exact, DType::bf16).verdict,
            Verdict::mistrusted);
  EXPECT_EQ(check(answer(want), want, DataMode::int_exact, DType::f16).verdict, Verdict::passed);
  want.magnitude[9] = 0x1p25;
  EXPECT_EQ(check(answer(want), want).verdict, Verdict::mistrusted);
}

TEST(Compare, WrongSizeFailsAndRmsIsRelativeToTheLargest) {
  const OracleResult want = integers();
  EXPECT_EQ(check(std::vector<float>(7), want).reason, "result has 7 elements: must be 120");
  auto got = answer(want);
  for (float& v : got) v += 50;
  EXPECT_DOUBLE_EQ(check(got, want).rms, 0.5);
}

TEST(Compare, NothingToCompareOfAnEmptyBatch) {
  EXPECT_EQ(compare({}, OracleResult{}, {}, DType::f32, DataMode::int_exact).verdict,
            Verdict::passed);
}

}  // namespace
}  // namespace tconv
