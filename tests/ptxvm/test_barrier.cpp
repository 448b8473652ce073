// Block barriers, and blocks that wait for each other.
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

// Thread t writes t, reads what thread 255 - t wrote.
TEST(Barrier, SharedMemoryBetweenWarps) {
  Runner run(entry(1, R"(.shared .align 4 .b8 s[1024];
    mov.u32 %r1, %tid.x; shl.b32 %r2, %r1, 2; mov.u32 %r3, s; add.u32 %r4, %r3, %r2; st.shared.u32 [%r4], %r1; bar.sync 0;
    mov.u32 %r5, 1020; sub.u32 %r5, %r5, %r2; add.u32 %r5, %r5, %r3; ld.shared.u32 %r6, [%r5];
    mul.wide.u32 %d1, %r1, 4; add.u64 %d1, %d1, %a0; st.global.u32 [%d1], %r6;)"));
  auto y = run.buffer<uint32_t>(256);
  run.run({1}, {256}, {y.address});
  for (uint32_t i = 0; i < 256; ++i) ASSERT_EQ(y[i], 255 - i);
}

// Threads that have ended do not count: 70 threads, the odd ones leave, 35 meet.
TEST(Barrier, ExitedThreadsAreNotWaitedFor) {
  Runner run(entry(1, R"(
    mov.u32 %r1, %tid.x; and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 1; @%p1 exit;
    setp.ge.u32 %p2, %r1, 0; bar.red.popc.u32 %r3, 0, %p2; mul.wide.u32 %d1, %r1, 4; add.u64 %d1, %d1, %a0; st.global.u32 [%d1], %r3;)"));
  auto y = run.buffer<uint32_t>(70);
  run.run({1}, {70}, {y.address});
  for (uint32_t i = 0; i < 70; ++i) ASSERT_EQ(y[i], i % 2 ? 0u : 35u) << i;
}

TEST(Barrier, ReductionsOverTheBlock) {
  Runner run(entry(1, R"(
    mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 40; setp.lt.u32 %p2, %r1, 96; mov.u32 %r4, 0;
    bar.red.popc.u32 %r3, 0, %p1; bar.red.and.pred %p3, 1, %p1; bar.red.or.pred %p4, 2, %p1; bar.red.and.pred %p5, 3, 96, %p2;
    @%p3 or.b32 %r4, %r4, 1; @%p4 or.b32 %r4, %r4, 2; @%p5 or.b32 %r4, %r4, 4; shl.b32 %r4, %r4, 8; or.b32 %r3, %r3, %r4;
    mul.wide.u32 %d1, %r1, 4; add.u64 %d1, %d1, %a0; st.global.u32 [%d1], %r3;)"));
  auto y = run.buffer<uint32_t>(96);
  run.run({1}, {96}, {y.address});
  for (uint32_t i = 0; i < 96; ++i) ASSERT_EQ(y[i], 40u | 6 << 8) << i;
}

// Warp 0 produces, warp 1 consumes: two named barriers, arrive on one side and sync on the other,
// ten rounds.
TEST(Barrier, ProducerAndConsumer) {
  Runner run(entry(1, R"(.shared .align 4 .b8 s[4];
    mov.u32 %r1, %tid.x; mov.u32 %r5, 0; mov.u32 %r6, 0; setp.lt.u32 %p1, %r1, 32; @!%p1 bra consume;
produce: bar.sync 1, 64; st.shared.u32 [s], %r5; bar.arrive 2, 64; add.u32 %r5, %r5, 1; setp.lt.u32 %p2, %r5, 10; @%p2 bra produce;
    bra.uni done;
consume: bar.arrive 1, 64;
next: bar.sync 2, 64; ld.shared.u32 %r7, [s]; mad.lo.u32 %r6, %r6, 3, %r7; add.u32 %r5, %r5, 1; setp.lt.u32 %p2, %r5, 10; @!%p2 bra write;
    bar.arrive 1, 64; bra.uni next;
write: st.global.u32 [%a0], %r6;
done:)"));
  auto y = run.buffer<uint32_t>(1);
  run.run({1}, {64}, {y.address});
  uint32_t expected = 0;
  for (uint32_t i = 0; i < 10; ++i) expected = expected * 3 + i;
  EXPECT_EQ(y[0], expected);
}

TEST(Barrier, DeadlockNamesEveryWarp) {
  Runner run(entry(0,
                   "mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 32; @%p1 bra a; bar.sync 1, 96; "
                   "bra.uni done;\na: bar.sync 2, 96;\ndone:"));
  const std::string text = run.trap(TrapKind::deadlock, {1}, {64});
  expect_text(text, "every thread of the block waits");
  expect_text(text, "warp 0 lanes 0xffffffff waits at barrier 2");
  expect_text(text, "warp 1 lanes 0xffffffff waits at barrier 1");
}

TEST(Barrier, Misuse) {
  Runner counts(entry(
      0,
      "mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 32; @%p1 bar.sync 1, 96; @!%p1 bar.sync 1, 64;"));
  expect_text(counts.trap(TrapKind::barrier_misuse, {1}, {96}),
              "this thread expects 64 threads, earlier arrivals 96");
  Runner odd(entry(0, "bar.sync 1, 40;"));
  expect_text(odd.trap(TrapKind::barrier_misuse, {1}, {64}), "not a multiple of 32");
}

// Block b waits until block b - 1 has written its sum: what decoupled look-back does.
const std::string kChain = entry(1, R"(
    mov.u32 %r1, %ctaid.x; mul.wide.u32 %d1, %r1, 4; add.u64 %d1, %d1, %a0; setp.eq.u32 %p1, %r1, 0; mov.u32 %r3, 0; @%p1 bra first;
wait: ld.acquire.gpu.global.u32 %r3, [%d1+-4]; setp.eq.u32 %p2, %r3, 0; @%p2 bra wait;
first: add.u32 %r3, %r3, 1; st.release.gpu.global.u32 [%d1], %r3;)");

TEST(Blocks, ChainInOrder) {
  for (int workers : {1, 3}) {
    Runner run(kChain, workers);
    auto y = run.buffer<uint32_t>(300);
    run.run({300}, {32}, {y.address});
    for (uint32_t i = 0; i < 300; ++i) ASSERT_EQ(y[i], i + 1);
  }
}

// All blocks add one and wait until the last has: no block can end before all have begun.
TEST(Blocks, GridBarrier) {
  Runner run(entry(1, R"(
    mov.u32 %r1, %tid.x; setp.ne.u32 %p1, %r1, 0; @%p1 bra join; mov.u32 %r2, %nctaid.x;
    atom.global.add.u32 %r3, [%a0], 1;
wait: ld.volatile.global.u32 %r3, [%a0]; setp.lt.u32 %p2, %r3, %r2; @%p2 bra wait;
join: bar.sync 0;)"));
  for (bool cooperative : {false, true}) {
    auto y = run.buffer<uint32_t>(1);
    run.run({60}, {64}, {y.address}, 0, cooperative);
    EXPECT_EQ(y[0], 60u);
  }
}

}  // namespace
}  // namespace ptxvm::test
