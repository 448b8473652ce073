// The kernel as a filter, against the signals themselves: sequences are built and transformed here.
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "reference/conv_transpose.h"
#include "reference/geometry.h"
#include "reference/spectrum.h"

namespace tconv {
namespace {

using std::numbers::pi;
using Signal = std::vector<double>;

Signal zero_inserted(const Signal& x, size_t factor) {
  Signal y(x.size() * factor);
  for (size_t n = 0; n < x.size(); ++n) y[n * factor] = x[n];
  return y;
}

TEST(Spectrum, ZeroInsertionCompressesItByTheFactor) {
  const Signal x{1, -2, 3, 0.5, 7};
  for (const size_t factor : {1u, 2u, 3u, 5u}) {
    for (double omega = -3; omega <= 3; omega += 0.37) {
      const auto compressed = spectrum(x, static_cast<double>(factor) * omega);
      EXPECT_NEAR(std::abs(spectrum(zero_inserted(x, factor), omega) - compressed), 0, 1e-12);
    }
  }
}

TEST(Spectrum, ImagesOfAConstantLieWhereTheZeroInsertedSpectrumPeaks) {
  const Signal ones(60, 1.0);
  for (const int64_t factor : {2, 3, 4}) {
    const auto images = image_frequencies(factor);
    EXPECT_EQ(images.size(), static_cast<size_t>(factor - 1));  // L-1 images
    for (const double omega : images) {
      EXPECT_NEAR(std::abs(spectrum(zero_inserted(ones, static_cast<size_t>(factor)), omega)), 60,
                  1e-9);
    }
  }
}

TEST(Spectrum, OutputIsTheKernelTimesTheCompressedInput) {
  const Problem p = Problem::parse("mb1_ic1iw5_oc1_kw4_sw3_dw1");
  const std::vector<float> x{1, -2, 3, 5, 7}, w{2, -1, 3, 4};
  const Signal wide_x(x.begin(), x.end()), wide_w(w.begin(), w.end());
  const Signal y = gather_oracle(p, x, w).value;
  for (double omega = 0; omega < pi; omega += 0.2) {
    const auto want = kernel_response(p.axes[2], wide_w, omega) * spectrum(wide_x, 3 * omega);
    EXPECT_NEAR(std::abs(spectrum(y, omega) - want), 0, 1e-10);
  }
}

TEST(Spectrum, PhasesMakeUpTheKernel) {
  const Signal w{2, -1, 3, 4, 0.5, -6, 7};
  for (int64_t s = 1; s <= 4; ++s) {
    for (int64_t d = 1; d <= 4; ++d) {
      const Axis a{.in = 9, .out = 9, .kernel = 7, .stride = s, .dilation = d};
      for (double omega = 0; omega < pi; omega += 0.3) {
        std::complex<double> sum;
        for (int64_t q = 0; q < s; ++q) {
          sum += std::polar(1.0, -omega * static_cast<double>(q)) *
                 phase_response(a, w, q, static_cast<double>(s) * omega);
        }
        EXPECT_NEAR(std::abs(kernel_response(a, w, omega) - sum), 0, 1e-10);
      }
    }
  }
}

TEST(Spectrum, IdealInterpolatorIsTheInverseTransformOfTheIdealResponse) {
  constexpr int kSteps = 20000;
  for (const int64_t factor : {1, 2, 3, 4}) {
    for (int n = -5; n <= 5; ++n) {
      double integral = 0;  // (1/pi) int_0^pi H cos(w n) dw: H is real and even
      for (int i = 0; i < kSteps; ++i) {
        const double omega = pi * (i + 0.5) / kSteps;
        integral += ideal_response(omega, factor) * std::cos(omega * n) / kSteps;
      }
      EXPECT_NEAR(ideal_interpolator(n, factor), integral, 1e-3);
    }
  }
  EXPECT_EQ(ideal_interpolator(0, 2), 1);
  EXPECT_NEAR(ideal_interpolator(1, 2), 2 / pi, 1e-15);
  EXPECT_NEAR(ideal_interpolator(2, 2), 0, 1e-15);  // passes the other inputs through untouched
  EXPECT_NEAR(ideal_interpolator(3, 2), -2 / (3 * pi), 1e-15);
}

TEST(Spectrum, LeakageIsZeroForEqualGainsAndKnownForThreeOnes) {
  const Axis two{.in = 9, .out = 9, .kernel = 3, .stride = 2};
  EXPECT_NEAR(image_leakage(two, Signal{0.5, 1, 0.5}), 0, 1e-15);
  EXPECT_DOUBLE_EQ(image_leakage(two, Signal{1, 1, 1}), 1.0 / 3);  // |1-1+1| / |1+1+1|
  const Axis one{.in = 9, .out = 9, .kernel = 3};
  EXPECT_EQ(image_leakage(one, Signal{1, 2, 3}), 0);
}

TEST(Spectrum, StopbandShareOfASingleTapIsTheStopbandsWidth) {
  for (const int64_t s : {1, 2, 4}) {
    const Axis a{.in = 9, .out = 9, .kernel = 1, .stride = s};
    EXPECT_NEAR(stopband_share(a, Signal{3}), 1 - 1.0 / static_cast<double>(s), 1e-3);
  }
  const Axis a{.in = 9, .out = 9, .kernel = 2, .stride = 2};
  EXPECT_EQ(stopband_share(a, Signal{0, 0}), 0);
}

}  // namespace
}  // namespace tconv
