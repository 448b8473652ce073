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

TEST(BulkCopy, CombinesHalvesFloatsAndWideIntegers) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(8);
  uint32_t* out = run.buffer(8 * 8);
  // As f16: 1, -2; as bf16 1.875 and -2; as f32 and s64, negative; then subnormals of every type.
  const uint32_t given[8] = {0xc0003c00, 0xc0003c00, 0x00000001, 0x80000001, 2, 0, 5, 0};
  for (uint32_t i = 0; i < 8; ++i) {
    in[i] = given[i];
    for (uint32_t k = 0; k < 8; ++k) out[8 * k + i] = i < 2 ? 0x40003800 : 1;  // f16: 0.5, 2
  }
  run.run("bulk_combine", 8);
  EXPECT_EQ(out[0], 0xc0003800);
  EXPECT_EQ(out[2], 0x00000001u);      // 1 and 1 ulp; 0 and 0
  EXPECT_EQ(out[3], 0x80000001);       // -0 is less than 0
  EXPECT_EQ(out[8], 0x40003c00);       // bf16: 0x3c00 is more than 0x3800
  EXPECT_EQ(out[8 + 3], 0x00000001u);  // 0 is more than -0
  EXPECT_EQ(out[16], 0x00003e00u);     // 1 + 0.5, -2 + 2
  EXPECT_EQ(out[16 + 4], 3u);          // subnormals stay
  EXPECT_EQ(out[24], 0x00003c00u);     // bf16: 2^-7 + 2^-15 is a tie; -2 + 2
  EXPECT_EQ(out[24 + 4], 3u);
  EXPECT_EQ(out[32 + 4], 0u);       // f32 subnormals are flushed
  EXPECT_EQ(out[40], 0x40003800u);  // s64: the input is negative
  EXPECT_EQ(out[42], 1u);           // 1 + 2^32 against 1 - 2^63 + ...
  EXPECT_EQ(out[43], 1u);
  EXPECT_EQ(out[44], 1u);  // 2 is less than 1 + 2^32
  EXPECT_EQ(out[45], 1u);
  const auto* bytes = reinterpret_cast<const uint8_t*>(out + 48);
  const auto* source = reinterpret_cast<const uint8_t*>(in);
  for (uint32_t i = 0; i < 48; ++i) {
    const bool copied = 0xa00f >> i % 16 & 1;
    const uint8_t before = i < 8 ? uint8_t(0x40003800u >> 8 * (i % 4)) : i % 4 == 0;
    const uint8_t old = i >= 32 && i < 40 ? uint8_t(0x40003800u >> 8 * (i % 4)) : before;
    EXPECT_EQ(bytes[i], copied ? source[i % 32] : old) << i;
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
