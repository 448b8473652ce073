// Test data: reproducible, representable, exact where it claims to be.
#include <cmath>
#include <cstring>
#include <numeric>

#include <gtest/gtest.h>

#include "reference/compare.h"
#include "reference/conv_transpose.h"
#include "tests/reference/random_problem.h"

namespace tconv {
namespace {

constexpr DType kTypes[] = {DType::f32, DType::tf32, DType::f16, DType::bf16};
constexpr DataMode kModes[] = {DataMode::int_exact, DataMode::normal, DataMode::uniform};

/// Nearest-even truncation of the bit pattern: an independent way to round to a format with float's
/// exponents.
float round_bits(float v, int dropped) {
  uint32_t bits = 0;
  std::memcpy(&bits, &v, 4);
  bits += (1u << (dropped - 1)) - 1 + (bits >> dropped & 1);
  bits &= ~((1u << dropped) - 1);
  std::memcpy(&v, &bits, 4);
  return v;
}

TEST(RoundTo, AgreesWithBitPatterns) {
  for (const float v : test::random_tensor(10000, 1)) {
    EXPECT_EQ(round_to(v, DType::f32), v);
    EXPECT_EQ(round_to(v, DType::tf32), round_bits(v, 13));
    EXPECT_EQ(round_to(v, DType::bf16), round_bits(v, 16));
    if (std::abs(v) >= 0x1p-14f) {
      EXPECT_EQ(round_to(v, DType::f16), round_bits(v, 13));  // normal f16 has tf32's precision
    }
  }
}

TEST(RoundTo, LimitsOfF16) {
  EXPECT_EQ(round_to(65504.0f, DType::f16), 65504.0f);
  EXPECT_EQ(round_to(65519.0f, DType::f16), 65504.0f);
  EXPECT_EQ(round_to(65520.0f, DType::f16), INFINITY);
  EXPECT_EQ(round_to(0x1p-24f, DType::f16), 0x1p-24f);
  EXPECT_EQ(round_to(0x1.8p-24f, DType::f16), 0x1p-23f);  // a tie goes to even
  EXPECT_EQ(round_to(0x1p-25f, DType::f16), 0.0f);
  EXPECT_EQ(round_to(2049.0f, DType::f16), 2048.0f);
  EXPECT_EQ(round_to(257.0f, DType::bf16), 256.0f);
}

TEST(UnitRoundoff, OfEveryType) {
  EXPECT_EQ(unit_roundoff(DType::f32), 0x1p-24);
  EXPECT_EQ(unit_roundoff(DType::tf32), 0x1p-11);
  EXPECT_EQ(unit_roundoff(DType::f16), 0x1p-11);
  EXPECT_EQ(unit_roundoff(DType::bf16), 0x1p-8);
}

TEST(Fill, DependsOnTheSeedAloneAndIsRepresentable) {
  for (const auto mode : kModes) {
    for (const auto dtype : kTypes) {
      const auto a = test::random_tensor(1000, 1, mode, dtype, 100);
      EXPECT_EQ(a, test::random_tensor(1000, 1, mode, dtype, 100));
      EXPECT_NE(a, test::random_tensor(1000, 2, mode, dtype, 100));
      EXPECT_NE(a[0], 0);
      for (const float v : a) EXPECT_EQ(round_to(v, dtype), v);
    }
  }
}

TEST(Fill, FirstElementIsNeverZero) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    EXPECT_NE(test::random_tensor(1, seed, DataMode::int_exact, DType::bf16, 1 << 20)[0], 0);
  }
}

TEST(Fill, HasTheMomentsOfItsDistribution) {
  const auto moments = [](const std::vector<float>& v) {
    const double n = static_cast<double>(v.size());
    const double mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
    double square = 0;
    for (const float a : v) square += a * a / n;
    return std::pair{mean, square - mean * mean};
  };
  const auto [normal_mean, normal_variance] = moments(test::random_tensor(100000, 1));
  EXPECT_NEAR(normal_mean, 0, 0.02);
  EXPECT_NEAR(normal_variance, 1, 0.02);
  const auto [mean, variance] = moments(test::random_tensor(100000, 1, DataMode::uniform));
  EXPECT_NEAR(mean, 0, 0.01);
  EXPECT_NEAR(variance, 1.0 / 3, 0.01);
}

TEST(Fill, IntegerSumsStayExactAndSayEnough) {
  for (const auto dtype : kTypes) {
    for (const int64_t terms : {1, 4, 9, 100, 1024, 8192, 100000}) {
      // A layer of one tap has exactly `terms` products per output.
      const Problem p = Problem::parse("mb1_ic" + std::to_string(terms) + "iw16_oc8_kw1");
      const auto x = test::random_tensor(p.x_size(), 1, DataMode::int_exact, dtype, terms);
      const auto w = test::random_tensor(p.w_size(), 2, DataMode::int_exact, dtype, terms);
      const OracleResult want = gather_oracle(p, x, w);
      const std::vector<float> got(want.value.begin(), want.value.end());
      const auto c =
          compare(got, want, {}, dtype, DataMode::int_exact);  // mistrusts inexact sums and zeros
      EXPECT_EQ(c.verdict, Verdict::passed) << to_string(dtype) << " " << terms << ": " << c.reason;
    }
  }
}

}  // namespace
}  // namespace tconv
