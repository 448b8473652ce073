// Kernels to inspect: presets against known filters, typed values, .npy files, and what gets
// refused.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <unistd.h>

#include <gtest/gtest.h>

#include "bench/inspect/filter_report.h"
#include "bench/inspect/kernel.h"
#include "bench/inspect/read_npy.h"
#include "reference/geometry.h"

namespace tconv::inspect {
namespace {

using Numbers = std::vector<double>;

void expect_near(const Numbers& got, const Numbers& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-12) << "at " << i;
}

Numbers weights(const std::string& descriptor, const std::string& spec) {
  return make_kernel(Problem::parse(descriptor), spec).weights;
}

TEST(Kernel, BilinearIsTheFilterOfFullyConvolutionalNetworks) {
  // 1 - |t - centre| / factor with factor = ceil(k/2): the published initialisation, for k = 2s - s
  // % 2.
  for (int s = 1; s <= 6; ++s) {
    const int k = 2 * s - s % 2, factor = (k + 1) / 2;
    const double centre = k % 2 == 1 ? factor - 1 : factor - 0.5;
    Numbers want;
    for (int t = 0; t < k; ++t) want.push_back(1 - std::abs(t - centre) / factor);
    const std::string text = "mb1ic1iw9oc1kw" + std::to_string(k) + "sw" + std::to_string(s);
    expect_near(weights(text, "bilinear"), want);
    expect_near(make_kernel(Problem::parse(text), "bilinear").gains(Problem::parse(text)),
                Numbers(static_cast<size_t>(s), 1));
  }
}

TEST(Kernel, TriangularHasEqualGainsWhereItIsAnInterpolator) {
  expect_near(weights("mb1ic1iw9oc1kw5sw3", "triangular"), {1 / 3.0, 2 / 3.0, 1, 2 / 3.0, 1 / 3.0});
  expect_near(weights("mb1ic1iw9oc1kw4sw2", "triangular"), {1 / 3.0, 2 / 3.0, 2 / 3.0, 1 / 3.0});
  expect_near(weights("mb1ic1iw9oc1kw3sw2dw2", "triangular"), {0.5, 1, 0.5});
}

TEST(Kernel, SeparablePresetsGiveTheirTapsBackAlongEachAxis) {
  const Problem p = Problem::parse("mb1ic1id5ih5iw5oc1kd3kh4kw5sd2sh2sw3");
  const Kernel kernel = make_kernel(p, "bilinear");
  expect_near(kernel.along(p, 0), weights("mb1ic1iw5oc1kw3sw2", "bilinear"));
  expect_near(kernel.along(p, 1), weights("mb1ic1iw5oc1kw4sw2", "bilinear"));
  expect_near(kernel.along(p, 2), weights("mb1ic1iw5oc1kw5sw3", "bilinear"));
  expect_near(kernel.gains(p), Numbers(12, 1));
}

TEST(Kernel, GainsAreTheInteriorOfTheResponseToAConstant) {
  const Problem p = Problem::parse("mb1_ic1ih9iw9_oc1_kh3kw5_sh2sw3_ph1pw2_dw1");
  const FilterReport report = inspect_kernel(p, make_kernel(p, "random:5"));
  ASSERT_TRUE(report.constant);
  const auto& [ignored, rows, columns] = report.constant->dims;
  for (int64_t o = 0; o < 6; ++o) {
    const int64_t row = rows / 2 + o / 3, column = columns / 2 + o % 3;
    const int64_t phase = phase_of(p.axes[1], row) * 3 + phase_of(p.axes[2], column);
    EXPECT_NEAR(report.constant->values[static_cast<size_t>(row * columns + column)],
                report.gains[static_cast<size_t>(phase)], 1e-6);
  }
}

TEST(Kernel, RandomRepeatsAndStaysInRange) {
  const Numbers a = weights("mb1ic1ih5oc1kh7sh2", "random:7");
  EXPECT_EQ(a, weights("mb1ic1ih5oc1kh7sh2", "random:7"));
  EXPECT_NE(a, weights("mb1ic1ih5oc1kh7sh2", "random:8"));
  for (const double w : a) EXPECT_TRUE(w >= -1 && w < 1);
}

TEST(Kernel, RotationReversesAllAxes) {
  const Problem p = Problem::parse("mb1ic1ih5iw5oc1kh2kw3");
  EXPECT_EQ(make_kernel(p, "ramp").rotated().weights, (Numbers{6, 5, 4, 3, 2, 1}));
}

TEST(Spread, TellsRoundingFromDifference) {
  EXPECT_EQ(gain_spread({1, 1 + 1e-15}), 0);
  EXPECT_EQ(gain_spread({0, 0}), 0);
  EXPECT_EQ(gain_spread({3}), 0);
  EXPECT_EQ(gain_spread({1, 3}), 1);
  EXPECT_EQ(gain_spread({-1, -3}), 1);
  EXPECT_TRUE(std::isinf(gain_spread({-1, 1})));
}

/// A file in this process' own place.
class NpyFile {
 public:
  NpyFile(const std::string& header, const std::string& data, char version = 1)
      : path_(testing::TempDir() + "/tconv_inspect." + std::to_string(getpid()) + ".npy") {
    std::ofstream file(path_, std::ios::binary);
    file << "\x93NUMPY" << version << '\0' << static_cast<char>(header.size()) << '\0';
    if (version > 1) file << '\0' << '\0';
    file << header << data;
  }
  ~NpyFile() { std::filesystem::remove(path_); }
  NpyFile(const NpyFile&) = delete;
  NpyFile& operator=(const NpyFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

template <class T>
std::string bytes(std::vector<T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}
std::string header(const std::string& shape, const std::string& type = "<f4") {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
}

TEST(ReadNpy, BothTypesAndVersions) {
  const Numbers want{1, -2.5, 3};
  EXPECT_EQ(read_npy(NpyFile(header("(3,)"), bytes<float>({1, -2.5, 3})).path()).values, want);
  const NpyFile file(header("(3, 1)", "<f8"), bytes<double>({1, -2.5, 3}), 2);
  EXPECT_EQ(read_npy(file.path()).values, want);
  EXPECT_EQ(read_npy(file.path()).dims, (std::vector<int64_t>{3, 1}));
}

TEST(ReadNpy, RefusesWithOneLineThatNamesTheFile) {
  const float infinity = std::numeric_limits<float>::infinity();
  const struct {
    std::string header, data, says;
  } table[] = {
      {header("(3,)"), bytes<float>({1, 2}), "its shape asks for 12"},
      {header("(1,)"), bytes<float>({infinity}), "not finite"},
      {header("(1,)", ">f4"), bytes<float>({1}), "little-endian"},
      {header("(1,)", "<i4"), bytes<float>({1}), "float32 or float64"},
      {header("3"), bytes<float>({1, 2, 3}), "shape"},
      {header("(-3,)"), bytes<float>({1, 2, 3}), "shape"},
      {header("(99999999999, 99999999999)"), "", "larger than"},
      {"{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", bytes<float>({1}), "C order"},
      {"", "", "is not a .npy file"},
  };
  for (const auto& row : table) {
    const NpyFile file(row.header, row.data);
    try {
      read_npy(file.path());
      FAIL() << row.says;
    } catch (const ProblemError& error) {
      EXPECT_NE(std::string(error.what()).find(row.says), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).rfind(file.path(), 0), 0u) << error.what();
    }
  }
  EXPECT_THROW(read_npy("/nonexistent.npy"), ProblemError);
  EXPECT_THROW(read_npy("/tmp"), ProblemError);
}

TEST(Kernel, FileOfAllChannelsGivesTheLeastEvenPair) {
  const Problem p = Problem::parse("mb1ic2iw9oc2kw2sw2");
  const NpyFile file(header("(2, 2, 2)"), bytes<float>({1, 1, 2, 3, 1, 9, 4, 4}));
  const Kernel kernel = make_kernel(p, file.path());
  EXPECT_EQ(kernel.weights, (Numbers{1, 9}));
  EXPECT_NE(kernel.source.find("ic 1 oc/g 0, the least even of 4"), std::string::npos);
  const NpyFile wrong(header("(3,)"), bytes<float>({1, 2, 3}));
  EXPECT_THROW(make_kernel(p, wrong.path()), ProblemError);
}

TEST(Kernel, RefusesWhatItDoesNotUnderstand) {
  const Problem p = Problem::parse("mb1ic1iw9oc1kw3sw2");
  for (const char* spec : {"gauss", "1,2", "1,2,3,4", "1,,3", "1,2,nan", "random:", "random:x", ",",
                           "1e999,1,1", "nonesuch.npy"}) {
    EXPECT_THROW(make_kernel(p, spec), ProblemError) << spec;
  }
  EXPECT_THROW(make_kernel(Problem::parse("mb1ic1iw9oc1kw9000sw2"), "ones"), ProblemError);
  EXPECT_THROW(make_kernel(Problem::parse("mb1ic1id2oc1kd3sd200"), "ones"), ProblemError);
}

}  // namespace
}  // namespace tconv::inspect
