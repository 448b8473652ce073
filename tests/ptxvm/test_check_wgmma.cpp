// Checks of wgmma: registers and shared memory that it works on while the program goes on.
#include "tests/ptxvm/check_ptx.h"

namespace ptxvm::test {
namespace {

/// 64 x 16 of A at s, 16 x 8 of B at s + 2048, zero, no swizzling; %d1, %d3: their descriptors;
/// %r3: the thread's 20 bytes of both. Every register has a value.
const char* const kOperands =
    ".shared .align 128 .b8 s[2560]; .shared .align 8 .b8 b[8];\n"
    "mov.u32 %r2, %tid.x; mov.u32 %r5, 0; mov.u32 %r3, s; mad.lo.u32 %r3, %r2, 20, %r3;\n";
const char* const kFill =
    "st.shared.u32 [%r3], %r5; st.shared.u32 [%r3+4], %r5; st.shared.u32 [%r3+8], %r5;"
    "st.shared.u32 [%r3+12], %r5; st.shared.u32 [%r3+16], %r5;\n";
const char* const kReady =
    "mov.u32 %r9, s; shr.u32 %r9, %r9, 4; cvt.u64.u32 %d1, %r9; mov.u64 %d2, 0x0000001000080000;"
    "add.u64 %d1, %d1, %d2; add.u64 %d3, %d1, 128; setp.eq.u32 %p1, %r2, %r2;"
    "mov.b32 %r10, 0; mov.b32 %r11, 0; mov.b32 %r12, 0; mov.b32 %r13, 0;"
    "cvt.rn.f32.u32 %f0, %r2; cvt.rn.f32.u32 %f1, %r2; cvt.rn.f32.u32 %f2, %r2;"
    "cvt.rn.f32.u32 %f3, %r2; add.f32 %f4, %f0, %f1; add.f32 %f5, %f0, %f1;"
    "add.f32 %f6, %f0, %f1; add.f32 %f7, %f0, %f1;\n";

std::string entry_90a(const std::string& body) {
  std::string text = entry(1, body, kSource);
  return text.replace(text.find("sm_80"), 5, "sm_90a");
}

const std::string kFence = "wgmma.fence.sync.aligned;\n";
const std::string kCommit = "wgmma.commit_group.sync.aligned;\n";
std::string wait(int left) {
  return "wgmma.wait_group.sync.aligned " + std::to_string(left) + ";\n";
}
std::string product(const std::string& d = "{%f0, %f1, %f2, %f3}", const std::string& a = "%d1") {
  const bool registers = a[0] == '{';
  return line(4) + "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 " + d + ", " + a +
         ", %d3, %p1, 1, 1" + (registers ? ", 0;\n" : ", 0, 0;\n");
}
std::string kernel(const std::string& body, const std::string& fill = kFill) {
  return entry_90a(kOperands + fill + "fence.proxy.async.shared::cta; bar.sync 0;" + kReady + body +
                   line(9));
}

void passes(const std::string& body, const std::string& fill = kFill) {
  CheckedRunner good(kernel(body, fill));
  EXPECT_NO_THROW(good.run(2, 128, {0})) << body;
}
std::string finding(const std::string& body, const std::string& fill = kFill) {
  CheckedRunner bad(kernel(body, fill));
  return bad.trap(TrapKind::race, 1, 128, {0});
}
/// Registers of A.
const std::string kA = "{%r10, %r11, %r12, %r13}";

TEST(CheckProduct, ReadingTheResultTakesAWait) {
  const std::string use = line(5) + "add.f32 %f8, %f2, %f2;";
  passes(kFence + product() + kCommit + wait(0) + use);
  const std::string text = finding(kFence + product() + kCommit + use + wait(0));
  expect_text(text, "register %f2 is read while it is the result of a wgmma that was not waited");
  expect_text(text, "kernel.cu:5");
  expect_text(text, "kernel.cu:4");
  expect_text(text, "wgmma.mma_async");
}

TEST(CheckProduct, StoringTheResultTakesAWait) {
  const std::string use = line(5) + "st.shared.v2.f32 [%r3], {%f0, %f1};";
  const std::string before = kFence + product("{%f0, %f1, %f2, %f3}", kA) + kCommit;
  // Threads' words do not overlap by 8 bytes, but B must not change while it is read.
  passes(before + wait(0) + "bar.sync 0;" + "st.shared.f32 [%r3], %f0;");
  expect_text(finding(before + use), "register %f0 is read");
}

TEST(CheckProduct, OneGroupMayBeUnderWay) {
  const std::string first = product(), second = product("{%f4, %f5, %f6, %f7}");
  const std::string both = kFence + first + kCommit + second + kCommit;
  const std::string use = line(5) + "add.f32 %f8, %f0, %f1;";
  passes(both + wait(1) + use + wait(0) + "add.f32 %f8, %f4, %f5;");
  expect_text(finding(both + wait(2) + use), "register %f0");
  expect_text(finding(both + wait(1) + "add.f32 %f8, %f4, %f5;"), "register %f4");
}

TEST(CheckProduct, AWaitIsForWhatWasCommitted) {
  const std::string use = "add.f32 %f8, %f0, %f1;";
  passes(kFence + product() + product() + kCommit + wait(0) + use);
  expect_text(finding(kFence + product() + wait(0) + use + kCommit + wait(0)),
              "not committed and waited for");
}

TEST(CheckProduct, NeverCommitted) {
  const std::string text = finding(kFence + product());
  expect_text(text, "a wgmma that was never committed");
  expect_text(text, "kernel.cu:9");
  expect_text(text, "kernel.cu:4");
  passes(kFence + product() + kCommit);
}

TEST(CheckProduct, WritingRegistersThatItUses) {
  const std::string a = kFence + product("{%f0, %f1, %f2, %f3}", kA) + kCommit;
  passes(a + wait(0) + "add.u32 %r11, %r2, 1;");
  expect_text(finding(a + "add.u32 %r11, %r2, 1;" + wait(0)), "%r11 is written while it is an op");
  expect_text(finding(a + "ld.shared.f32 %f3, [s];" + wait(0)), "%f3 is written while it is the r");
  expect_text(finding(a + "@%p1 add.f32 %f3, %f8, %f8;" + wait(0)), "%f3 is written");
  passes(a + "@!%p1 add.f32 %f3, %f8, %f8;" + wait(0));  // no lane does
}

TEST(CheckProduct, ResultsAreChainedInOneShape) {
  const std::string wide =
      "wgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {%f0, %f1, %f2, %f3, %f4, %f5, %f6, "
      "%f7}, %d1, %d1, %p1, 1, 1, 0, 0;";
  passes(kFence + product() + kCommit + product() + product() + kCommit + wait(0));
  passes(kFence + product() + kCommit + wait(0) + wide + kCommit + wait(0));
  expect_text(finding(kFence + product() + kCommit + wide), "register %f0 is written while");
  // A result as A of the next.
  const std::string next = product("{%f4, %f5, %f6, %f7}", "{%f0, %f1, %f2, %f3}");
  std::string registers = kFence + product() + kCommit;
  const auto as_bits = [](std::string text) {
    const auto at = text.find("{%f0, %f1, %f2, %f3}, %d3");
    return text.replace(at, 20, kA);
  };
  const std::string copies =
      "mov.b32 %r10, %f0; mov.b32 %r11, %f1; mov.b32 %r12, %f2; mov.b32 %r13, %f3;";
  passes(registers + wait(0) + copies + as_bits(next) + kCommit);
  expect_text(finding(registers + copies + as_bits(next)), "register %r10 is read while it is");
}

TEST(CheckProduct, CopiesStandForWhatTheyCopy) {
  // Compilers move results from register to register wherever they like.
  const std::string before = kFence + product() + kCommit + "mov.f32 %f8, %f0; mov.f32 %f9, %f8;";
  passes(before + wait(0) + "add.f32 %f10, %f9, %f9;");
  expect_text(finding(before + "add.f32 %f10, %f9, %f9;"), "register %f9 is read");
}

TEST(CheckProduct, AFenceComesBeforeIt) {
  passes(kFence + product() + kCommit);
  expect_text(finding(product() + kCommit), "the warp's first wgmma, with no wgmma.fence");
  const std::string again =
      kFence + product() + kCommit + wait(0) + line(6) + "mul.f32 %f1, %f1, %f1;" + line(7);
  passes(again + kFence + product() + kCommit);
  expect_text(finding(again + product() + kCommit), "register %f1 was written by another");
  const std::string a =
      kFence + product() + kCommit + wait(0) + "cvt.u32.u16 %r12, %h1; mov.b32 %r14, %r12;";
  const std::string in_a = product("{%f0, %f1, %f2, %f3}", "{%r10, %r11, %r14, %r13}");
  passes("mov.u16 %h1, 1;" + a + kFence + in_a + kCommit);
  expect_text(finding("mov.u16 %h1, 1;" + a + in_a), "register %r14 was written");
  passes(kFence + product() + kCommit + wait(0) + "mov.f32 %f1, 0f00000000;" + product() + kCommit);
}

TEST(CheckProduct, LoopsThatKeepOneGroupUnderWay) {
  const auto loop = [](const std::string& sum) {
    return "mov.u32 %r20, 0;\nLOOP:" + kFence + product() + kCommit + wait(1) +
           "mov.f32 %f4, %f0;" + sum +
           "add.u32 %r20, %r20, 1; setp.lt.u32 %p2, %r20, 20; @%p2 bra LOOP;" + wait(0) +
           "add.f32 %f8, %f4, %f0;";
  };
  passes(loop(""));
  expect_text(finding(loop("add.f32 %f8, %f4, %f0;")), "register %f4 is read");
}

// ----------------------------------------------------------------------------- shared memory

TEST(CheckSources, OperandsMustNotChange) {
  const std::string before = kFence + product() + kCommit;
  const std::string change = line(6) + "st.shared.u32 [%r3], %r5;";
  passes(before + wait(0) + "bar.sync 0;" + change);
  const std::string text = finding(before + "bar.sync 0;" + change + wait(0));
  expect_text(text, "over an operand of a wgmma that was not waited for");
  expect_text(text, "kernel.cu:6");
  expect_text(text, "kernel.cu:4");
}

TEST(CheckSources, ChangesComeAfterTheWait) {
  // Warps 4 to 7 change them when they have met the others, before or after whose wait.
  const auto program = [](const std::string& first, const std::string& second) {
    return kernel("setp.ge.u32 %p3, %r2, 128; @%p3 bra OTHERS;" + kFence + product() + kCommit +
                      first + "bar.arrive 1, 256;" + second +
                      "bra END;\nOTHERS: bar.sync 1, 256; nanosleep.u32 1;" + line(6) +
                      "st.shared.u32 [%r3+-2560], %r2;\nEND:",
                  "setp.ge.u32 %p3, %r2, 128; @%p3 bra ALL;" + std::string(kFill) + "\nALL:");
  };
  CheckedRunner good(program(wait(0), ""));
  good.run(2, 256, {0});
  CheckedRunner bad(program("", wait(0)));
  const std::string text = bad.trap(TrapKind::race, 1, 256, {0});
  expect_text(text, "over an operand of a wgmma, with nothing to order it behind the wait");
}

TEST(CheckSources, WhoTookPartNeedsNobodyToTellHim) {
  // Each warp waits by itself, then writes where the products of all four read.
  const std::string before = kFence + product() + kCommit;
  const std::string change = line(6) + "st.shared.u32 [%r3], %r5;";
  passes(before + wait(0) + change);
  expect_text(finding(before + change + wait(0)), "over an operand of a wgmma that was not waited");
  // The first warp waits for both, the others for one: they write to what the second reads.
  const std::string last = "setp.lt.u32 %p3, %r2, 32; @%p3 bra ALL;" + wait(1) +
                           "bra WAITED;\nALL:" + wait(0) + "nanosleep.u32 1;\nWAITED:";
  expect_text(finding(before + product("{%f4, %f5, %f6, %f7}") + kCommit + last + change + wait(0)),
              "over an operand of a wgmma");
}

TEST(CheckSources, OneWarpMaySpeakForItsGroup) {
  // The product is one of all four warps: when one has waited for it, none reads operands any more.
  // The warps take long to begin and to wait, but for the one that speaks; then they become NaN.
  const std::string program = kernel(
      "setp.eq.u32 %p3, %r2, 128; @%p3 mbarrier.init.shared.b64 [b], 1; bar.sync 0;"
      "setp.ge.u32 %p3, %r2, 128; @%p3 bra PRODUCT;\n"
      "AGAIN: mbarrier.try_wait.parity.shared.b64 %p2, [b], 0; @!%p2 bra AGAIN;" +
          line(6) + "st.shared.u32 [%r3], 0xffffffff; bra END;\nPRODUCT: sub.u32 %r6, %r2, 128;" +
          "setp.lt.u32 %p3, %r6, 32; @%p3 bra NOW; nanosleep.u32 1; nanosleep.u32 1;\nNOW:" +
          kFence + product() + kCommit + "@!%p3 nanosleep.u32 1; @!%p3 nanosleep.u32 1;" + wait(0) +
          "setp.eq.u32 %p3, %r6, 0; @%p3 mbarrier.arrive.shared.b64 _, [b];"
          "mul.wide.u32 %d5, %r6, 4; add.u64 %d5, %a0, %d5; sub.f32 %f0, %f0, %f0;"
          "st.global.f32 [%d5], %f0;\nEND:",
      "setp.ge.u32 %p3, %r2, 128; @%p3 bra ALL;" + std::string(kFill) + "\nALL:");
  CheckedRunner run(program);
  const uint64_t out = run.fresh(128);
  run.run(1, 256, {out});
  for (uint32_t thread = 0; thread < 128; ++thread)
    ASSERT_EQ(run.word(out + thread * 4), 0u) << thread;
}

TEST(CheckSources, CopiesOverOperandsUnderWay) {
  const auto body = [](const std::string& before_copy) {
    return "setp.eq.u32 %p3, %r2, 0; @%p3 mbarrier.init.shared.b64 [b], 1; bar.sync 0;" + kFence +
           product() + kCommit + before_copy +
           "@%p3 mbarrier.arrive.expect_tx.shared.b64 _, [b], 256;" + line(6) +
           "@%p3 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [s], [%a0], "
           "256, [b];\nAGAIN: mbarrier.try_wait.parity.shared.b64 %p2, [b], 0; @!%p2 bra AGAIN;" +
           wait(0);
  };
  CheckedRunner good(kernel(body(wait(0) + "bar.sync 0;")));
  good.run(1, 128, {good.zeros(64)});
  CheckedRunner bad(kernel(body("bar.sync 0;")));
  const std::string text = bad.trap(TrapKind::race, 1, 128, {bad.zeros(64)});
  expect_text(text, "over an operand of a wgmma that was not waited for");
  expect_text(text, "kernel.cu:6");
}

/// Thread 0 copies s to global memory; then all threads write to it.
std::string copies_out(
    const std::string& fence, const std::string& after,
    const std::string& copy = "cp.async.bulk.global.shared::cta.bulk_group [%a0], [s], 512;") {
  return entry_90a(kShared + line(3) + "st.shared.u32 [%r3], %r2;" + fence +
                   "setp.ne.u32 %p1, %r2, 0; @%p1 bra ON;" + line(4) + copy +
                   "cp.async.bulk.commit_group;\nON:" + after);
}
const std::string kProxy = "fence.proxy.async.shared::cta; bar.sync 0;";

TEST(CheckSources, ABulkCopysSourceMustNotChange) {
  const auto program = [](const std::string& waits) {
    return copies_out(kProxy, waits + "bar.sync 0;" + line(6) +
                                  "st.shared.u32 [%r3], %r5; @!%p1 cp.async.bulk.wait_group 0;");
  };
  for (const char* waits :
       {"@!%p1 cp.async.bulk.wait_group.read 0;", "@!%p1 cp.async.bulk.wait_group 0;"}) {
    CheckedRunner good(program(waits));
    good.run(1, 128, {good.zeros(128)});
  }
  for (const char* waits :
       {"", "@!%p1 cp.async.bulk.wait_group.read 1;", "@%p1 cp.async.bulk.wait_group.read 0;"}) {
    CheckedRunner bad(program(waits));
    const std::string text = bad.trap(TrapKind::race, 1, 128, {bad.zeros(128)});
    expect_text(text, "over the source of a bulk copy that was not waited for");
    expect_text(text, "kernel.cu:6");
    expect_text(text, "kernel.cu:4");
  }
}

TEST(CheckProxy, WritesNeedAFence) {
  const std::string done = "@!%p1 cp.async.bulk.wait_group 0;";
  const char* const fences[] = {
      "fence.proxy.async.shared::cta; bar.sync 0;",  // by the writers
      "fence.proxy.async; bar.sync 0;",
      "bar.sync 0; fence.proxy.async;",  // by who copies, behind the barrier
  };
  for (const char* fence : fences) {
    CheckedRunner good(copies_out(fence, done));
    good.run(1, 128, {good.zeros(128)});
  }
  const char* const none[] = {
      "bar.sync 0;",
      "fence.proxy.async.global; bar.sync 0;",
      "membar.cta; fence.acq_rel.cta; bar.sync 0;",
      // Only the thread that copies, before the others' writes are there.
      "setp.ne.u32 %p4, %r2, 0; @!%p4 fence.proxy.async.shared::cta; bar.sync 0;",
  };
  for (const char* fence : none) {
    CheckedRunner bad(copies_out(fence, done), {.race = true});
    const std::string text = bad.trap(TrapKind::race, 1, 128, {bad.zeros(128)});
    expect_text(text, "that a thread wrote, with no fence.proxy.async in between");
    expect_text(text, "kernel.cu:4");
    expect_text(text, "kernel.cu:3");
  }
}

TEST(CheckProxy, ALanesFenceIsForWhatItKnows) {
  const auto program = [](const std::string& meet) {
    return copies_out(meet + "setp.ne.u32 %p4, %r2, 0; @!%p4 fence.proxy.async; bar.sync 0;",
                      "@!%p1 cp.async.bulk.wait_group 0;",
                      "cp.async.bulk.global.shared::cta.bulk_group [%a0], [s], 128;");
  };
  CheckedRunner good(program("bar.warp.sync -1;"));
  good.run(1, 32, {good.zeros(32)});
  CheckedRunner bad(program(""), {.race = true});
  expect_text(bad.trap(TrapKind::race, 1, 32, {bad.zeros(32)}), "with no fence.proxy.async");
}

TEST(CheckProxy, AtomicsWriteToo) {
  const auto program = [](const std::string& fence) {
    return copies_out(kProxy + "atom.shared.add.u32 %r9, [%r3], 1;" + fence,
                      "@!%p1 cp.async.bulk.wait_group 0;");
  };
  CheckedRunner good(program(kProxy));
  good.run(1, 128, {good.zeros(128)});
  CheckedRunner bad(program("bar.sync 0;"));
  expect_text(bad.trap(TrapKind::race, 1, 128, {bad.zeros(128)}), "with no fence.proxy.async");
}

TEST(CheckProxy, OfWgmmasOperands) {
  const auto program = [](const std::string& fence) {
    return entry_90a(kOperands + std::string(kFill) + fence + kReady + kFence + product() +
                     kCommit);
  };
  CheckedRunner good(program("fence.proxy.async; bar.sync 0;"));
  good.run(1, 128, {0});
  CheckedRunner bad(program("bar.sync 0;"));
  expect_text(bad.trap(TrapKind::race, 1, 128, {0}), "with no fence.proxy.async");
}

}  // namespace
}  // namespace ptxvm::test
