// The oracles against each other, against the explicit matrix, and against laws that any right
// answer obeys.
#include <cmath>

#include <gtest/gtest.h>

#include "reference/conv_transpose.h"
#include "tests/reference/random_problem.h"

namespace tconv {
namespace {

using test::random_problem;
using test::random_tensor;

double dot(const auto& a, const auto& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// Integers, so that every oracle is exact and must agree to the bit.
std::vector<float> integers(int64_t size, uint64_t seed) {
  return random_tensor(size, seed, DataMode::int_exact, DType::f32, 1000);
}

struct Data {
  Problem p;
  std::vector<float> x, w, dy;
};

Data integer_data(test::Random& random, uint64_t seed) {
  const Problem p = random_problem(random);
  return {p, integers(p.x_size(), seed), integers(p.w_size(), seed + 1),
          integers(p.y_size(), seed + 2)};
}

TEST(Oracles, ScatterAndGatherAgreeToTheBit) {
  test::Random random(10);
  for (uint64_t i = 0; i < 1500; ++i) {
    const auto [p, x, w, dy] = integer_data(random, 3 * i);
    const OracleResult a = scatter_oracle(p, x, w), b = gather_oracle(p, x, w);
    ASSERT_EQ(a.value, b.value) << p.str();
    ASSERT_EQ(a.magnitude, b.magnitude) << p.str();
    ASSERT_EQ(a.terms, b.terms) << p.str();
  }
}

TEST(Oracles, AgreeWithTheExplicitMatrix) {
  test::Random random(11);
  for (uint64_t i = 0; i < 400; ++i) {
    const auto [p, x, w, dy] = integer_data(random, 3 * i);
    const auto rows = static_cast<size_t>(p.y_size() / p.batch);
    const auto columns = static_cast<size_t>(p.x_size() / p.batch);
    if (rows * columns > 100000) continue;
    const auto matrix = transpose_matrix(p, w);
    const auto y = scatter_oracle(p, x, w).value;
    const auto dx = dgrad_oracle(p, dy, w).value;
    for (size_t n = 0; n < static_cast<size_t>(p.batch); ++n) {
      std::vector<double> my(rows), mdx(columns);
      for (size_t r = 0; r < rows; ++r) {
        for (size_t c = 0; c < columns; ++c) {
          my[r] += matrix[r * columns + c] * x[n * columns + c];
          mdx[c] += matrix[r * columns + c] * dy[n * rows + r];
        }
      }
      ASSERT_TRUE(std::equal(my.begin(), my.end(), y.begin() + static_cast<int64_t>(n * rows)))
          << p.str();
      ASSERT_TRUE(
          std::equal(mdx.begin(), mdx.end(), dx.begin() + static_cast<int64_t>(n * columns)))
          << p.str();
    }
  }
}

TEST(Oracles, AdjointDotTests) {
  // <y(x, w), dy> is linear in each argument, so all three operators give the same number.
  test::Random random(12);
  for (uint64_t i = 0; i < 500; ++i) {
    const auto [p, x, w, dy] = integer_data(random, 3 * i);
    const double forward = dot(scatter_oracle(p, x, w).value, dy);
    ASSERT_EQ(dot(dgrad_oracle(p, dy, w).value, x), forward) << p.str();
    ASSERT_EQ(dot(wgrad_oracle(p, x, dy).value, w), forward) << p.str();
  }
}

TEST(Oracles, WeightGradientIsTheDerivative) {
  // y is linear in w: the difference quotient of <y, dy> in one weight is exact for any step.
  test::Random random(13);
  for (uint64_t i = 0; i < 60; ++i) {
    auto [p, x, w, dy] = integer_data(random, 3 * i);
    const auto gradient = wgrad_oracle(p, x, dy).value;
    const double before = dot(gather_oracle(p, x, w).value, dy);
    for (int k = 0; k < 5; ++k) {
      const auto at = static_cast<size_t>(test::draw(random, 0, p.w_size() - 1));
      w[at] += 1;
      ASSERT_EQ(dot(gather_oracle(p, x, w).value, dy) - before, gradient[at]) << p.str();
      w[at] -= 1;
    }
  }
}

TEST(Oracles, TermsAndMagnitudeOfTheGradients) {
  // With ones everywhere, value, magnitude and terms are one and the same count.
  test::Random random(14);
  for (int i = 0; i < 300; ++i) {
    const Problem p = random_problem(random);
    const std::vector<float> x(static_cast<size_t>(p.x_size()), 1.0f),
        w(static_cast<size_t>(p.w_size()), -1.0f), dy(static_cast<size_t>(p.y_size()), 1.0f);
    int64_t total = 0;
    for (const OracleResult& r :
         {scatter_oracle(p, x, w), dgrad_oracle(p, dy, w), wgrad_oracle(p, x, dy)}) {
      int64_t sum = 0;
      for (size_t k = 0; k < r.value.size(); ++k) {
        ASSERT_EQ(std::abs(r.value[k]), static_cast<double>(r.terms[k]));
        ASSERT_EQ(r.magnitude[k], static_cast<double>(r.terms[k]));
        sum += r.terms[k];
      }
      ASSERT_EQ(sum, p.macs_needed()) << p.str();
      total += sum;
    }
    ASSERT_EQ(total, 3 * p.macs_needed());
  }
}

TEST(Oracles, LinearInTheInput) {
  test::Random random(15);
  for (uint64_t i = 0; i < 100; ++i) {
    const auto [p, x, w, dy] = integer_data(random, 4 * i);
    const auto other = integers(p.x_size(), 4 * i + 3);
    std::vector<float> sum(x.size());
    for (size_t k = 0; k < x.size(); ++k) sum[k] = 2 * x[k] - 3 * other[k];
    const auto a = gather_oracle(p, x, w).value, b = gather_oracle(p, other, w).value;
    const auto c = gather_oracle(p, sum, w).value;
    for (size_t k = 0; k < c.size(); ++k) ASSERT_EQ(c[k], 2 * a[k] - 3 * b[k]) << p.str();
  }
}

TEST(Oracles, ShiftingTheInputByOneShiftsTheOutputByTheStride) {
  const Problem p = Problem::parse("mb1_ic2iw12_oc3_kw5_sw3_dw1");
  auto x = integers(p.x_size(), 1);
  for (const size_t end : {11u, 23u}) x[end] = 0;  // nothing is shifted out
  std::vector<float> shifted(x.size());
  for (size_t i = 0; i < x.size(); ++i) shifted[i] = i % 12 ? x[i - 1] : 0;
  const auto w = integers(p.w_size(), 2);
  const auto y = scatter_oracle(p, x, w).value, z = scatter_oracle(p, shifted, w).value;
  const auto row = static_cast<size_t>(p.axes[2].out);
  for (size_t o = 0; o < y.size(); ++o) ASSERT_EQ(z[o], o % row < 3 ? 0 : y[o - 3]);
}

TEST(Oracles, CropIsCutFromTheUncroppedResult) {
  const Problem whole = Problem::parse("mb1_ic2ih4iw5_oc3_kh4kw3_sh2sw3");
  Problem part = whole;
  part.axes[1].crop_lo = 3;
  part.axes[1].out = 4;
  part.axes[2].crop_lo = 1;
  part.axes[2].out = whole.axes[2].out;  // cropped low, padded high
  const auto x = integers(whole.x_size(), 1), w = integers(whole.w_size(), 2);
  const auto y = gather_oracle(whole, x, w).value, z = gather_oracle(part, x, w).value;
  const int64_t H = whole.axes[1].out, W = whole.axes[2].out;
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t h = 0; h < 4; ++h) {
      for (int64_t k = 0; k < W; ++k) {
        const double want = k + 1 < W ? y[static_cast<size_t>((c * H + h + 3) * W + k + 1)] : 0;
        ASSERT_EQ(z[static_cast<size_t>((c * 4 + h) * W + k)], want);
      }
    }
  }
}

TEST(Oracles, GroupsAreIndependentProblems) {
  const Problem p = Problem::parse("g3mb2_ic6iw5_oc9_kw4_sw2_pw1");
  const Problem one = Problem::parse("mb2_ic2iw5_oc3_kw4_sw2_pw1");
  const auto x = integers(p.x_size(), 1), w = integers(p.w_size(), 2);
  const auto y = scatter_oracle(p, x, w).value;
  const auto row = static_cast<int64_t>(p.axes[2].out);
  for (int64_t g = 0; g < 3; ++g) {
    std::vector<float> xg, wg(w.begin() + g * one.w_size(), w.begin() + (g + 1) * one.w_size());
    for (int64_t n = 0; n < 2; ++n)
      xg.insert(xg.end(), x.begin() + (n * 6 + g * 2) * 5, x.begin() + (n * 6 + g * 2 + 2) * 5);
    const auto yg = scatter_oracle(one, xg, wg).value;
    for (int64_t n = 0; n < 2; ++n) {
      for (int64_t k = 0; k < 3 * row; ++k) {
        ASSERT_EQ(y[static_cast<size_t>((n * 9 + g * 3) * row + k)],
                  yg[static_cast<size_t>(n * 3 * row + k)]);
      }
    }
  }
}

TEST(Oracles, BatchZeroGivesNothing) {
  const Problem p = Problem::parse("mb0ic2iw3oc4kw3");
  const std::vector<float> none, w(24, 1.0f);
  EXPECT_TRUE(scatter_oracle(p, none, w).value.empty());
  EXPECT_TRUE(gather_oracle(p, none, w).value.empty());
  EXPECT_EQ(wgrad_oracle(p, none, none).value, std::vector<double>(24));
}

TEST(Oracles, WrongSizesAndTooLargeMatricesAreRefusedByName) {
  const Problem p = Problem::parse("mb1ic1iw3oc1kw3");
  const std::vector<float> two(2), three(3), five(5);
  EXPECT_THROW(scatter_oracle(p, two, three), ProblemError);
  EXPECT_THROW(gather_oracle(p, three, two), ProblemError);
  EXPECT_THROW(dgrad_oracle(p, three, three), ProblemError);
  EXPECT_THROW(wgrad_oracle(p, three, three), ProblemError);
  EXPECT_NO_THROW(wgrad_oracle(p, three, five));
  const Problem large = Problem::parse("mb1ic1iw8192oc1kw1");
  EXPECT_THROW(transpose_matrix(large, std::vector<float>(1)), ProblemError);
}

}  // namespace
}  // namespace tconv
