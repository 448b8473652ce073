// Lanes of a warp that part: reconvergence, forward progress, calls.
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

const std::string kOut = "add.u64 %d9, %a0, %d0; st.global.u32 [%d9], %r9;";

// Both sides of an if run once, then all lanes go on together: 1 divergent branch, and the last
// block is executed once by 32 lanes.
TEST(Divergence, IfElseReconverges) {
  Runner run(entry(1, std::string(kThread) + R"(
    and.b32 %r3, %r0, 1; setp.eq.u32 %p1, %r3, 0; @%p1 bra even;
    mov.u32 %r9, 100; bra.uni join;
even: mov.u32 %r9, 200;
join: add.u32 %r9, %r9, %r0;
)" + kOut));
  auto y = run.buffer<uint32_t>(32);
  const Counters c = run.run({1}, {32}, {y.address}).counters;
  for (uint32_t i = 0; i < 32; ++i) EXPECT_EQ(y[i], (i % 2 ? 100 : 200) + i);
  EXPECT_EQ(c.at("ptx__branches_divergent"), 1u);
  // ld.param, 5, and, setp, bra | mov, bra | mov | add, add, st, ret
  EXPECT_EQ(c.at("ptx__warp_instructions"), 9u + 2 + 1 + 4);
  EXPECT_EQ(c.at("ptx__lane_instructions"), 32u * 9 + 16 * 2 + 16 + 32 * 4);
}

// Lane i goes round i + 1 times, in an inner loop j + 1 times: sum over j <= i of (j + 1).
TEST(Divergence, NestedLoops) {
  Runner run(entry(1, std::string(kThread) + R"(
    mov.u32 %r9, 0; mov.u32 %r3, 0;
outer: mov.u32 %r4, 0;
inner: add.u32 %r9, %r9, 1; add.u32 %r4, %r4, 1; setp.le.u32 %p1, %r4, %r3; @%p1 bra inner;
    add.u32 %r3, %r3, 1; setp.le.u32 %p2, %r3, %r0; @%p2 bra outer;
)" + kOut));
  auto y = run.buffer<uint32_t>(32);
  const Counters c = run.run({1}, {32}, {y.address}).counters;
  for (uint32_t i = 0; i < 32; ++i) EXPECT_EQ(y[i], (i + 1) * (i + 2) / 2);
  // The outer branch parts lane i from the rest after each of its 32 rounds but the last; inner
  // trips are uniform.
  EXPECT_EQ(c.at("ptx__branches_divergent"), 31u);
}

TEST(Divergence, EarlyExitAndReturn) {
  Runner run(entry(1, std::string(kThread) +
                          "mov.u32 %r9, 1; setp.lt.u32 %p1, %r0, 5; @%p1 exit; setp.gt.u32 %p2, "
                          "%r0, 60; @%p2 ret;" +
                          kOut));
  auto y = run.buffer<uint32_t>(64);
  run.run({1}, {64}, {y.address});
  for (uint32_t i = 0; i < 64; ++i) EXPECT_EQ(y[i], i >= 5 && i <= 60);
}

TEST(Divergence, TableOfTargets) {
  Runner run(entry(1, std::string(kThread) + R"(
    and.b32 %r3, %r0, 3;
    table: .branchtargets l0, l1, l2, l1;
    brx.idx %r3, table;
l0: mov.u32 %r9, 10; bra.uni join;
l1: mov.u32 %r9, 11; bra.uni join;
l2: mov.u32 %r9, 12;
join: )" + kOut));
  auto y = run.buffer<uint32_t>(32);
  const Counters c = run.run({1}, {32}, {y.address}).counters;
  const uint32_t expected[] = {10, 11, 12, 11};
  for (uint32_t i = 0; i < 32; ++i) EXPECT_EQ(y[i], expected[i % 4]);
  EXPECT_EQ(c.at("ptx__branches_divergent"), 1u);
}

// Each lane takes the same lock in turn. Lanes that spin are at a lower pc than the one that holds
// it.
TEST(Divergence, SpinLockBetweenLanes) {
  Runner run(entry(2, R"(
try: atom.global.cas.b32 %r1, [%a1], 0, 1; setp.ne.u32 %p1, %r1, 0; @%p1 bra try;
    ld.volatile.global.u32 %r2, [%a0]; add.u32 %r2, %r2, 1; st.volatile.global.u32 [%a0], %r2; membar.gl;
    atom.global.exch.b32 %r3, [%a1], 0;)"));
  auto count = run.buffer<uint32_t>(1), lock = run.buffer<uint32_t>(1);
  run.run({2}, {64}, {count.address, lock.address});
  EXPECT_EQ(count[0], 128u);
}

TEST(Divergence, SpinLockBetweenBlocksOnManyWorkers) {
  Runner run(entry(2, R"(
    mov.u32 %r5, %tid.x; setp.ne.u32 %p2, %r5, 0; @%p2 bra done;
try: atom.global.cas.b32 %r1, [%a1], 0, 1; setp.ne.u32 %p1, %r1, 0; @%p1 bra try;
    ld.volatile.global.u32 %r2, [%a0]; add.u32 %r2, %r2, 1; st.volatile.global.u32 [%a0], %r2; membar.gl;
    atom.global.exch.b32 %r3, [%a1], 0;
done:)"),
             4);
  auto count = run.buffer<uint32_t>(1), lock = run.buffer<uint32_t>(1);
  run.run({500}, {64}, {count.address, lock.address});
  EXPECT_EQ(count[0], 500u);
}

// Odd lanes wait for all lanes of the warp, even ones for all threads of the block.
TEST(Divergence, DeadlockBetweenLanes) {
  Runner run(entry(0, R"(
    mov.u32 %r1, %tid.x; and.b32 %r3, %r1, 1; setp.eq.u32 %p1, %r3, 0; @%p1 bra even;
    bar.warp.sync 0xffffffff; bra.uni join;
even: bar.sync 0;
join: )"));
  const std::string text = run.trap(TrapKind::deadlock, {1}, {32});
  expect_text(text, "warp 0 lanes 0xaaaaaaaa waits for lanes 0x55555555 at test:");
  expect_text(text, "warp 0 lanes 0x55555555 waits at barrier 0 at test:");
}

TEST(Divergence, LanesThatWaitForEachOtherAtOneInstruction) {
  Runner run(entry(1, std::string(kThread) + R"(
    and.b32 %r3, %r0, 1; setp.eq.u32 %p1, %r3, 0; mov.u32 %r4, 0; @%p1 bra join;
    mov.u32 %r4, 50;
loop: sub.u32 %r4, %r4, 1; setp.ne.u32 %p2, %r4, 0; @%p2 bra loop;
join: bar.warp.sync 0xffffffff; activemask.b32 %r9;
)" + kOut));
  auto y = run.buffer<uint32_t>(32);
  run.run({1}, {32}, {y.address});
  for (uint32_t i = 0; i < 32; ++i) EXPECT_EQ(y[i], 0xffffffffu);
}

// f(n) = n < 2 ? n : f(n-1) + f(n-2), each lane with its own n.
const char* const kFibonacci = R"(
.func (.param .b32 result) fib (.param .b32 n)
{
.reg .pred %p<3>; .reg .b32 %r<10>;
ld.param.u32 %r1, [n];
setp.ge.u32 %p1, %r1, 2;
@%p1 bra more;
st.param.b32 [result], %r1;
ret;
more:
sub.u32 %r2, %r1, 1;
{ .param .b32 a; .param .b32 b; st.param.b32 [a], %r2; call.uni (b), fib, (a); ld.param.b32 %r3, [b]; }
sub.u32 %r2, %r1, 2;
{ .param .b32 a; .param .b32 b; st.param.b32 [a], %r2; call.uni (b), fib, (a); ld.param.b32 %r4, [b]; }
add.u32 %r5, %r3, %r4;
st.param.b32 [result], %r5;
ret;
})";

TEST(Divergence, RecursiveCallsOfDifferentDepth) {
  Runner run(entry(1,
                   std::string(kThread) +
                       "and.b32 %r3, %r0, 15; { .param .b32 a; .param .b32 b; st.param.b32 [a], "
                       "%r3; call.uni (b), fib, (a); ld.param.b32 %r9, [b]; }" +
                       kOut,
                   kFibonacci));
  auto y = run.buffer<uint32_t>(64);
  run.run({1}, {64}, {y.address});
  const uint32_t expected[] = {0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610};
  for (uint32_t i = 0; i < 64; ++i) EXPECT_EQ(y[i], expected[i % 16]) << i;
}

TEST(Divergence, IndirectCallsToDifferentFunctions) {
  const char* const functions = R"(
.func (.param .b32 result) one (.param .b32 n) { .reg .b32 %r<3>; ld.param.u32 %r1, [n]; add.u32 %r1, %r1, 1; st.param.b32 [result], %r1; ret; }
.func (.param .b32 result) two (.param .b32 n) { .reg .b32 %r<3>; ld.param.u32 %r1, [n]; mul.lo.u32 %r1, %r1, 2; st.param.b32 [result], %r1; ret; }
)";
  Runner run(entry(1, std::string(kThread) + R"(
    mov.u64 %d1, one; mov.u64 %d2, two; and.b32 %r3, %r0, 1; setp.eq.u32 %p1, %r3, 0; selp.b64 %d3, %d1, %d2, %p1;
    { .param .b32 a; .param .b32 b; st.param.b32 [a], %r0;
    prototype: .callprototype (.param .b32 _) _ (.param .b32 _);
    call (b), %d3, (a), prototype; ld.param.b32 %r9, [b]; }
)" + kOut,
                   functions));
  auto y = run.buffer<uint32_t>(32);
  run.run({1}, {32}, {y.address});
  for (uint32_t i = 0; i < 32; ++i) EXPECT_EQ(y[i], i % 2 ? i * 2 : i + 1) << i;
}

}  // namespace
}  // namespace ptxvm::test
