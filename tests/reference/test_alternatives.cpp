// Resize-then-convolve and the sub-pixel convolution: two oracles against each other, against
// values worked out by hand, and against the transposed convolution where they must agree.
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "reference/alternatives.h"
#include "reference/compare.h"

namespace tconv {
namespace {

constexpr Op kAlternatives[] = {Op::resize_nearest, Op::resize_bilinear, Op::pixel_shuffle};

std::vector<float> random_tensor(int64_t size, uint64_t seed) {
  std::vector<float> data(static_cast<size_t>(size));
  fill(data, DataMode::int_exact, DType::f32, seed, 1000);
  return data;
}

OracleResult ask(Op op, const Problem& p, const std::vector<float>& x,
                 const std::vector<float>& w) {
  return alternative_gather_oracle(op, p, x, w);
}

/// What a resize alone gives: kernel 1, weight 1.
std::vector<double> resized(Op op, const std::string& sizes, const std::vector<float>& x) {
  const Problem p = Problem::parse("mb1ic1oc1" + sizes);
  return ask(op, p, x, std::vector<float>(static_cast<size_t>(p.w_size()), 1)).value;
}

const std::vector<std::string> kProblems = {
    "mb1ic1oc1iw1kw1",
    "mb2ic3oc4ih5iw4oh10ow8kh3kw3sh2sw2ph1pw1",
    "g2mb1ic4oc6ih3iw5oh7ow9kh4kw2sh2sw2ph1pw0",
    "mb1ic2oc3iw7ow20kw5sw3pw1",
    "mb2ic2oc2ih6iw6oh4ow3kh3kw3ph2pw3",
    "g3mb1ic3oc3id2ih3iw2od5oh6ow3kd2kh3kw1sd2sh2sw2pd0ph1pw0",
    "mb1ic2oc2iw5ow11kw3sw2pw0dw1",
    "mb1ic2oc1ih4iw4oh3ow3kh2kw2ph1pw1dh8dw8",
};

TEST(Alternatives, BothOraclesAgree) {
  for (const std::string& text : kProblems) {
    const Problem p = Problem::parse(text);
    const auto x = random_tensor(p.x_size(), 1), w = random_tensor(p.w_size(), 2);
    for (const Op op : {Op::resize_nearest, Op::resize_bilinear}) {
      const OracleResult a = alternative_gather_oracle(op, p, x, w);
      const OracleResult b = alternative_scatter_oracle(op, p, x, w);
      EXPECT_EQ(a.terms, b.terms) << text;
      for (size_t i = 0; i < a.value.size(); ++i) {
        EXPECT_NEAR(a.value[i], b.value[i], 1e-10 * (1 + a.magnitude[i])) << text << ' ' << i;
        EXPECT_NEAR(a.magnitude[i], b.magnitude[i], 1e-10 * (1 + a.magnitude[i])) << text;
      }
    }
  }
}

TEST(Alternatives, TermsAddUpToTheWorkNeeded) {
  for (const std::string& text : kProblems) {
    const Problem p = Problem::parse(text);
    const auto x = random_tensor(p.x_size(), 1), w = random_tensor(p.w_size(), 2);
    const auto terms = ask(Op::resize_nearest, p, x, w).terms;
    EXPECT_EQ(std::accumulate(terms.begin(), terms.end(), int64_t{0}),
              macs_needed(Op::resize_nearest, p))
        << text;
  }
}

TEST(Resize, NearestTakesTheCellThatHoldsTheCentre) {
  EXPECT_EQ(resized(Op::resize_nearest, "iw3ow6kw1sw2", {1, 2, 3}),
            (std::vector<double>{1, 1, 2, 2, 3, 3}));
  // Centres at 0.3, 0.9, 1.5, 2.1, 2.7: the legacy floor(o*in/out) would take 1 1 2 2 3.
  EXPECT_EQ(resized(Op::resize_nearest, "iw3ow5kw1sw2", {1, 2, 3}),
            (std::vector<double>{1, 1, 2, 3, 3}));
  EXPECT_EQ(resized(Op::resize_nearest, "ih1iw2oh2ow4kh1kw1sh2sw2", {1, 2}),
            (std::vector<double>{1, 1, 2, 2, 1, 1, 2, 2}));
}

TEST(Resize, BilinearWeighsNeighboursAndClampsAtTheBorder) {
  EXPECT_EQ(resized(Op::resize_bilinear, "iw3ow6kw1sw2", {4, 8, 16}),
            (std::vector<double>{4, 5, 7, 10, 14, 16}));
  // PyTorch's documentation of Upsample: [[1, 2], [3, 4]] to 4x4, align_corners=false.
  EXPECT_EQ(resized(Op::resize_bilinear, "ih2iw2oh4ow4kh1kw1sh2sw2ph0pw0", {1, 2, 3, 4}),
            (std::vector<double>{1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3,
                                 3.25, 3.75, 4}));
}

TEST(Resize, OfAConstantIsConstant) {
  for (const Op op : {Op::resize_nearest, Op::resize_bilinear}) {
    for (const double v :
         resized(op, "id2ih3iw4od5oh7ow9kd1kh1kw1sd3sh3sw3", std::vector<float>(24, 3)))
      EXPECT_NEAR(v, 3, 1e-12);
  }
}

TEST(Resize, BilinearOfARampIsARampInside) {
  const auto y = resized(Op::resize_bilinear, "iw5ow13kw1sw3", {0, 1, 2, 3, 4});
  for (int o = 2; o < 11; ++o)
    EXPECT_NEAR(y[static_cast<size_t>(o)], (o + 0.5) * 5 / 13 - 0.5, 1e-12);
}

TEST(Resize, ToTheSameSizeLeavesTheConvolution) {
  // The transposed convolution of stride 1 and crop d*(k-1) - lo, its kernel rotated, is that
  // convolution.
  const Problem p = Problem::parse("g2mb2ic4oc6ih6iw7oh6ow7kh4kw3ph2pw2dh0dw1");
  const auto x = random_tensor(p.x_size(), 3), w = random_tensor(p.w_size(), 4);
  std::vector<float> rotated = w;
  for (int64_t plane = 0; plane < p.w_size(); plane += p.taps())
    std::reverse(rotated.begin() + plane, rotated.begin() + plane + p.taps());
  for (const Op op : {Op::resize_nearest, Op::resize_bilinear})
    EXPECT_EQ(ask(op, p, x, w).value, gather_oracle(p, x, rotated).value);
}

TEST(Resize, NearestIsTheConvolutionOfTheRepeatedInput) {
  const Problem p = Problem::parse("mb1ic2oc3ih3iw4oh6ow8kh3kw3sh2sw2ph1pw1");
  const Problem large = Problem::parse("mb1ic2oc3ih6iw8oh6ow8kh3kw3ph1pw1");
  const auto x = random_tensor(p.x_size(), 5), w = random_tensor(p.w_size(), 6);
  std::vector<float> repeated;
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t h = 0; h < 6; ++h)
      for (int64_t v = 0; v < 8; ++v)
        repeated.push_back(x[static_cast<size_t>((c * 3 + h / 2) * 4 + v / 2)]);
  EXPECT_EQ(ask(Op::resize_nearest, p, x, w).value,
            ask(Op::resize_nearest, large, repeated, w).value);
}

/// The transposed convolution that a sub-pixel convolution is: taps of a phase in reverse, and the
/// crop that puts its padding in the same place.
OracleResult as_transposed(const Problem& p, const std::vector<float>& x,
                           const std::vector<float>& w) {
  Problem q = p;
  for (Axis& a : q.axes) {
    const int64_t taps = a.kernel / a.stride;
    a.crop_lo = (taps - 1 - (taps - 1) / 2) * a.stride;
  }
  const auto reversed = [](const Axis& a, int64_t t) {
    return (a.kernel / a.stride - 1 - t / a.stride) * a.stride + t % a.stride;
  };
  std::vector<float> v(w.size());
  for (size_t i = 0; i < w.size(); ++i) {
    const Axis &d = p.axes[0], &h = p.axes[1], &c = p.axes[2];
    const int64_t t = static_cast<int64_t>(i) % p.taps(), plane = static_cast<int64_t>(i) - t;
    const int64_t td = reversed(d, t / (h.kernel * c.kernel));
    const int64_t th = reversed(h, t / c.kernel % h.kernel), tw = reversed(c, t % c.kernel);
    v[static_cast<size_t>(plane + (td * h.kernel + th) * c.kernel + tw)] = w[i];
  }
  return gather_oracle(q, x, v);
}

TEST(PixelShuffle, IsATransposedConvolutionWithReversedPhases) {
  for (const char* text :
       {"mb2ic3oc4ih5iw4oh10ow8kh4kw4sh2sw2ph1pw1", "g2mb1ic4oc6ih3iw5oh9ow10kh9kw6sh3sw2ph3pw2",
        "mb1ic2oc3iw7ow28kw16sw4pw6", "g3mb1ic3oc3id2ih3iw2od4oh6ow2kd2kh4kw3sd2sh2sw1pd0ph1pw1"}) {
    const Problem p = Problem::parse(text);
    const auto x = random_tensor(p.x_size(), 7), w = random_tensor(p.w_size(), 8);
    const OracleResult want = as_transposed(p, x, w);
    for (const OracleResult& got : {alternative_gather_oracle(Op::pixel_shuffle, p, x, w),
                                    alternative_scatter_oracle(Op::pixel_shuffle, p, x, w)}) {
      EXPECT_EQ(got.value, want.value) << text;
      EXPECT_EQ(got.terms, want.terms) << text;
    }
    EXPECT_EQ(macs_needed(Op::pixel_shuffle, p),
              std::accumulate(want.terms.begin(), want.terms.end(), int64_t{0}));
  }
}

TEST(PixelShuffle, SaysWhatItCannotBe) {
  const auto reason = [](const char* text) {
    return inapplicable(Op::pixel_shuffle, Problem::parse(text));
  };
  EXPECT_EQ(reason("mb1ic1oc1iw4ow8kw3sw2pw0"),
            "pixel_shuffle along w: kernel 3 must be a multiple of the stride 2");
  EXPECT_EQ(reason("mb1ic1oc1iw4kw4sw2"),
            "pixel_shuffle along w: gives 8 outputs, the problem has 10");
  EXPECT_EQ(reason("mb1ic1oc1iw4ow8kw2sw2dw1"), "pixel_shuffle along w: has no dilation");
  EXPECT_EQ(reason("mb1ic1oc1ih4oh8kh4sh2ph1"), "");
  const std::vector<float> x(4), w(3);
  EXPECT_THROW(alternative_gather_oracle(Op::pixel_shuffle,
                                         Problem::parse("mb1ic1oc1iw4ow8kw3sw2pw0"), x, w),
               ProblemError);
}

TEST(Alternatives, WorkOfTheTransposedConvolutionIsItsOwn) {
  const Problem p = Problem::parse("mb1ic2oc3ih4oh8kh4sh2ph1");
  EXPECT_EQ(macs_needed(Op::fprop, p), p.macs_needed());
  EXPECT_EQ(macs_needed(Op::wgrad, p), p.macs_needed());
  // 8 outputs, 4 taps that start at o - 1: 7 + 8 + 7 + 6 pairs an axis.
  EXPECT_EQ(macs_needed(Op::resize_nearest, p), 2 * 3 * 28 * 28);
  EXPECT_EQ(macs_needed(Op::resize_bilinear, p), 2 * 3 * 28 * 28 + 2 * 64 * 4);
  // 2 taps that start at i: 4 + 3 pairs, for each of 2 phases.
  EXPECT_EQ(macs_needed(Op::pixel_shuffle, p), 2 * 3 * 14 * 14);
  for (const Op op : kAlternatives) EXPECT_TRUE(is_alternative(op));
  EXPECT_FALSE(is_alternative(Op::dgrad));
}

}  // namespace
}  // namespace tconv
