// The worked examples that the project started from, by name.
#include <gtest/gtest.h>

#include "reference/conv_transpose.h"

namespace tconv {
namespace {

using Matrix = std::vector<double>;

const std::vector<float> kX{1, 2, 3, 4};
const std::vector<float> kW{1, 2, 3, 4, 5, 6, 7, 8, 9};
const std::vector<float> kRotated(kW.rbegin(), kW.rend());
const char* const kErratum = "mb1_ic1ih2_oc1oh3_kh3_sh2_ph1";

/// Zero insertion as the example's text describes it: zeros between the inputs, a border of one,
/// and W slid over it as it is.
Matrix correlate_zero_inserted(const std::vector<float>& x, const std::vector<float>& w) {
  double padded[5][5] = {};
  for (int i = 0; i < 4; ++i) padded[1 + 2 * (i / 2)][1 + 2 * (i % 2)] = x[static_cast<size_t>(i)];
  Matrix y;
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      double sum = 0;
      for (int t = 0; t < 9; ++t) sum += padded[r + t / 3][c + t % 3] * w[static_cast<size_t>(t)];
      y.push_back(sum);
    }
  }
  return y;
}

TEST(SeedExamples, ErratumTransposedConvolution) {
  const Problem p = Problem::parse(kErratum);
  const Matrix want{5, 14, 10, 14, 36, 24, 15, 34, 20};
  EXPECT_EQ(scatter_oracle(p, kX, kW).value, want);
  EXPECT_EQ(gather_oracle(p, kX, kW).value, want);
  EXPECT_EQ(correlate_zero_inserted(kX, kRotated),
            want);  // zero insertion needs the rotated kernel
}

TEST(SeedExamples, ErratumUnrotatedVariantIsTheTransposeWithRotatedWeights) {
  const Problem p = Problem::parse(kErratum);
  const Matrix want{5, 16, 10, 26, 64, 36, 15, 36, 20};
  EXPECT_EQ(correlate_zero_inserted(kX, kW), want);
  EXPECT_EQ(scatter_oracle(p, kX, kRotated).value, want);
  EXPECT_EQ(gather_oracle(p, kX, kRotated).value, want);
}

TEST(SeedExamples, ErratumMisprintFollowsFromNeitherRule) {
  // The four entries that no rule gives: (1,2), (2,0), (2,1), (2,2).
  const Matrix printed{5, 16, 10, 26, 64, 38, 21, 52, 31};
  const Matrix computed = correlate_zero_inserted(kX, kW);
  std::vector<size_t> different;
  for (size_t i = 0; i < 9; ++i) {
    if (printed[i] != computed[i]) different.push_back(i);
  }
  EXPECT_EQ(different, (std::vector<size_t>{5, 6, 7, 8}));
}

TEST(SeedExamples, MatrixOfAConvolutionFrom5To3AndItsTranspose) {
  // The convolution has N=5, k=3, s=2, p=1; the transposed one maps 3 values to 5.
  const Problem p = Problem::parse("mb1_ic1iw3_oc1ow5_kw3_sw2_pw1");
  const std::vector<float> w{2, -1, 3};
  const Matrix transpose{-1, 0, 0, 3, 2, 0, 0, -1, 0, 0, 3, 2, 0, 0, -1};
  EXPECT_EQ(transpose_matrix(p, w), transpose);

  // C itself, row by row from the definition of the convolution, by feeding it unit vectors.
  Matrix c;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 5; ++column) {
      const int tap = column + 1 - 2 * row;
      c.push_back(tap >= 0 && tap < 3 ? w[static_cast<size_t>(tap)] : 0.0f);
    }
  }
  EXPECT_EQ(c, (Matrix{-1, 3, 0, 0, 0, 0, 2, -1, 3, 0, 0, 0, 0, 2, -1}));
  for (size_t column = 0; column < 5; ++column) {
    std::vector<float> unit(5);
    unit[column] = 1;
    const Matrix image = dgrad_oracle(p, unit, w).value;
    for (size_t row = 0; row < 3; ++row) {
      EXPECT_EQ(image[row], c[row * 5 + column]);
      EXPECT_EQ(image[row], transpose[column * 3 + row]);
    }
  }
}

TEST(SeedExamples, OutputSizeOfTheFirstText) {
  EXPECT_EQ(Problem::parse("mb1ic1ih2oc1kh3sh2ph1").axes[1].out, 3);
}

TEST(SeedExamples, TwoPhasesInterleave) {
  // y[2r] = (x * h0)[r], y[2r+1] = (x * h1)[r] with h0 the even taps and h1 the odd ones.
  const Problem p = Problem::parse("mb1_ic1iw4_oc1_kw5_sw2");
  const std::vector<float> x{1, -2, 3, 5}, w{2, 3, 5, 7, 11};
  const auto convolve = [&](std::vector<float> h) {
    Matrix y(x.size() + h.size() - 1);
    for (size_t i = 0; i < x.size(); ++i) {
      for (size_t j = 0; j < h.size(); ++j) y[i + j] += x[i] * h[j];
    }
    return y;
  };
  const Matrix even = convolve({2, 5, 11}), odd = convolve({3, 7});
  const Matrix y = gather_oracle(p, x, w).value;
  ASSERT_EQ(y.size(), even.size() + odd.size());
  for (size_t r = 0; r < even.size(); ++r) EXPECT_EQ(y[2 * r], even[r]);
  for (size_t r = 0; r < odd.size(); ++r) EXPECT_EQ(y[2 * r + 1], odd[r]);
}

}  // namespace
}  // namespace tconv
