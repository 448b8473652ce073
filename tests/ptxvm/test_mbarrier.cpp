// mbarrier: counts and phases of each form, a pipeline, misuse.
#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

TEST(Mbarrier, CountsAndPhases) {
  FileRunner run("mbarrier.ptx");
  const uint32_t* seen = run.buffer(16);
  run.run("forms", 1);
  // Phase 0 expects 4: 1 and 2 arrivals see 4 and 3 pending, one more ends it. A barrier's phase -1
  // counts as passed, its parity is 1.
  // Phase 1: 3 arrivals see 4, the one that drops sees 1, ends it and leaves 3 for phase 2, where 2
  // drop and see 3; the last sees 1 and expects 48 bytes, of which 40 + 16 - 8 have come in the
  // end. Phase 3 expects 1. Phase 4 is even and has not passed.
  const uint32_t expected[] = {4, 3, 0, 1, 1, 1, 0, 4, 1, 3, 1, 0, 0, 1, 1, 0};
  for (size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(seen[i], expected[i]) << i;
}

TEST(Mbarrier, RingBetweenWarps) {
  FileRunner run("mbarrier.ptx");
  const uint32_t* sums = run.buffer(128);
  run.run("pipeline", 128);
  for (uint32_t t = 32; t < 128; ++t) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 10; ++i) sum = sum * 3 + i * 100 + t % 32;
    ASSERT_EQ(sums[t], sum) << t;
  }
}

TEST(Mbarrier, MisuseIsReported) {
  FileRunner run("mbarrier.ptx");
  run.buffer(1);
  run.expect_trap("too_many", 1, TrapKind::barrier_misuse,
                  "3 arrivals at an mbarrier that awaits 2");
  run.expect_trap("no_object", 1, TrapKind::barrier_misuse, "no initialised mbarrier");
  run.expect_trap("completes", 1, TrapKind::barrier_misuse, ".noComplete completes the phase");
}

}  // namespace
}  // namespace ptxvm::test
