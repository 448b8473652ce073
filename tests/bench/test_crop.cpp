// Smaller versions of layers: what stays, what shrinks, and how far.
#include <gtest/gtest.h>

#include "bench/crop.h"
#include "reference/layers.h"

namespace tconv::bench {
namespace {

constexpr int64_t kBudget = 2'000'000;

std::vector<Problem> all_layers() { return read_layers(find_layers(TCONV_LAYERS_DIR, "all")); }

TEST(Crop, KeepsAllButTheSpace) {
  for (const Problem& whole : all_layers()) {
    const Problem cut = crop_in_space(whole, kBudget);
    EXPECT_EQ(cut.batch, whole.batch);
    EXPECT_EQ(cut.groups, whole.groups);
    EXPECT_EQ(cut.in_channels, whole.in_channels);
    EXPECT_EQ(cut.out_channels, whole.out_channels);
    for (size_t a = 0; a < 3; ++a) {
      const Axis &before = whole.axes[a], &after = cut.axes[a];
      EXPECT_EQ(after.kernel, before.kernel);
      EXPECT_EQ(after.stride, before.stride);
      EXPECT_EQ(after.dilation, before.dilation);
      EXPECT_EQ(after.crop_lo, before.crop_lo);
      EXPECT_EQ(after.crop_hi(), before.crop_hi()) << whole.str();
      EXPECT_LE(after.in, before.in);
    }
  }
}

/// By the definition: is there an output that every tap reaches?
bool some_output_gets_all_taps(const Axis& a) {
  for (int64_t o = 0; o < a.out; ++o) {
    int64_t reached = 0, possible = 0;
    for (int64_t t = 0; t < a.kernel; ++t) {
      const int64_t from = o + a.crop_lo - t * a.dilation;
      if (from % a.stride != 0) continue;
      ++possible;
      reached += from >= 0 && from / a.stride < a.in ? 1 : 0;
    }
    if (possible > 0 && reached == possible) return true;
  }
  return false;
}

TEST(Crop, StopsInTimeOrWhereAnOutputWouldLoseTaps) {
  for (const Problem& whole : all_layers()) {
    const Problem cut = crop_in_space(with_batch(whole, 1), kBudget);
    for (size_t a = 0; a < 3; ++a) {
      EXPECT_TRUE(some_output_gets_all_taps(cut.axes[a]) ||
                  !some_output_gets_all_taps(whole.axes[a]))
          << cut.str();
    }
    if (cut.macs_needed() <= kBudget) continue;
    EXPECT_EQ(cut, crop_in_space(cut, 1)) << "could have been cut further: " << cut.str();
  }
}

TEST(Crop, MarksWhatItCut) {
  const Problem p = Problem::parse("mb1ic16oc16ih64kh4sh2ph1n\"net:1\"");
  EXPECT_EQ(crop_in_space(p, 1'000'000).name, "net:1~cropped");
  EXPECT_EQ(crop_in_space(p, p.macs_needed()).name, "net:1");
  EXPECT_EQ(crop_in_space(p, p.macs_needed()), p);
}

TEST(Crop, TakesTheLongestAxisFirst) {
  const Problem p = Problem::parse("mb1ic1oc1ih8iw80kh1kw1");
  const Problem cut = crop_in_space(p, 80);
  EXPECT_EQ(cut.axes[1].in, 8);
  EXPECT_EQ(cut.axes[2].in, 10);
}

TEST(Crop, KeepsOutputPadding) {
  const Problem p = Problem::parse("mb1ic4oc4iw64ow257kw3sw4pw0");
  const Axis whole = p.axes[2], cut = crop_in_space(p, 100).axes[2];
  EXPECT_LT(whole.crop_hi(), 0);
  EXPECT_EQ(cut.crop_hi(), whole.crop_hi());
  EXPECT_LT(cut.in, whole.in);
}

TEST(Crop, ChangesTheBatchAlone) {
  Problem p = Problem::parse("mb64ic3oc4ih5kh3");
  const Problem one = with_batch(p, 1);
  p.batch = 1;
  EXPECT_EQ(one, p);
}

}  // namespace
}  // namespace tconv::bench
