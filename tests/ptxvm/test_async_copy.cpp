// cp.async: bytes arrive at the wait that asks for their group and not before.
#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

constexpr uint32_t kOld = 0xffffffff;

TEST(AsyncCopy, Sizes) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(32 * 4);
  const uint32_t* out = run.buffer(32 * 7);
  for (uint32_t i = 0; i < 128; ++i) in[i] = i + 7;
  const Counters counters = run.run("sizes", 32).counters;
  for (uint32_t lane = 0; lane < 32; ++lane) {
    const uint32_t* words = in + lane * 4;
    const uint32_t expected[] = {words[0], words[1], words[2], words[3],
                                 words[2], words[3], words[1]};
    for (size_t i = 0; i < 7; ++i) ASSERT_EQ(out[lane * 7 + i], expected[i]) << lane << " " << i;
  }
  // 512 bytes in 16 sectors, and 8 or 4 bytes of every 16 of them; 4 + 2 + 1 passes over the banks.
  EXPECT_EQ(counters.at("ptx__async_copy_requests"), 3u);
  EXPECT_EQ(counters.at("ptx__async_copy_sectors"), 48u);
  EXPECT_EQ(counters.at("ptx__async_copy_shared_wavefronts"), 7u);
}

TEST(AsyncCopy, BytesArriveWhenTheirGroupIsWaitedFor) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(32 * 16);
  const uint32_t* out = run.buffer(32 * 16);
  for (uint32_t i = 0; i < 512; ++i) in[i] = i;
  run.run("groups", 32);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    // Groups: first copy, second, none, third; the fourth is not committed. Waiting for all but 3,
    // all but 1, all, and everything.
    const uint32_t at = lane * 16;
    const uint32_t expected[] = {kOld, at, kOld, at + 4, kOld, at + 8, kOld, at + 12};
    for (size_t i = 0; i < 8; ++i) ASSERT_EQ(out[at + i], expected[i]) << lane << " " << i;
  }
}

TEST(AsyncCopy, MissingSourceBytesBecomeZero) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(31 * 4 + 4);
  const uint32_t* out = run.buffer(32 * 4);
  std::memset(in, 0x5a, 32 * 16);
  const Counters counters = run.run("zfill", 32).counters;
  for (uint32_t lane = 0; lane < 32; ++lane) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(out + lane * 4);
    for (uint32_t i = 0; i < 16; ++i)
      ASSERT_EQ(bytes[i], i < lane % 17 ? 0x5a : 0) << lane << " " << i;
  }
  EXPECT_EQ(counters.at("ptx__async_copy_requests"), 1u);
}

TEST(AsyncCopy, LanesThatReadNothingMayPointAnywhere) {
  FileRunner run("cp.ptx");
  run.buffer(16 * 4 + 1);  // lane 16 has 4 bytes left, and reads 16
  run.buffer(32 * 4);
  run.expect_trap("zfill", 32, TrapKind::out_of_bounds, "after the end of allocation");
  FileRunner less("cp.ptx");
  less.buffer(17 * 4);  // lane 17 points beyond it, and reads nothing
  less.buffer(32 * 4);
  EXPECT_NO_THROW(less.run("zfill", 18));
}

TEST(AsyncCopy, IgnoredSource) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(32 * 4);
  const uint32_t* out = run.buffer(32 * 4);
  for (uint32_t i = 0; i < 128; ++i) in[i] = i + 1;
  run.run("ignore", 32);
  for (uint32_t i = 0; i < 128; ++i) ASSERT_EQ(out[i], i / 4 % 2 ? 0 : i + 1);
}

TEST(AsyncCopy, AnMbarrierTellsOtherWarps) {
  FileRunner run("cp.ptx");
  uint32_t* in = run.buffer(32 * 4);
  const uint32_t* out = run.buffer(32 * 4);
  for (uint32_t i = 0; i < 128; ++i) in[i] = i + 1;
  run.run("mbarrier", 64);
  for (uint32_t i = 0; i < 128; ++i) ASSERT_EQ(out[i], in[i]);
}

}  // namespace
}  // namespace ptxvm::test
