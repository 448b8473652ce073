// Multiply-adds counted one by one, ridge points by hand, and the alternatives' descriptors.
#include <gtest/gtest.h>

#include "bench/inspect/remedies.h"
#include "bench/inspect/work_report.h"
#include "reference/geometry.h"
#include "tests/reference/random_problem.h"

namespace tconv::inspect {
namespace {

/// Pairs of an axis, visited one by one.
struct Pairs {
  int64_t needed = 0, per_phase = 0, fused = 0;
};
Pairs count_pairs(const Axis& a) {
  Pairs n;
  size_t longest = 0;
  for (int64_t q = 0; q < a.stride; ++q) longest = std::max(longest, phase_taps(a, q).size());
  for (int64_t o = 0; o < a.out; ++o) {
    n.fused += static_cast<int64_t>(longest);
    for (int64_t t = 0; t < a.kernel; ++t) {
      const int64_t at = o + a.crop_lo - t * a.dilation;
      const bool mine = ((at % a.stride) + a.stride) % a.stride == 0;
      n.per_phase += mine;
      n.needed += mine && at >= 0 && at / a.stride < a.in;
    }
  }
  return n;
}

TEST(Organisations, CountWhatALoopCounts) {
  test::Random random(11);
  for (int i = 0; i < 300; ++i) {
    const Problem p = test::random_problem(random);
    int64_t needed = p.batch * p.in_channels * p.oc_per_group(), phase = needed, fused = needed;
    for (const Axis& a : p.axes) {
      const Pairs n = count_pairs(a);
      needed *= n.needed;
      phase *= n.per_phase;
      fused *= n.fused;
    }
    const auto all = organisations(p);
    EXPECT_EQ(all[0].macs, needed) << p.str();
    EXPECT_EQ(all[1].macs, phase) << p.str();
    EXPECT_EQ(all[2].macs, p.flops_dense_input() / 2);
    EXPECT_EQ(all[3].macs, fused) << p.str();
    EXPECT_EQ(all[4].macs, p.flops_dense_output() / 2);
  }
}

TEST(Roofline, RidgePointsByHand) {
  // A100: 108 SMs x 64 lanes x 2 x 1.41 GHz = 19.49 TFLOP/s over 2.039 TB/s; tensor f16 16 times
  // that.
  const DeviceProfile& a100 = device_profile("a100-sxm");
  EXPECT_NEAR(*peak_flops(DType::f32, a100) / a100.dram_bytes_per_s, 9.559, 1e-3);
  EXPECT_NEAR(*peak_flops(DType::f16, a100) / *peak_flops(DType::f32, a100), 16, 1e-12);
  EXPECT_EQ(*peak_flops(DType::bf16, a100), *peak_flops(DType::f16, a100));
  const DeviceProfile& t4 = device_profile("t4");
  EXPECT_FALSE(peak_flops(DType::tf32, t4));
  EXPECT_FALSE(peak_flops(DType::bf16, t4));
}

TEST(Roofline, SidesFollowTheIntensity) {
  const std::vector<const DeviceProfile*> gpus{&device_profile("h100-sxm"), &device_profile("t4")};
  // Depthwise: a few FLOPs per byte. 512 x 512 channels on 64 x 64: hundreds.
  for (const Roofline& line : rooflines(Problem::parse("g64mb1ic64ih32oc64kh4sh2ph1"), gpus)) {
    for (const RooflineSide& side : line.sides) EXPECT_FALSE(side.compute_bound);
  }
  for (const Roofline& line : rooflines(Problem::parse("mb8ic512ih64oc512kh4sh2ph1"), gpus)) {
    for (const RooflineSide& side : line.sides)
      EXPECT_EQ(side.compute_bound, side.ridge.has_value());
  }
}

TEST(Intensity, IsFlopsPerCompulsoryByte) {
  const Problem p =
      Problem::parse("mb1ic1iw2oc1kw2sw2");  // x 2, w 2, y 4 elements; 4 multiply-adds
  const auto all = intensities(p);
  EXPECT_EQ(all[0].bytes, 32);
  EXPECT_DOUBLE_EQ(all[0].flops_per_byte, 0.25);
  EXPECT_DOUBLE_EQ(all[2].flops_per_byte, 0.5);
}

TEST(Remedies, EvenedKernelKeepsSizeAndCoversEvenly) {
  test::Random random(12);
  int evened_ones = 0;
  for (int i = 0; i < 500; ++i) {
    const Problem p = test::random_problem(random);
    const auto even = evened(p);
    if (!even) continue;
    ++evened_ones;
    for (size_t a = 0; a < 3; ++a) {
      EXPECT_EQ(even->axes[a].out, p.axes[a].out);
      EXPECT_EQ(even->axes[a].kernel % phase_split(even->axes[a]).classes, 0);
      // The image moves by half an output at most.
      EXPECT_LE(std::abs(footprint_centre(even->axes[a], 0) - footprint_centre(p.axes[a], 0)), 0.5);
    }
    EXPECT_EQ(Problem::parse(even->str()), *even);
  }
  EXPECT_GT(evened_ones, 100);
}

TEST(Remedies, DependOnGainsWhereCoverageIsEven) {
  const Problem even = Problem::parse("mb1ic1iw9oc1kw4sw2");
  EXPECT_TRUE(remedies(even, false).empty());
  ASSERT_FALSE(remedies(even, true).empty());
  EXPECT_EQ(remedies(even, true).front().name, "smooth start");  // its kernel is a multiple already
  const auto shared = remedies(Problem::parse("mb1ic1iw9oc1kw4sw2dw1"), false);
  ASSERT_FALSE(shared.empty());
  EXPECT_EQ(shared.front().name, "coprime dilation");
}

}  // namespace
}  // namespace tconv::inspect
