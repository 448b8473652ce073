// Exact work: closed forms against brute force, and against figures worked out by hand.
#include <gtest/gtest.h>

#include "reference/problem.h"
#include "tests/reference/random_problem.h"

namespace tconv {
namespace {

int64_t pairs_by_trying(const Axis& a) {
  int64_t pairs = 0;
  for (int64_t i = 0; i < a.in; ++i) {
    for (int64_t t = 0; t < a.kernel; ++t) {
      const int64_t o = i * a.stride - a.crop_lo + t * a.dilation;
      pairs += o >= 0 && o < a.out;
    }
  }
  return pairs;
}

TEST(Work, ValidPairsAgreeWithTryingThemAll) {
  test::Random random(2);
  for (int i = 0; i < 20000; ++i) {
    const Axis a = test::random_axis(random, 20);
    ASSERT_EQ(a.valid_pairs(), pairs_by_trying(a))
        << "in " << a.in << " out " << a.out << " k " << a.kernel << " s " << a.stride << " d "
        << a.dilation << " crop " << a.crop_lo;
  }
}

TEST(Work, ValidPairsOfALongAxisNeedNoLoopOverIt) {
  // Uncropped: every tap of every input is valid.
  EXPECT_EQ((Axis{.in = int64_t{1} << 60, .out = (int64_t{1} << 61) + 2, .kernel = 4, .stride = 2})
                .valid_pairs(),
            int64_t{1} << 62);
}

TEST(Work, HandCounts) {
  // 4 inputs, 4 taps, stride 2, one output cropped at each end: tap 0 of the first input and tap 3
  // of the last are lost.
  const Problem p = Problem::parse("mb3_ic5ih4_oc7oh8_kh4_sh2_ph1");
  EXPECT_EQ(p.axes[1].valid_pairs(), 14);
  EXPECT_EQ(p.macs_needed(), 3 * 5 * 7 * 14 * 14);
  EXPECT_EQ(p.flops_needed(), 2 * 3 * 5 * 7 * 14 * 14);
  EXPECT_EQ(p.flops_dense_input(), 2 * 3 * 5 * 7 * 16 * 16);
  EXPECT_EQ(p.flops_dense_output(), 2 * 3 * 5 * 7 * 16 * 64);
  EXPECT_EQ(p.x_size(), 3 * 5 * 16);
  EXPECT_EQ(p.w_size(), 5 * 7 * 16);
  EXPECT_EQ(p.y_size(), 3 * 7 * 64);
  EXPECT_EQ(p.bytes_compulsory(DType::f32), 4 * (240 + 560 + 1344));
  EXPECT_EQ(p.bytes_compulsory(DType::bf16), 2 * (240 + 560 + 1344));
}

TEST(Work, GroupsDivideIt) {
  const Problem p = Problem::parse("g4mb1_ic8iw4_oc12_kw3");
  EXPECT_EQ(p.ic_per_group(), 2);
  EXPECT_EQ(p.oc_per_group(), 3);
  EXPECT_EQ(p.w_size(), 8 * 3 * 3);
  EXPECT_EQ(p.macs_needed(), 8 * 3 * 12);
}

TEST(Work, ShapeClasses) {
  const auto of = [](const char* text) { return Problem::parse(text).shape_class(); };
  EXPECT_EQ(of("ic1iw4oc1kw3"), "s1");
  EXPECT_EQ(of("ic1iw4oc1kw2sw2"), "k=s");
  EXPECT_EQ(of("ic1iw4oc1kw4sw2"), "k%s=0");
  EXPECT_EQ(of("ic1iw4oc1kw3sw2"), "k%s!=0");
  EXPECT_EQ(of("ic1iw4oc1kw2sw3"), "k<s");
  EXPECT_EQ(of("g2ic2iw4oc2kw4sw2"), "depthwise");
  EXPECT_EQ(of("g2ic4iw4oc2kw4sw2"), "k%s=0");
  EXPECT_EQ(of("ic1ih4iw4oc1kh4kw3sh2sw2"), "mixed");
  EXPECT_EQ(of("ic1ih8iw431oc1kh8kw1sh4sw1"),
            "k%s=0");  // the axis that stays as it is does not count
}

}  // namespace
}  // namespace tconv
