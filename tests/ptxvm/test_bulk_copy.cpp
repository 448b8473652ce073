// cp.async.bulk and cp.reduce.async.bulk: bytes arrive when their mbarrier is looked at.
#include <bit>

#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

TEST(BulkCopy, ThereAndBack) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(260);
  const uint32_t* out = run.buffer(256 + 256 + 252);
  for (uint32_t i = 0; i < 260; ++i) in[i] = i + 1;
  run.run("bulk", 128);
  for (uint32_t i = 0; i < 256; ++i) {
    EXPECT_EQ(out[i], 0xffffffff) << i;
    // Words 64 and up hold the input from word 4 on, the others the input from word 196 on.
    EXPECT_EQ(out[256 + i], i < 64 ? in[196 + i] : in[4 + i - 64]) << i;
    if (i >= 4) {
      EXPECT_EQ(out[512 + i - 4], out[256 + i]) << i;
    }
  }
}

TEST(BulkCopy, BetweenBlocksOfACluster) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(4);
  const uint32_t* out = run.buffer(4 * 16 * 3);
  in[0] = 77;
  run.run("bulk_cluster", 16, {4}, {4});
  for (uint32_t rank = 0; rank < 4; ++rank)
    for (uint32_t t = 0; t < 16; ++t) {
      const uint32_t* seen = out + (rank * 16 + t) * 3;
      EXPECT_EQ(seen[0], (rank + 3) % 4 * 100 + t) << rank << " " << t;
      EXPECT_EQ(seen[1], rank % 2 ? 77u : 0u) << rank << " " << t;
      EXPECT_EQ(seen[2], rank == 0 ? 600 + 4 * t : 0u) << rank << " " << t;
    }
}

TEST(BulkCopy, Reductions) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(16);
  uint32_t* out = run.buffer(5 * 16);
  for (uint32_t i = 0; i < 16; ++i) {
    in[i] = std::bit_cast<uint32_t>(0.5f + float(i)) ^ (i % 2 ? 0x80000000u : 0u);
    for (uint32_t k = 0; k < 4; ++k) out[k * 16 + i] = 12345 * (i + 1);
    out[64 + i] = std::bit_cast<uint32_t>(1.0f);
  }
  run.run("bulk_reduce", 16, {3});
  for (uint32_t i = 0; i < 16; ++i) {
    const uint32_t before = 12345 * (i + 1);
    EXPECT_EQ(out[i], before + 3 * in[i]) << i;
    EXPECT_EQ(int32_t(out[16 + i]), std::min(int32_t(before), int32_t(in[i]))) << i;
    EXPECT_EQ(out[32 + i], before ^ in[i]) << i;
    EXPECT_EQ(out[48 + i], before + 3) << i;
    EXPECT_EQ(std::bit_cast<float>(out[64 + i]), 1 + 3 * std::bit_cast<float>(in[i])) << i;
  }
}

TEST(BulkCopy, Misuse) {
  FileRunner run("cp.ptx");
  run.buffer(200);
  run.buffer(800);
  run.expect_trap("bulk", 128, TrapKind::out_of_bounds, "after the end of allocation");
  run.expect_trap("bulk_odd", 1, TrapKind::misaligned, "24 bytes: not a multiple of 16");
}

}  // namespace
}  // namespace ptxvm::test
