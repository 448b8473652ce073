// The cache model: counts that follow from its stated rules by hand.
#include <gtest/gtest.h>

#include "reference/ptxvm/cache_model.h"
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm {
namespace {

constexpr uint64_t kLine = 128;

/// Loads `lines` neighbouring lines, whole, in order.
void load_lines(WarpTrace& warp, uint64_t first, uint64_t lines) {
  for (uint64_t i = first; i < first + lines; ++i) warp.add(4 * i, 4 * i + 3, CacheUse::load);
}

CacheTotals run_one_block(const CacheGeometry& geometry, const WarpTrace& warp) {
  CacheModel model(geometry, 1);
  model.finish(0, {&warp, 1});
  return model.totals();
}

TEST(SectorCache, LeastRecentLineGoesFirst) {
  SectorCache cache(2 * kLine, 2);  // one set of two lines
  EXPECT_EQ(cache.touch(10, 0b1111, false).present, 0u);
  EXPECT_EQ(cache.touch(20, 0b0011, true).present, 0u);
  EXPECT_EQ(cache.touch(10, 0b0110, false).present, 0b0110u);  // 20 is the older one now
  EXPECT_EQ(cache.touch(30, 0b0001, false).evicted, 2u);       // its two dirty sectors
  EXPECT_EQ(cache.touch(10, 0b1000, false).present, 0b1000u);
  EXPECT_EQ(cache.touch(20, 0b0011, false).present, 0u);
  EXPECT_EQ(cache.clean(), 0u);
}

TEST(SectorCache, SectorsComeOneByOne) {
  SectorCache cache(4 * kLine, 2);
  cache.touch(7, 0b0001, false);
  EXPECT_EQ(cache.touch(7, 0b0011, true).present, 0b0001u);
  cache.drop(7, 0b0001);
  EXPECT_EQ(cache.touch(7, 0b0011, false).present, 0b0010u);
  EXPECT_EQ(cache.clean(), 1u);  // sector 1; the dirty sector 0 was dropped
  EXPECT_EQ(cache.clean(), 0u);
}

TEST(WarpTrace, SplitsRequestsAtLinesAndJoinsTheirPieces) {
  WarpTrace warp;
  warp.add(2, 9, CacheUse::store);  // sectors 2,3 | 4..7 | 8,9
  ASSERT_EQ(warp.accesses().size(), 3u);
  EXPECT_EQ(uint32_t(warp.accesses()[0].sectors), 0b1100u);
  EXPECT_EQ(uint32_t(warp.accesses()[2].sectors), 0b0011u);
  warp.add(10, 10, CacheUse::store);  // the next piece of the same line
  EXPECT_EQ(warp.accesses().size(), 3u);
  warp.add(10, 10, CacheUse::store);  // the same sector again: another store
  EXPECT_EQ(warp.accesses().size(), 4u);
}

// A load of what the same warp has just loaded is a hit, not nothing.
TEST(CacheModel, EverySectorIsLookedUp) {
  WarpTrace warp;
  for (int i = 0; i < 3; ++i) warp.add(400, 401, CacheUse::load);
  const CacheTotals t = run_one_block({.l1_bytes = 64 * kLine, .l2_bytes = 64 * kLine}, warp);
  EXPECT_EQ(t.l1_hits, 4u);
  EXPECT_EQ(t.l2_read, 2u);
}

// 64 lines twice. L1 of 32 lines in one set: an LRU cache that is cyclically swept by more than it
// holds never hits. L2 of 128 lines holds all: the second pass hits there.
TEST(CacheModel, SecondPassHitsL2IfItFits) {
  WarpTrace warp;
  load_lines(warp, 1000, 64);
  load_lines(warp, 1000, 64);
  const CacheTotals t = run_one_block({.l1_bytes = 32 * kLine, .l2_bytes = 128 * kLine}, warp);
  EXPECT_EQ(t.l1_hits, 0u);
  EXPECT_EQ(t.l2_read, 512u);  // 2 passes * 64 lines * 4 sectors
  EXPECT_EQ(t.l2_hits, 256u);
  EXPECT_EQ(t.dram_read, 256u);
  EXPECT_EQ(t.dram_written, 0u);
}

// The same with an L2 of 32 lines (2 sets of 16): each set sees 32 lines in turn and never hits.
TEST(CacheModel, SecondPassMissesL2IfItDoesNotFit) {
  WarpTrace warp;
  load_lines(warp, 1024, 64);
  load_lines(warp, 1024, 64);
  const CacheTotals t = run_one_block({.l1_bytes = 32 * kLine, .l2_bytes = 32 * kLine}, warp);
  EXPECT_EQ(t.l2_hits, 0u);
  EXPECT_EQ(t.dram_read, 512u);
}

TEST(CacheModel, SecondPassHitsL1IfItFits) {
  WarpTrace warp;
  load_lines(warp, 1024, 64);
  load_lines(warp, 1024, 64);
  const CacheTotals t = run_one_block({.l1_bytes = 64 * kLine, .l2_bytes = 128 * kLine}, warp);
  EXPECT_EQ(t.l1_hits, 256u);
  EXPECT_EQ(t.l2_read, 256u);
  EXPECT_EQ(t.dram_read, 256u);
}

// Stores go through L1, leave nothing there, and reach DRAM once: evicted or at the end.
TEST(CacheModel, WrittenStreamReachesDramOnce) {
  WarpTrace warp;
  for (uint64_t sector = 4096; sector < 4096 + 256; sector += 4)
    warp.add(sector, sector + 3, CacheUse::store);
  for (const uint64_t l2_lines : {16, 1024}) {
    const CacheTotals t =
        run_one_block({.l1_bytes = 64 * kLine, .l2_bytes = l2_lines * kLine}, warp);
    EXPECT_EQ(t.l2_written, 256u);
    EXPECT_EQ(t.l2_read, 0u);
    EXPECT_EQ(t.dram_read, 0u);
    EXPECT_EQ(t.dram_written, 256u);
  }
}

TEST(CacheModel, AtomicsReadAndWriteAtL2AndEmptyL1) {
  WarpTrace warp;
  warp.add(400, 400, CacheUse::load);    // L1 and L2 have it: 1 sector from DRAM
  warp.add(400, 400, CacheUse::atomic);  // hits L2
  warp.add(400, 400, CacheUse::load);    // L1 has it no more
  warp.add(800, 800, CacheUse::atomic);  // not there: another sector from DRAM
  const CacheTotals t = run_one_block({.l1_bytes = 64 * kLine, .l2_bytes = 64 * kLine}, warp);
  EXPECT_EQ(t.l1_hits, 0u);
  EXPECT_EQ(t.l2_atomic, 2u);
  EXPECT_EQ(t.l2_read, 2u);
  EXPECT_EQ(t.l2_hits, 2u);
  EXPECT_EQ(t.dram_read, 2u);
  EXPECT_EQ(t.dram_written, 2u);
}

// Blocks 0 and 2 share an SM if there are two: the later one finds the line in L1. With four SMs
// each asks L2.
TEST(CacheModel, BlocksGoToSmsInTurn) {
  WarpTrace warp;
  load_lines(warp, 50, 1);
  for (const uint32_t sms : {2u, 4u}) {
    CacheModel model({.l1_bytes = 64 * kLine, .l2_bytes = 64 * kLine, .sms = sms}, 4);
    for (const uint64_t block : {3, 1, 0, 2}) model.finish(block, {&warp, 1});
    const CacheTotals t = model.totals();
    EXPECT_EQ(t.l1_hits, sms == 2 ? 8u : 0u);
    EXPECT_EQ(t.l2_read, 4u * sms);
    EXPECT_EQ(t.dram_read, 4u);
  }
}

// A block of 32 threads sums an array of n words twice; x is in %a0, n in %a1, y in %a2.
const char* const kTwoPasses = R"(
mov.u32 %r0, %tid.x; mov.u32 %r5, 0; mov.f32 %f0, 0f00000000;
again:
mul.wide.u32 %d1, %r0, 4; add.u64 %d0, %a0, %d1; mul.lo.u64 %d2, %a1, 4; add.u64 %d2, %d2, %a0;
loop:
ld.global.f32 %f1, [%d0]; add.f32 %f0, %f0, %f1; add.u64 %d0, %d0, 128;
setp.lt.u64 %p0, %d0, %d2; @%p0 bra loop;
add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, 2; @%p1 bra again;
add.u64 %d3, %a2, %d1; st.global.f32 [%d3], %f0;)";

LaunchReport two_passes(uint64_t words, MachineConfig config) {
  config.memory_bytes = 1 << 28;
  config.model_caches = true;
  test::Runner run(test::entry(3, kTwoPasses), config);
  const auto x = run.buffer<float>(words), y = run.buffer<float>(32);
  return run.run({}, {32}, {x.address, words, y.address});
}

TEST(CacheModel, KernelThatReadsTwice) {
  const auto counter = [](const LaunchReport& report, const char* name) {
    return report.counters.at(std::string("ptx__model_") + name);
  };
  // 64 KiB fit into an L1 of 192 KiB less 1 KiB: 2048 sectors missing, 2048 found.
  LaunchReport report = two_passes(16384, {});
  EXPECT_EQ(counter(report, "l1_hit_sectors"), 2048u);
  EXPECT_EQ(counter(report, "l2_sectors_read"), 2048u);
  EXPECT_EQ(counter(report, "dram_bytes_read"), 65536u);
  EXPECT_EQ(counter(report, "l2_sectors_written"), 4u);
  EXPECT_EQ(counter(report, "dram_bytes_written"), 128u);
  // 1 MiB fits into L2 only.
  report = two_passes(1 << 18, {});
  EXPECT_EQ(counter(report, "l1_hit_sectors"), 0u);
  EXPECT_EQ(counter(report, "l2_hit_sectors"), 32768u);
  EXPECT_EQ(counter(report, "dram_bytes_read"), 1u << 20);
  // And not into one of half its size.
  report = two_passes(1 << 18, {.l2_bytes = 1 << 19});
  EXPECT_EQ(counter(report, "l2_hit_sectors"), 0u);
  EXPECT_EQ(counter(report, "dram_bytes_read"), 2u << 20);
}

// Every thread reads its word and the next block's, writes one, and adds to one of 64: the same
// with any number of workers, and the exact counters are those of a machine without a model.
TEST(CacheModel, NeitherWorkersNorTheModelChangeCounts) {
  const std::string body = std::string(test::kThread) + R"(
add.u64 %d1, %a0, %d0; ld.global.f32 %f0, [%d1]; ld.global.f32 %f1, [%d1+1024];
add.f32 %f0, %f0, %f1; add.u64 %d2, %a1, %d0; st.global.f32 [%d2], %f0;
and.b32 %r3, %r0, 63; mul.wide.u32 %d3, %r3, 4; add.u64 %d3, %a2, %d3;
red.global.add.u32 [%d3], 1;)";
  Counters first;
  for (const int workers : {1, 2, 3, 7}) {
    test::Runner run(test::entry(3, body), {.memory_bytes = 1 << 28,
                                            .sms = 5,
                                            .l1_bytes = 8 << 10,
                                            .l2_bytes = 64 << 10,
                                            .workers = workers,
                                            .model_caches = true});
    const auto x = run.buffer<float>(1 << 17), y = run.buffer<float>(1 << 17);
    const auto z = run.buffer<uint32_t>(64);
    const LaunchReport report = run.run({400}, {256}, {x.address, y.address, z.address});
    if (workers == 1) first = report.counters;
    EXPECT_EQ(report.counters, first) << workers << " workers";
    const auto count = [&](const char* name) { return report.counters.at(name); };
    EXPECT_EQ(count("ptx__model_l1_hit_sectors") + count("ptx__model_l2_sectors_read"),
              count("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"));
    EXPECT_EQ(count("ptx__model_l2_sectors_written"),
              count("l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"));
    EXPECT_EQ(count("ptx__model_l2_sectors_atomic"),
              count("l1tex__t_sectors_pipe_lsu_mem_global_op_red.sum"));
  }
  test::Runner run(test::entry(3, body), 2);
  const auto x = run.buffer<float>(1 << 17), y = run.buffer<float>(1 << 17);
  const auto z = run.buffer<uint32_t>(64);
  const LaunchReport plain = run.run({400}, {256}, {x.address, y.address, z.address});
  std::erase_if(first, [](const auto& c) { return c.first.starts_with("ptx__model_"); });
  EXPECT_EQ(plain.counters, first);
}

// Words 64 bytes apart: 32 sectors a request, each counted once.
TEST(CacheModel, ScatteredStores) {
  const std::string body = std::string(test::kThread) +
                           "mul.wide.u32 %d1, %r0, 64; add.u64 %d1, %a0, %d1; "
                           "st.global.u32 [%d1], %r0; st.global.u32 [%d1+4], %r0;";
  test::Runner run(test::entry(1, body), {.memory_bytes = 1 << 28, .model_caches = true});
  const auto x = run.buffer<uint32_t>(64 * 16);
  const LaunchReport report = run.run({}, {64}, {x.address});
  EXPECT_EQ(report.counters.at("ptx__model_l2_sectors_written"), 128u);
  EXPECT_EQ(report.counters.at("ptx__model_dram_bytes_written"), 64u * 32);
}

}  // namespace
}  // namespace ptxvm
