// Descriptors: text to problem, problem to text, and what every kind of bad text is told.
#include <set>

#include <gtest/gtest.h>

#include "reference/problem.h"
#include "tests/reference/random_problem.h"

namespace tconv {
namespace {

TEST(Parse, EveryFieldOfA2dLayer) {
  const Problem p =
      Problem::parse("g2mb3_ic4ih5iw6_oc8oh12ow13_kh3kw4_sh2sw3_ph1pw2_dh1dw0_n\"net:up1\"");
  EXPECT_EQ(p.rank, 2);
  EXPECT_EQ(p.groups, 2);
  EXPECT_EQ(p.batch, 3);
  EXPECT_EQ(p.in_channels, 4);
  EXPECT_EQ(p.out_channels, 8);
  EXPECT_EQ(p.axes[0], Axis{});
  EXPECT_EQ(p.axes[1],
            (Axis{.in = 5, .out = 12, .kernel = 3, .stride = 2, .dilation = 2, .crop_lo = 1}));
  EXPECT_EQ(p.axes[2],
            (Axis{.in = 6, .out = 13, .kernel = 4, .stride = 3, .dilation = 1, .crop_lo = 2}));
  EXPECT_EQ(p.name, "net:up1");
  EXPECT_EQ(p.label(), "net:up1");
}

TEST(Parse, KeysInAnyOrderWithOrWithoutUnderscores) {
  const Problem p = Problem::parse("mb1_ic2ih3_oc4oh6_kh4_sh2_ph1");
  EXPECT_EQ(Problem::parse("kh4sh2ph1oh6ih3oc4ic2mb1"), p);
  EXPECT_EQ(Problem::parse("_oh6__ph1_mb1_oc4_ih3_ic2_sh2_kh4_"), p);
}

TEST(Parse, Defaults) {
  const Problem p = Problem::parse("ic2iw5oc3kw4");
  EXPECT_EQ(p.rank, 1);
  EXPECT_EQ(p.batch, 2);
  EXPECT_EQ(p.groups, 1);
  EXPECT_EQ(p.axes[2],
            (Axis{.in = 5, .out = 8, .kernel = 4, .stride = 1, .dilation = 1, .crop_lo = 0}));
  EXPECT_EQ(p.label(), p.str());
}

TEST(Parse, MissingAxesArePromotedFromTheOneBefore) {
  const Problem square = Problem::parse("ic1ih4oc1kh3sh2ph1");
  EXPECT_EQ(square.rank, 2);
  EXPECT_EQ(square.axes[1], square.axes[2]);
  const Problem cubic = Problem::parse("ic1id4oc1kd3sd2pd1");
  EXPECT_EQ(cubic.rank, 3);
  EXPECT_EQ(cubic.axes[0], cubic.axes[1]);
  EXPECT_EQ(cubic.axes[0], cubic.axes[2]);
  const Problem mixed = Problem::parse("ic1id4ih5oc1kd3kh2");
  EXPECT_EQ(mixed.axes[1], mixed.axes[2]);
  EXPECT_NE(mixed.axes[0], mixed.axes[1]);
  // As in benchdnn, stride 1, crop 0 and dilation 0 alone do not make an axis given.
  EXPECT_EQ(Problem::parse("ic1ih4oc1kh3sh2sw1pw0dw0"), Problem::parse("ic1ih4oc1kh3sh2"));
}

TEST(Parse, OutputNotGivenMeansBothCropsAlike) {
  EXPECT_EQ(Problem::parse("ic1iw4oc1kw4sw2").axes[2].out, 10);
  const Axis a = Problem::parse("ic1iw4oc1kw4sw2pw1").axes[2];
  EXPECT_EQ(a.out, 8);
  EXPECT_EQ(a.crop_hi(), 1);
}

TEST(Parse, CropNotGivenIsHalfOfWhatHasToGoRoundedDown) {
  const Axis even = Problem::parse("ic1iw4oc1ow8kw4sw2").axes[2];  // extent 10
  EXPECT_EQ(even.crop_lo, 1);
  EXPECT_EQ(even.crop_hi(), 1);
  const Axis odd =
      Problem::parse("ic1iw4oc1ow7kw4sw2").axes[2];  // TF-SAME keeps the larger half at the end
  EXPECT_EQ(odd.crop_lo, 1);
  EXPECT_EQ(odd.crop_hi(), 2);
  const Axis padded = Problem::parse("ic1iw4oc1ow11kw4sw2").axes[2];
  EXPECT_EQ(padded.crop_lo, 0);
  EXPECT_EQ(padded.crop_hi(), -1);
}

TEST(Parse, HighCropFollowsFromTheOutputSize) {
  EXPECT_EQ(Problem::parse("ic1iw4oc1ow8kw3sw2pw1").axes[2].crop_hi(), 0);       // PyTorch p1 op1
  EXPECT_EQ(Problem::parse("ic1iw75oc1ow600kw16sw8pw0").axes[2].crop_hi(), 8);   // causal trim
  EXPECT_EQ(Problem::parse("ic1iw16oc1ow64kw25sw4pw10").axes[2].crop_hi(), 11);  // TF-SAME
}

TEST(Parse, OutputPaddingUpToMaxOfStrideAndDilation) {
  EXPECT_EQ(Problem::parse("ic1iw4oc1ow13kw4sw3pw0").axes[2].crop_hi(), 0);
  EXPECT_EQ(Problem::parse("ic1iw4oc1ow15kw4sw3pw0").axes[2].crop_hi(), -2);
  EXPECT_THROW(Problem::parse("ic1iw4oc1ow16kw4sw3pw0"), ProblemError);
  EXPECT_EQ(Problem::parse("ic1iw4oc1ow15kw4sw1pw0dw2").axes[2].crop_hi(),
            -2);  // dilation 3 > stride
  EXPECT_THROW(Problem::parse("ic1iw4oc1ow16kw4sw1pw0dw2"), ProblemError);
  // Read symmetrically: low crop 2 and one appended row is an output padding of 3.
  EXPECT_THROW(Problem::parse("ic1iw4oc1ow12kw4sw3pw2"), ProblemError);
}

TEST(Parse, BatchZeroIsANoOp) {
  const Problem p = Problem::parse("mb0ic2iw3oc4kw3");
  EXPECT_EQ(p.x_size(), 0);
  EXPECT_EQ(p.y_size(), 0);
  EXPECT_EQ(p.flops_needed(), 0);
  EXPECT_EQ(p.w_size(), 24);
}

TEST(Print, Canonical) {
  EXPECT_EQ(Problem::parse("ic1iw4oc2kw3").str(), "mb2_ic1iw4_oc2ow6_kw3_sw1_pw0");
  EXPECT_EQ(Problem::parse("g2ic2ih4oc2kh3sh2dh1n\"a:b\"").str(),
            "g2mb2_ic2ih4iw4_oc2oh11ow11_kh3kw3_sh2sw2_ph0pw0_dh1dw1");
}

TEST(Print, ParsesBackToAnEqualProblem) {
  test::Random random(1);
  for (int i = 0; i < 2000; ++i) {
    const Problem p = test::random_problem(random);
    ASSERT_EQ(Problem::parse(p.str()), p) << p.str();
    ASSERT_EQ(Problem::parse(p.str()).str(), p.str());
  }
}

TEST(Words, BothWaysAndTheAcceptedOnesNamed) {
  for (const auto op : {Op::fprop, Op::dgrad, Op::wgrad}) EXPECT_EQ(parse_op(to_string(op)), op);
  for (const auto d : {DType::f32, DType::tf32, DType::f16, DType::bf16}) {
    EXPECT_EQ(parse_dtype(to_string(d)), d);
  }
  for (const auto l : {Layout::nchw, Layout::nhwc}) EXPECT_EQ(parse_layout(to_string(l)), l);
  try {
    parse_dtype("f64");
    FAIL();
  } catch (const ProblemError& e) {
    EXPECT_STREQ(e.what(), "dtype \"f64\": must be one of f32, tf32, f16, bf16");
  }
  EXPECT_THROW(parse_op("F"), ProblemError);
  EXPECT_THROW(parse_layout(""), ProblemError);
}

struct Bad {
  const char* text;
  const char* message;
};

const Bad kBad[] = {
    {"", "empty descriptor: need at least ic, oc, iw, kw"},
    {"mb1", "ic: missing (input channels)"},
    {"ic1iw4kw3", "oc: missing (output channels)"},
    {"ic1oc1", "iw: missing (input size); no axis is given"},
    {"ic1iw4oc1", "kw: missing (kernel size)"},
    {"ic1oc1kh3", "ih: missing (input size)"},
    {"ic1oc1sd2", "id: missing (input size)"},
    {"ic1ih4oc1kh3kw3", "iw: missing (input size)"},
    {"ic1iw4oc1kw3sw0", "sw0: stride must be at least 1"},
    {"ic1iw4oc1kw0", "kw0: kernel size must be at least 1"},
    {"ic1iw0oc1kw3", "iw0: input size must be at least 1"},
    {"ic1iw4oc1ow0kw3", "ow0: output size must be at least 1"},
    {"ic0iw4oc1kw3", "ic0: input channels must be at least 1"},
    {"ic1iw4oc0kw3", "oc0: output channels must be at least 1"},
    {"g0ic1iw4oc1kw3", "g0: groups must be at least 1"},
    {"g2ic3iw4oc4kw3", "ic3: input channels must be a multiple of g2"},
    {"g2ic4iw4oc3kw3", "oc3: output channels must be a multiple of g2"},
    {"ic1iw4oc1kw3pw3", "pw3: crops all of the extent 6; output size must be at least 1"},
    {"ic1iw4oc1ow13kw3sw2pw0",
     "ow13: output padding 4 must be less than max(stride, dilation) = 2"},
    {"ic1iw4iw5oc1kw3", "iw: given twice"},
    {"mb1mb1ic1iw4oc1kw3", "mb: given twice"},
    {"ic1iw4oc1kw3x2",
     "\"x2\" at character 13: unknown key; known: g mb ic oc, {i,o,k,s,p,d}{d,h,w}, n\"name\""},
    {"IC1iw4oc1kw3",
     "\"IC1iw4oc1kw3\" at character 1: unknown key; known: g mb ic oc, {i,o,k,s,p,d}{d,h,w}, "
     "n\"name\""},
    {"ic1iw4 oc1kw3",
     "\" oc1kw3\" at character 7: unknown key; known: g mb ic oc, {i,o,k,s,p,d}{d,h,w}, n\"name\""},
    {"ic1iwoc1kw3", "iw: must be followed by an integer"},
    {"ic1iw4oc1kw", "kw: must be followed by an integer"},
    {"ic1iw4.5oc1kw3", "iw4.5oc1kw3: must be a whole number"},
    {"ic1iw4oc1kw1e3", "kw1e3: must be a whole number"},
    {"ic1iw4oc1kw3pw-1", "pw-1: must not be negative"},
    {"mb-2ic1iw4oc1kw3", "mb-2: must not be negative"},
    {"ic1iw99999999999999999999oc1kw3", "iw99999999999999999999: exceeds 2^63-1"},
    {"ic1iw4611686018427387904oc1kw3sw4", "axis w: extent before cropping: exceeds 2^63-1"},
    {"ic1iw4oc1kw3dw9223372036854775807", "axis w: extent before cropping: exceeds 2^63-1"},
    {"mb4611686018427387904ic4iw4oc1kw3", "input elements: exceeds 2^63-1"},
    {"mb1ic3037000500iw1oc3037000500kw3", "weight elements: exceeds 2^63-1"},
    {"mb1ic1iw1oc3037000500kw3037000500", "output elements: exceeds 2^63-1"},
    {"mb1ic2147483648iw1073741824oc1kw1", "bytes: exceeds 2^63-1"},
    {"mb1ic1048576iw1048576oc1048576kw8", "FLOPs over every input: exceeds 2^63-1"},
    {"ic1iw4oc1kw3n", "n: a name must be quoted and come last, as n\"model:layer\""},
    {"ic1iw4oc1kw3nfoo", "nfoo: a name must be quoted and come last, as n\"model:layer\""},
    {"ic1iw4oc1kw3n\"a\"mb1",
     "n\"a\"mb1: a name must be quoted and come last, as n\"model:layer\""},
    {"ic1iw4oc1kw3n\"\"",
     "n\"\": a name must be printable, not empty, without blanks, quotes or backslashes"},
    {"ic1iw4oc1kw3n\"a\nb\"",
     "n\"a\\x0ab\": a name must be printable, not empty, without blanks, quotes or backslashes"},
    {"ic1iw4oc1kw3\n\xff",
     "\"\\x0a\\xff\" at character 13: unknown key; known: g mb ic oc, {i,o,k,s,p,d}{d,h,w}, "
     "n\"name\""},
    {"ic1iw4oc1kw3n\"a b\"",
     "n\"a b\": a name must be printable, not empty, without blanks, quotes or backslashes"},
};

TEST(BadTexts, GetOneClearLine) {
  for (const auto& [text, message] : kBad) {
    SCOPED_TRACE(text);
    try {
      ADD_FAILURE() << "accepted as " << Problem::parse(text).str();
    } catch (const ProblemError& e) {
      EXPECT_STREQ(e.what(), message);
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(BadTexts, AtLeast25KindsOfMessage) {
  std::set<std::string> messages;
  for (const Bad& bad : kBad) messages.insert(bad.message);
  EXPECT_GE(messages.size(), 25u);
}

TEST(Validate, RefusesWhatNoTextCanSay) {
  Problem p = Problem::parse("ic1iw4oc1kw3");
  p.axes[0].in = 2;
  EXPECT_THROW(p.validate(), ProblemError);
  p = Problem::parse("ic1iw4oc1kw3");
  p.rank = 4;
  EXPECT_THROW(p.validate(), ProblemError);
  p = Problem::parse("ic1iw4oc1kw3");
  p.axes[2].crop_lo = -1;
  EXPECT_THROW(p.validate(), ProblemError);
  p = Problem::parse("ic1iw4oc1kw3");
  p.axes[2].dilation = 0;
  EXPECT_THROW(p.validate(), ProblemError);
}

}  // namespace
}  // namespace tconv
