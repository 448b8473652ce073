// Counters against numbers derived by hand.
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

// y[i * stride] = x[i * stride] for 128 threads in blocks of 64: 4 warps.
std::string copy(int stride) {
  return entry(2, std::string(kThread) + "mul.lo.u64 %d0, %d0, " + std::to_string(stride) +
                      "; add.u64 %d1, %a0, %d0; add.u64 %d2, %a1, %d0; ld.global.f32 %f0, [%d1]; "
                      "st.global.f32 [%d2], %f0;");
}

// A warp's 32 lanes read 32 * 4 = 128 bytes in a row: 4 sectors of 32 bytes. 4 warps: 16 sectors,
// all distinct.
TEST(Counters, CopyOfStrideOne) {
  Runner run(copy(1));
  auto x = run.buffer<float>(128), y = run.buffer<float>(128);
  const Counters c = run.run({2}, {64}, {x.address, y.address}).counters;
  EXPECT_EQ(c.at("l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum"), 4u);
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 16u);
  EXPECT_EQ(c.at("l1tex__t_requests_pipe_lsu_mem_global_op_st.sum"), 4u);
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"), 16u);
  EXPECT_EQ(c.at("ptx__dram_sectors_read_distinct"), 16u);
  EXPECT_EQ(c.at("ptx__dram_sectors_written_distinct"), 16u);
  EXPECT_EQ(c.at("launch__grid_size"), 2u);
  EXPECT_EQ(c.at("launch__thread_count"), 128u);
  // 2 ld.param, 5 of kThread, mul, 2 add, ld, st, ret.
  EXPECT_EQ(c.at("ptx__warp_instructions"), 4u * 13);
  EXPECT_EQ(c.at("ptx__lane_instructions"), 128u * 13);
}

// Every other float: a warp spans 256 bytes, 8 sectors. 4 warps: 32.
TEST(Counters, CopyOfStrideTwo) {
  Runner run(copy(2));
  auto x = run.buffer<float>(256), y = run.buffer<float>(256);
  const Counters c = run.run({2}, {64}, {x.address, y.address}).counters;
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 32u);
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"), 32u);
  EXPECT_EQ(c.at("ptx__dram_sectors_read_distinct"), 32u);
}

// One float off a sector's start: 128 bytes touch 5 sectors, and the neighbours' last and first are
// the same one: 4 * 5 requested, 4 * 4 + 1 distinct. A second launch counts anew.
TEST(Counters, CopyOffTheSector) {
  Runner run(copy(1));
  auto x = run.buffer<float>(129), y = run.buffer<float>(129);
  for (int launch = 0; launch < 2; ++launch) {
    const Counters c = run.run({2}, {64}, {x.address + 4, y.address}).counters;
    EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 20u);
    EXPECT_EQ(c.at("ptx__dram_sectors_read_distinct"), 17u);
    EXPECT_EQ(c.at("ptx__dram_sectors_written_distinct"), 16u);
  }
}

// A 32 x 32 tile, one row a warp: stores rows, loads columns. Thread (x, y): shared[y][x] = its
// number, then reads shared[x][y].
std::string transpose(int row) {
  return entry(1,
               ".shared .align 4 .b32 tile[" + std::to_string(32 * row) + R"(];
    mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mad.lo.u32 %r3, %r2, 32, %r1; mov.u32 %r9, tile;
    mad.lo.u32 %r4, %r2, )" +
                   std::to_string(row) +
                   ", %r1; shl.b32 %r4, %r4, 2; add.u32 %r4, %r4, %r9; st.shared.u32 [%r4], %r3; "
                   "bar.sync 0; mad.lo.u32 %r5, %r1, " +
                   std::to_string(row) +
                   R"(, %r2; shl.b32 %r5, %r5, 2; add.u32 %r5, %r5, %r9; ld.shared.u32 %r6, [%r5];
    mul.wide.u32 %d0, %r3, 4; add.u64 %d1, %a0, %d0; st.global.u32 [%d1], %r6;)");
}

// Rows of 32 words: a column lies in one bank, 32 words of it: 32 passes for each of 32 warps.
// Stores: one pass each.
TEST(Counters, TransposeWithoutPadding) {
  Runner run(transpose(32));
  auto y = run.buffer<uint32_t>(1024);
  const Counters c = run.run({1}, {32, 32}, {y.address}).counters;
  for (uint32_t i = 0; i < 1024; ++i) ASSERT_EQ(y[i], i % 32 * 32 + i / 32);
  EXPECT_EQ(c.at("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"), 1024u);
  EXPECT_EQ(c.at("l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum"), 992u);
  EXPECT_EQ(c.at("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum"), 32u);
  EXPECT_EQ(c.at("l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_st.sum"), 0u);
  EXPECT_EQ(c.at("ptx__shared_wavefronts_ideal"), 64u);
  EXPECT_EQ(c.at("ptx__barriers"), 32u);
}

// Rows of 33 words: word 33 * x + y of a column lies in bank (x + y) mod 32: all different, one
// pass.
TEST(Counters, TransposeWithPadding) {
  Runner run(transpose(33));
  auto y = run.buffer<uint32_t>(1024);
  const Counters c = run.run({1}, {32, 32}, {y.address}).counters;
  for (uint32_t i = 0; i < 1024; ++i) ASSERT_EQ(y[i], i % 32 * 32 + i / 32);
  EXPECT_EQ(c.at("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"), 32u);
  EXPECT_EQ(c.at("l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum"), 0u);
}

// 16 bytes a lane, contiguous: each quarter warp's 8 lanes fill the 32 banks once: 4 passes, which
// is the ideal. All lanes the same 16 bytes: a quarter needs one pass, still 4.
TEST(Counters, WideSharedLoads) {
  Runner run(entry(1,
                   ".shared .align 16 .b8 buffer[1024]; mov.u32 %r1, %tid.x; mov.u32 %r9, buffer; "
                   "shl.b32 %r2, %r1, 4; add.u32 %r2, %r2, %r9;"
                   "ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [%r2]; ld.shared.v4.u32 {%r3, %r4, %r5, "
                   "%r6}, [buffer+16];"));
  const Counters c = run.run({1}, {32}, {0}).counters;
  EXPECT_EQ(c.at("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"), 8u);
  EXPECT_EQ(c.at("l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum"), 0u);
}

// 256 threads add 1 to bin (i mod 8): a warp's request has 8 addresses of 4 lanes each, so 3 of
// every 4 wait: 24. The 8 bins share a sector. 8 warps.
TEST(Counters, AtomicHistogram) {
  Runner run(entry(1, std::string(kThread) +
                          "and.b32 %r3, %r0, 7; mul.wide.u32 %d1, %r3, 4; add.u64 %d1, "
                          "%a0, %d1; red.global.add.u32 [%d1], 1;"));
  auto bins = run.buffer<uint32_t>(8);
  const Counters c = run.run({4}, {64}, {bins.address}).counters;
  for (int i = 0; i < 8; ++i) EXPECT_EQ(bins[i], 32u);
  EXPECT_EQ(c.at("l1tex__t_requests_pipe_lsu_mem_global_op_red.sum"), 8u);
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_red.sum"), 8u);
  EXPECT_EQ(c.at("ptx__atomic_lanes"), 256u);
  EXPECT_EQ(c.at("ptx__atomic_serialised"), 192u);
  EXPECT_EQ(c.at("ptx__dram_sectors_written_distinct"), 1u);
}

// Lanes 0 to 7 pass the guard: 8 fma, 8 addresses in a row: 1 sector. The instructions are issued
// all the same.
TEST(Counters, GuardsCountOnlyWhoPasses) {
  Runner run(entry(1, std::string(kThread) +
                          "add.u64 %d1, %a0, %d0; setp.lt.u32 %p1, %r0, 8; @%p1 ld.global.f32 %f1, "
                          "[%d1]; @%p1 fma.rn.f32 %f2, %f1, %f1, %f1; mul.f32 %f3, %f1, %f1;"));
  auto x = run.buffer<float>(32);
  const Counters c = run.run({1}, {32}, {x.address}).counters;
  EXPECT_EQ(c.at("smsp__sass_thread_inst_executed_op_ffma_pred_on.sum"), 8u);
  EXPECT_EQ(c.at("smsp__sass_thread_inst_executed_op_fmul_pred_on.sum"), 32u);
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 1u);
  EXPECT_EQ(c.at("ptx__warp_instructions"), 12u);
}

// Two rows of 16 floats, 1 KiB apart, `offset` bytes off a sector's start: each row of 64 bytes
// touches as many sectors as lie between its first and last byte.
TEST(Counters, TwoRowsAtEveryOffset) {
  Runner run(entry(1,
                   "mov.u32 %r0, %tid.x; shr.u32 %r1, %r0, 4; and.b32 %r2, %r0, 15;"
                   "mul.wide.u32 %d0, %r1, 1024; mul.wide.u32 %d1, %r2, 4;"
                   "add.u64 %d0, %d0, %d1; add.u64 %d0, %d0, %a0; ld.global.f32 %f0, [%d0];"));
  auto x = run.buffer<float>(512);
  for (uint64_t offset = 0; offset < 64; offset += 4) {
    const Counters c = run.run({1}, {32}, {x.address + offset}).counters;
    const uint64_t sectors = 2 * ((offset % 32 + 63) / 32 + 1);
    EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), sectors) << offset;
    EXPECT_EQ(c.at("ptx__dram_sectors_read_distinct"), sectors) << offset;
  }
}

// Lanes 0 to 7 leave at the third instruction, 24 go on with three more.
TEST(Counters, WhatFollowsAGuardedExitCountsForThoseWhoStay) {
  Runner run(entry(0,
                   "mov.u32 %r0, %tid.x; setp.lt.u32 %p0, %r0, 8; @%p0 exit;"
                   "add.u32 %r1, %r0, 1; add.u32 %r1, %r1, 1;"));
  const Counters c = run.run({1}, {32}).counters;
  EXPECT_EQ(c.at("ptx__warp_instructions"), 6u);
  EXPECT_EQ(c.at("ptx__lane_instructions"), 3u * 32 + 3u * 24);
}

// Lanes 0 to 15 wait at the first barrier until the others come to the second one, which each half
// passes by itself; then the warp is one again: 3 instructions of 32 lanes, 1 of twice 16, 2 of 32.
TEST(Counters, WhatFollowsAGuardedBarrierCountsForEachGroup) {
  Runner run(entry(0,
                   "mov.u32 %r0, %tid.x; setp.lt.u32 %p0, %r0, 16; @%p0 bar.sync 0;"
                   "@!%p0 bar.sync 0; add.u32 %r1, %r0, 1;"));
  const Counters c = run.run({1}, {32}).counters;
  EXPECT_EQ(c.at("ptx__warp_instructions"), 3u + 2 + 2);
  EXPECT_EQ(c.at("ptx__lane_instructions"), 6u * 32);
}

TEST(Counters, DoNotDependOnTheNumberOfWorkers) {
  const std::string ptx = copy(1);
  Counters first;
  for (int workers : {1, 2, 5}) {
    Runner run(ptx, workers);
    auto x = run.buffer<float>(64 * 64), y = run.buffer<float>(64 * 64);
    const Counters c = run.run({64}, {64}, {x.address, y.address}).counters;
    if (workers == 1) first = c;
    EXPECT_EQ(c, first) << workers;
  }
}

}  // namespace
}  // namespace ptxvm::test
