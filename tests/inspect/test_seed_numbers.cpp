// Every number of the two seed texts, read from the tool's JSON. Expected values are the texts'
// own, or follow from the formula quoted beside them.
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/inspect/seed_json.h"

namespace tconv::inspect {
namespace {

using Numbers = std::vector<double>;

/// A 1-D layer of kernel k, stride s and crop p, long enough for an interior.
Json layer(int k, int s, int p = 0, const std::string& kernel = "") {
  return report_of("mb1_ic1iw12_oc1_kw" + std::to_string(k) + "_sw" + std::to_string(s) + "_pw" +
                       std::to_string(p),
                   kernel);
}

TEST(SeedNumbers, MatrixFrom5To3AndItsTranspose) {
  const Json r = report_of("mb1_ic1iw3_oc1ow5_kw3_sw2_pw1", "2,-1,3");
  EXPECT_EQ(r["matrix_rows"], 5);
  EXPECT_EQ(r["matrix_columns"], 3);
  EXPECT_EQ(r["filter"]["matrix"], (Numbers{-1, 0, 0, 3, 2, 0, 0, -1, 0, 0, 3, 2, 0, 0, -1}));
  // floor((7-3)/2) + 1 = 3: the convolution makes 3 of 5, and of one size more.
  EXPECT_EQ(r["axes"][0]["forward_sizes"]["first"], 5);
  EXPECT_EQ(r["axes"][0]["forward_sizes"]["end"], 7);
}

TEST(SeedNumbers, ErratumSizeAndBothMatrices) {
  const std::string text = "mb1_ic1ih2_oc1_kh3_sh2_ph1";
  const Json r = report_of(text, "ramp");
  EXPECT_EQ(r["axes"][0]["out"], 3);  // (2-1)*2 + 3 - 2*1 + 0
  EXPECT_EQ(r["axes"][0]["output_padding"], 0);
  EXPECT_EQ(r["filter"]["ramp"]["dims"], (std::vector<int>{3, 3}));
  EXPECT_EQ(r["filter"]["ramp"]["values"], (Numbers{5, 14, 10, 14, 36, 24, 15, 34, 20}));
  // The text's own rule, kernel not rotated; its misprints are told in the erratum.
  EXPECT_EQ(report_of(text, "ramp", true)["filter"]["ramp"]["values"],
            (Numbers{5, 16, 10, 26, 64, 36, 15, 36, 20}));
}

TEST(SeedNumbers, ErratumTapsOfCornerAndCentre) {
  // Output (0,0) is w22 a; output (1,1) takes the four corners of W. In the matrix: rows 0 and 4.
  const Numbers matrix = report_of("mb1_ic1ih2_oc1_kh3_sh2_ph1", "ramp")["filter"]["matrix"];
  EXPECT_EQ(Numbers(matrix.begin(), matrix.begin() + 4), (Numbers{5, 0, 0, 0}));
  EXPECT_EQ(Numbers(matrix.begin() + 16, matrix.begin() + 20), (Numbers{9, 7, 3, 1}));
}

TEST(SeedNumbers, OutputSizeInequality) {
  // s(H-1) + k - 2p <= O < sH + k - 2p
  for (const int s : {1, 2, 3, 4}) {
    for (const int k : {2, 3, 4, 5}) {
      const Json axis = layer(k, s, 1)["axes"][0];
      EXPECT_EQ(axis["forward_sizes"]["first"], s * 11 + k - 2);
      EXPECT_EQ(axis["forward_sizes"]["end"], s * 12 + k - 2);
    }
  }
}

TEST(SeedNumbers, OutputPaddingPicksOneOfTheSizes) {
  for (const int op : {0, 1, 2}) {
    const Json r =
        report_of("mb1_ic1iw4_oc1ow" + std::to_string(3 * 3 + 5 - 2 + op) + "_kw5_sw3_pw1");
    EXPECT_EQ(r["axes"][0]["output_padding"], op);
  }
}

TEST(SeedNumbers, CentreMappingAndTheShiftByOneOfTheCrop) {
  // f_p(n) = 2n - p + (k-1)/2, so f_1 - f_0 = -1
  for (const int k : {2, 3, 4, 5}) {
    const Json without = layer(k, 2, 0)["axes"][0]["alignment"];
    const Json with = layer(k, 2, 1)["axes"][0]["alignment"];
    EXPECT_EQ(without["slope"], 2);
    EXPECT_EQ(without["centre"], (k - 1) / 2.0);
    EXPECT_EQ(with["centre"].get<double>() - without["centre"].get<double>(), -1);
  }
}

TEST(SeedNumbers, GridOffsetOfStride2IsAQuarterOfK1Minus2p) {
  for (const int k : {2, 3, 4, 5}) {
    for (const int p : {0, 1}) {
      const double offset = layer(k, 2, p)["axes"][0]["alignment"]["grid_offset"];
      EXPECT_EQ(-offset, (k - 1 - 2 * p) / 4.0);  // the text's sign is the other one
    }
  }
}

TEST(SeedNumbers, CoverageCountsAndVariance) {
  for (int s = 1; s <= 5; ++s) {
    for (int k = 1; k <= 9; ++k) {
      const Json r = layer(k, s);
      const Json& axis = r["axes"][0];
      const int rest = k % s;
      int more = 0, fewer = 0;
      for (const Json& phase : axis["phases"]) {
        more += phase["taps"].size() == static_cast<size_t>(k / s + 1);
        fewer += phase["taps"].size() == static_cast<size_t>(k / s);
      }
      EXPECT_EQ(more, rest);
      EXPECT_EQ(fewer, s - rest);
      const double share = static_cast<double>(rest) / s;
      EXPECT_NEAR(axis["coverage"]["interior_variance"], share * (1 - share), 1e-12);
      EXPECT_NEAR(axis["coverage"]["interior_variance_formula"], share * (1 - share), 1e-12);
      EXPECT_EQ(axis["coverage"]["interior_gap"], std::max(0, s - k));
      EXPECT_EQ(r["remedies"].empty(), k % s == 0);
    }
  }
}

TEST(SeedNumbers, CoverageMapOfKernel3Stride2AlternatesOneAndTwo) {
  const Json coverage = report_of("mb1_ic1iw4_oc1_kw3_sw2")["axes"][0]["coverage"];
  EXPECT_EQ(coverage["map"], (std::vector<int>{1, 1, 2, 1, 2, 1, 2, 1, 1}));
  EXPECT_EQ(coverage["interior_variance"], 0.25);
  EXPECT_EQ(coverage["histogram"],
            Json::parse(R"([{"taps":1,"outputs":6},{"taps":2,"outputs":3}])"));
}

TEST(SeedNumbers, PhasesOfStride2AreTheEvenAndTheOddTaps) {
  const Json r = layer(5, 2, 0, "2,3,5,7,11");
  EXPECT_EQ(r["axes"][0]["phases"][0]["taps"], (std::vector<int>{0, 2, 4}));
  EXPECT_EQ(r["axes"][0]["phases"][1]["taps"], (std::vector<int>{1, 3}));
  EXPECT_EQ(r["filter"]["axes"][0]["phases"][0]["taps"], (Numbers{2, 5, 11}));
  EXPECT_EQ(r["filter"]["axes"][0]["phases"][1]["taps"], (Numbers{3, 7}));
  EXPECT_EQ(r["filter"]["axes"][0]["phases"][0]["dc_gain"], 18);
  EXPECT_EQ(r["filter"]["axes"][0]["phases"][1]["dc_gain"], 10);
}

TEST(SeedNumbers, IdealFilterIsASincAndALowPassOfGainL) {
  for (const int s : {2, 3, 4}) {
    const Json f = layer(7, s, 0, "ideal")["filter"]["axes"][0];
    for (int t = 0; t < 7; ++t) {
      const double angle = std::numbers::pi * (t - 3) / s;
      const double want = t == 3 ? 1 : std::sin(angle) / angle;
      EXPECT_NEAR(f["ideal_taps"][static_cast<size_t>(t)], want, 1e-15);
      EXPECT_NEAR(f["taps"][static_cast<size_t>(t)], want, 1e-15);
    }
    const size_t samples = f["ideal_magnitude"].size();
    for (size_t i = 0; i < samples; ++i) {
      const double omega_over_pi = static_cast<double>(i) / static_cast<double>(samples - 1);
      EXPECT_EQ(f["ideal_magnitude"][i], omega_over_pi * s <= 1 ? s : 0);
    }
  }
}

TEST(SeedNumbers, ZeroInsertionMakesLMinus1Images) {
  for (const int s : {1, 2, 3, 4}) {
    const Json images = layer(4, s)["axes"][0]["image_frequencies"];
    ASSERT_EQ(images.size(), static_cast<size_t>(s - 1));
    for (size_t m = 1; m < static_cast<size_t>(s); ++m) {
      // X(e^(j L w)) repeats the constant where L w is a multiple of 2 pi.
      EXPECT_NEAR(images[m - 1].get<double>() * s / (2 * std::numbers::pi), m, 1e-12);
    }
  }
}

TEST(SeedNumbers, TriangularKernelCoversEvenlyWhereOnesDoNot) {
  EXPECT_EQ(layer(3, 2, 0, "triangular")["filter"]["spread"], 0);
  EXPECT_EQ(layer(3, 2, 0, "triangular")["filter"]["gains"], (Numbers{1, 1}));
  EXPECT_EQ(layer(3, 2, 0, "ones")["filter"]["gains"], (Numbers{2, 1}));
  EXPECT_NEAR(layer(3, 2, 0, "ones")["filter"]["spread"], 1 / 1.5, 1e-12);
  EXPECT_EQ(layer(4, 2, 0, "ones")["filter"]["spread"], 0);
}

TEST(SeedNumbers, RemediesAreThoseOfTheTexts) {
  const Json remedies = layer(3, 2)["remedies"];
  std::vector<std::string> names;
  for (const Json& remedy : remedies) names.push_back(remedy["name"]);
  EXPECT_EQ(names,
            (std::vector<std::string>{"even kernel", "smooth start", "resize", "sub-pixel"}));
  const Problem even = Problem::parse(remedies[0]["problem"].get<std::string>());
  EXPECT_EQ(even.axes[2].kernel, 4);  // s = 2: use k = 2, 4, 6, ...
  EXPECT_EQ(even.axes[2].out, 12 * 2 + 1);
}

TEST(SeedNumbers, FanInAndFanOutSwap) {
  const Json fans = report_of("mb1_ic64ih8_oc32_kh4_sh2_ph1")["initialisation"];
  EXPECT_EQ(fans["fan_in"], 64 * 16 / 4);
  EXPECT_EQ(fans["fan_out"], 32 * 16);
  EXPECT_EQ(fans["convolution_fan_in"], fans["fan_out"]);
  EXPECT_EQ(fans["convolution_fan_out"], fans["fan_in"]);
}

}  // namespace
}  // namespace tconv::inspect
