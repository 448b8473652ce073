// PTXVM_CHECK=sync: barriers in divergent code, __syncwarp masks that disagree.
#include "tests/ptxvm/check_ptx.h"

namespace ptxvm::test {
namespace {

std::string two_barriers(uint32_t boundary) {
  return entry(0,
               "mov.u32 %r2, %tid.x; setp.lt.u32 %p1, %r2, " + std::to_string(boundary) +
                   "; @%p1 bra LOW;" + line(4) + "bar.sync 0; ret;\nLOW:" + line(7) + "bar.sync 0;",
               kSource);
}

TEST(CheckSync, LanesOfOneWarpAtTwoBarriers) {
  CheckedRunner good(two_barriers(32));
  good.run(1, 64);  // whole warps
  CheckedRunner bad(two_barriers(16));
  const std::string text = bad.trap(TrapKind::barrier_misuse, 1, 32);
  expect_text(text, "at two places by lanes of one warp");
  expect_text(text, "kernel.cu:7");
  expect_text(text, "kernel.cu:4");
}

std::string early_exit(uint32_t boundary) {
  return entry(0, "mov.u32 %r2, %tid.x; setp.lt.u32 %p1, %r2, " + std::to_string(boundary) +
                      "; @%p1 ret; bar.sync 0;");
}

TEST(CheckSync, LanesThatEndedBeforeTheBarrier) {
  CheckedRunner good(early_exit(32));
  good.run(1, 64);
  CheckedRunner bad(early_exit(16));
  expect_text(bad.trap(TrapKind::barrier_misuse, 1, 64), "lanes 0xffff have ended");
}

TEST(CheckSync, MasksOfSyncwarp) {
  const auto kernel = [](const char* low, const char* high) {
    return entry(0, std::string("mov.u32 %r2, %tid.x; setp.lt.u32 %p1, %r2, 16; selp.b32 %r3, ") +
                        low + ", " + high + ", %p1; bar.warp.sync %r3;");
  };
  CheckedRunner good(kernel("65535", "-65536"));
  good.run(1, 32);
  CheckedRunner bad(kernel("65535", "-1"));
  expect_text(bad.trap(TrapKind::barrier_misuse, 1, 32), "__syncwarp with mask 0xffffffff");
}

}  // namespace
}  // namespace ptxvm::test
