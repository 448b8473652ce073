// Faults: each kind, and what its report says.
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

const std::string kLoad =
    std::string(kThread) + "add.u64 %d1, %a0, %d0;\n.loc 1 42 7\nld.global.f32 %f0, [%d1];";
const char* const kFile = ".file 1 \"kernel.cu\"";

TEST(Traps, OnePastTheEndOfNeighbours) {
  Runner run(entry(1, kLoad, kFile));
  auto x = run.buffer<float>(40, "x");
  auto next = run.buffer<float>(40, "next");
  EXPECT_NO_THROW(run.run({1}, {40}, {x.address}));
  const std::string text = run.trap(TrapKind::out_of_bounds, {1}, {41}, {x.address});
  expect_text(text, "out of bounds: global load of 4 bytes at 0x");
  expect_text(text, "0 bytes after the end of allocation 0x");
  expect_text(text, "of 160 bytes (x)");
  expect_text(text, "kernel k");
  expect_text(text, "(ld.global.f32), source kernel.cu:42");
  expect_text(text, "block (0,0,0) thread (40,0,0)");
  (void)next;
}

TEST(Traps, BelowTheStart) {
  Runner run(entry(1, kLoad));
  auto x = run.buffer<float>(64, "x");
  expect_text(run.trap(TrapKind::out_of_bounds, {1}, {32}, {x.address - 8}),
              "8 bytes before allocation");
}

TEST(Traps, TheFirstBlockThatFaultsIsReported) {
  Runner run(entry(1, kLoad), 4);
  auto x = run.buffer<float>(64 * 5, "x");
  for (int i = 0; i < 20; ++i)
    expect_text(run.trap(TrapKind::out_of_bounds, {100}, {64}, {x.address}),
                "block (5,0,0) thread (0,0,0)");
}

TEST(Traps, Null) {
  Runner run(entry(1, kLoad));
  expect_text(run.trap(TrapKind::null_address, {1}, {1}, {0}),
              "null address: global load of 4 bytes at 0x0");
}

TEST(Traps, Misaligned) {
  Runner run(entry(1, kLoad));
  auto x = run.buffer<float>(64, "x");
  expect_text(run.trap(TrapKind::misaligned, {1}, {1}, {x.address + 2}),
              "not a multiple of its size");
  Runner wide(entry(1, "st.global.v4.f32 [%a0+8], {%f0, %f1, %f2, %f3};"));
  auto y = wide.buffer<float>(64, "y");
  expect_text(wide.trap(TrapKind::misaligned, {1}, {1}, {y.address}), "global store of 16 bytes");
}

TEST(Traps, UseAfterFree) {
  Runner run(entry(1, kLoad));
  auto x = run.buffer<float>(64, "x");
  run.machine().memory().release(x.address);
  expect_text(run.trap(TrapKind::use_after_free, {1}, {1}, {x.address + 4}),
              "4 bytes into freed allocation");
}

TEST(Traps, FindingsHavePlaceAndNeighbourAsFields) {
  Runner run(entry(1, kLoad));
  auto x = run.buffer<float>(64, "x");
  const auto finding = [&](uint64_t address) {
    try {
      run.run({1}, {1}, {address});
    } catch (const Trap& trap) {
      return *trap.finding;
    }
    ADD_FAILURE() << "no trap";
    return Finding{};
  };
  const Finding past = finding(x.address + 260);
  ASSERT_TRUE(past.place && past.neighbour);
  EXPECT_EQ(past.place->space, "global");
  EXPECT_EQ(past.place->address, x.address + 260);
  EXPECT_EQ(past.neighbour->allocation.address, x.address);
  EXPECT_EQ(past.neighbour->allocation.label, "x");
  EXPECT_FALSE(past.neighbour->freed);
  EXPECT_FALSE(finding(0).neighbour);
  run.machine().memory().release(x.address);
  EXPECT_TRUE(finding(x.address).neighbour->freed);
}

TEST(Traps, SharedBeyondTheBlock) {
  Runner run(entry(0,
                   ".shared .align 4 .b8 s[64]; mov.u32 %r1, %tid.x; shl.b32 %r1, %r1, 2; mov.u32 "
                   "%r2, s; add.u32 %r1, %r1, %r2; st.shared.u32 [%r1], %r1;"));
  EXPECT_NO_THROW(run.run({1}, {16}));
  const std::string text = run.trap(TrapKind::out_of_bounds, {1}, {17});
  expect_text(text, "shared store of 4 bytes at 0x40");
  expect_text(text, "64 bytes of shared memory");
  expect_text(text, "thread (16,0,0)");
}

TEST(Traps, SharedAddressInAGlobalAccess) {
  Runner run(entry(0,
                   ".shared .align 4 .b8 s[64]; mov.u64 %d1, s; cvta.shared.u64 %d1, %d1; "
                   "st.global.u32 [%d1], 1;"));
  expect_text(run.trap(TrapKind::invalid_address_space, {1}, {1}), "this is shared memory");
}

TEST(Traps, LocalBeyondTheFrame) {
  Runner run(entry(
      0,
      ".local .align 4 .b8 s[16]; mov.u32 %r1, 16; mov.u64 %d1, s; st.local.u32 [%d1+16], %r1;"));
  expect_text(run.trap(TrapKind::out_of_bounds, {1}, {1}),
              "the thread has 16 bytes of local memory");
}

TEST(Traps, TrapInstruction) {
  Runner run(entry(0, "mov.u32 %r1, %tid.x; setp.eq.u32 %p1, %r1, 37; @%p1 trap;"));
  expect_text(run.trap(TrapKind::trap, {1}, {64}), "thread (37,0,0)");
}

TEST(Traps, Assertion) {
  const char* const globals = R"(
.global .align 1 .b8 message[6] = {105, 32, 62, 32, 48, 0};
.global .align 1 .b8 file[5] = {97, 46, 99, 117, 0};
.global .align 1 .b8 function[2] = {107, 0};
.extern .func __assertfail (.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);)";
  Runner run(entry(0, R"({
.param .b64 a; .param .b64 b; .param .b32 c; .param .b64 d; .param .b64 e;
mov.u64 %d1, message; cvta.global.u64 %d1, %d1; st.param.b64 [a], %d1;
mov.u64 %d1, file; cvta.global.u64 %d1, %d1; st.param.b64 [b], %d1;
mov.u32 %r1, 12; st.param.b32 [c], %r1;
mov.u64 %d1, function; cvta.global.u64 %d1, %d1; st.param.b64 [d], %d1;
mov.u64 %d1, 1; st.param.b64 [e], %d1;
call.uni __assertfail, (a, b, c, d, e);
})",
                   globals));
  expect_text(run.trap(TrapKind::assertion, {1}, {1}), "assertion failed: a.cu:12: k: `i > 0`");
}

TEST(Traps, LaunchConfiguration) {
  Runner run(entry(1, kLoad));
  expect_text(run.trap(TrapKind::launch_configuration, {1}, {1025}, {0}),
              "1025 threads in a block, at most 1024");
  expect_text(run.trap(TrapKind::launch_configuration, {0}, {1}, {0}), "an empty grid");
  expect_text(run.trap(TrapKind::launch_configuration, {1}, {1}, {}),
              "0 arguments for 1 parameters");
  expect_text(run.trap(TrapKind::launch_configuration, {1}, {1}, {0}, 1 << 20),
              "bytes of shared memory, at most");
}

TEST(Traps, EndlessRecursion) {
  const char* const function = R"(
.func f ()
{
.local .align 16 .b8 big[4096];
call.uni f, ();
ret;
})";
  Runner run(entry(0, "call.uni f, ();", function));
  const std::string text = run.trap(TrapKind::stack_overflow, {1}, {1});
  expect_text(text, "nested too deeply");
  expect_text(text, "in function f");
}

TEST(Traps, TimeoutNamesWhatStillRuns) {
  setenv("PTXVM_TIMEOUT", "1", 1);
  Runner run(entry(
      1, "again:\nld.volatile.global.u32 %r1, [%a0]; setp.eq.u32 %p1, %r1, 0; @%p1 bra again;"));
  auto x = run.buffer<uint32_t>(1);
  const std::string text = run.trap(TrapKind::timeout, {1}, {64}, {x.address});
  unsetenv("PTXVM_TIMEOUT");
  expect_text(text, "warp 0 lanes 0xffffffff runs at test:");
  expect_text(text, "warp 1");
}

}  // namespace
}  // namespace ptxvm::test
