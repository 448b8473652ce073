// Every expected value is worked out by hand for one made-up GPU: 10 SMs at 1 GHz, so that 1000
// clocks are a microsecond.
#include <gtest/gtest.h>

#include "bench/bound.h"

namespace tconv::bench {
namespace {

DeviceProfile gpu() {
  DeviceProfile p{};
  p.name = "made-up";
  p.sms = 10;
  p.boost_ghz = 1.0;
  p.dram_bytes_per_s = 3.2e11;  // 320'000 bytes, or 10'000 sectors, a microsecond
  p.fma_f32_lanes = 100;
  p.l1_sectors = 4;
  p.shared_wavefronts = 1;
  p.tensor_macs_f16 = 1000;
  p.tensor_macs_tf32 = 500;
  p.atomics_per_l2_clock = 20;
  return p;
}

Bound bound_of(const LaunchUse& use) { return bound(std::vector{use}, DType::f32, 0.5, gpu()); }

TEST(Bound, SpreadsDramOverTheDevice) {
  const Bound b = bound_of({.blocks = 1, .dram_sectors = 20'000});
  EXPECT_DOUBLE_EQ(b.us, 2);  // the number of blocks does not matter
  EXPECT_EQ(b.limiter, "dram");
  EXPECT_DOUBLE_EQ(b.efficiency, 0.25);
}

TEST(Bound, SpreadsWorkInsideAnSmByWholeBlocks) {
  // 20 blocks on 10 SMs: 2 each, exactly the even share. 4'000'000 lanes / 10 SMs / 100 a clock =
  // 4000 clocks.
  EXPECT_DOUBLE_EQ(bound_of({.blocks = 20, .fma_lanes = 4'000'000}).us, 4);
  // 21 blocks: one SM has 3 of them, 3/21 of the work: 4'000'000 / 7 / 100 clocks.
  EXPECT_DOUBLE_EQ(bound_of({.blocks = 21, .fma_lanes = 4'200'000}).us, 6);
  // One block: all on one SM.
  EXPECT_DOUBLE_EQ(bound_of({.blocks = 1, .fma_lanes = 400'000}).us, 4);
}

TEST(Bound, KnowsEveryResource) {
  const struct {
    LaunchUse use;
    const char* limiter;
    double us;
  } table[] = {
      {{.blocks = 10, .l1_sectors = 80'000}, "l1", 2},             // 8000 per SM / 4
      {{.blocks = 10, .shared_wavefronts = 30'000}, "shared", 3},  // 3000 per SM / 1
      {{.blocks = 10, .tensor_macs = 10'000'000}, "tensor", 1},    // 1e6 per SM / 1000
      {{.blocks = 10, .atomics = 100'000}, "atomics", 5},          // 1e5 / 20
  };
  for (const auto& row : table) {
    const Bound b = bound_of(row.use);
    EXPECT_EQ(b.limiter, row.limiter);
    EXPECT_DOUBLE_EQ(b.us, row.us) << row.limiter;
  }
}

// Strict: DRAM 2 us. Modelled: 960'000 bytes are 3 us of DRAM; 2'000'000 sectors of 32 bytes at
// 16'000 bytes a clock are 4000 clocks of L2.
TEST(Bound, ModelReplacesDramAndAddsL2) {
  DeviceProfile device = gpu();
  device.l2_bytes_per_clock = 16'000;
  LaunchUse use{.blocks = 10, .dram_sectors = 20'000};
  const auto model_of = [&](uint64_t l2_sectors, uint64_t dram_bytes) {
    use.model = {.l2_sectors = l2_sectors, .dram_bytes = dram_bytes};
    const Bound b = bound(std::vector{use}, DType::f32, 1, device);
    EXPECT_DOUBLE_EQ(b.us, 2);
    EXPECT_EQ(b.limiter, "dram");
    return b.model.value();
  };
  const Bound::Model l2 = model_of(2'000'000, 960'000);
  EXPECT_DOUBLE_EQ(l2.us, 4);
  EXPECT_EQ(l2.limiter, "l2");
  EXPECT_DOUBLE_EQ(l2.efficiency, 0.25);
  const Bound::Model dram = model_of(1'000'000, 960'000);
  EXPECT_DOUBLE_EQ(dram.us, 3);
  EXPECT_EQ(dram.limiter, "dram");
  // Less traffic than the distinct sectors need is no reason to be faster.
  EXPECT_DOUBLE_EQ(model_of(0, 320'000).us, 2);
}

TEST(Bound, NoModelUnlessEveryLaunchHasOne) {
  LaunchUse modelled{.blocks = 1, .dram_sectors = 10'000};
  modelled.model.emplace();
  const LaunchUse plain{.blocks = 1, .dram_sectors = 10'000};
  EXPECT_FALSE(bound(std::vector{modelled, plain}, DType::f32, 1, gpu()).model);
  EXPECT_TRUE(bound(std::vector{modelled, modelled}, DType::f32, 1, gpu()).model);
  EXPECT_FALSE(bound({}, DType::f32, 1, gpu()).model);
}

TEST(Bound, RunsTensorInstructionsAtTheRateOfTheirType) {
  const std::vector<LaunchUse> use{{.blocks = 10, .tensor_macs = 10'000'000}};
  EXPECT_DOUBLE_EQ(bound(use, DType::f16, 1, gpu()).us, 1);
  EXPECT_DOUBLE_EQ(bound(use, DType::tf32, 1, gpu()).us, 2);
}

TEST(Bound, TakesTheSlowestResourceOfEachLaunchAndAddsLaunchesUp) {
  const std::vector<LaunchUse> launches{
      {.blocks = 10, .dram_sectors = 30'000, .fma_lanes = 1'000'000},  // dram 3 us, fma 1 us
      {.blocks = 10, .dram_sectors = 10'000, .fma_lanes = 4'000'000},  // dram 1 us, fma 4 us
      {.blocks = 10, .dram_sectors = 20'000},                          // dram 2 us
  };
  const Bound b = bound(launches, DType::f32, 1, gpu());
  EXPECT_DOUBLE_EQ(b.us, 9);
  EXPECT_EQ(b.limiter, "dram");  // 5 of the 9
}

TEST(Bound, OfNoLaunchIsZeroAndHasNoEfficiency) {
  const Bound b = bound({}, DType::f32, 1, gpu());
  EXPECT_DOUBLE_EQ(b.us, 0);
  EXPECT_DOUBLE_EQ(b.efficiency, 0);
}

TEST(Floor, IsTheLargerOfMemoryAndArithmetic) {
  // 1x1 kernel, stride 1, one pixel: 1000 x 1000 multiply-adds; x 1000, w 1000000, y 1000 elements.
  const Problem p = Problem::parse("mb1ic1000oc1000iw1ow1kw1");
  ASSERT_EQ(p.macs_needed(), 1'000'000);
  ASSERT_EQ(p.bytes_compulsory(DType::f32), 4'008'000);
  EXPECT_DOUBLE_EQ(floor_us(p, DType::f32, gpu()), 4'008'000 / 320'000.0);

  // 1000 pixels: 1e9 multiply-adds at 10 SMs * 100 a clock = 1e6 clocks = 1000 us; memory
  // 12'000'000 / 320'000 = 37.5 us.
  const Problem q = Problem::parse("mb1ic1000oc1000iw1000ow1000kw1");
  EXPECT_DOUBLE_EQ(floor_us(q, DType::f32, gpu()), 1000);
  EXPECT_DOUBLE_EQ(floor_us(q, DType::tf32, gpu()), 200);
  EXPECT_DOUBLE_EQ(floor_us(q, DType::f16, gpu()), 100);
}

}  // namespace
}  // namespace tconv::bench
