// Checks of programs for sm_90: clusters, bulk copies, wgmma.
#include "tests/ptxvm/check_ptx.h"

namespace ptxvm::test {
namespace {

std::string entry_90(int parameters, const std::string& body) {
  std::string text = entry(parameters, body, kSource);
  return text.replace(text.find("sm_80"), 5, "sm_90");
}

constexpr Dim3 kTwo{2};

/// Each block stores its words; the other one loads them.
std::string neighbours(const std::string& before,
                       const std::string& store = "st.shared.u32 [%r3], %r2;",
                       const std::string& after = "barrier.cluster.arrive; barrier.cluster.wait;") {
  return entry_90(1, kShared + line(3) + store + before +
                         "mov.u32 %r6, %cluster_ctarank; xor.b32 %r6, %r6, 1;"
                         "mapa.shared::cluster.u32 %r7, %r3, %r6;" +
                         line(5) + "ld.shared::cluster.u32 %r8, [%r7]; add.u32 %r8, %r8, 1;" +
                         after);
}
const char* const kMeet = "barrier.cluster.arrive; barrier.cluster.wait;";

TEST(CheckCluster, BlocksNeedTheClustersBarrier) {
  CheckedRunner good(neighbours(kMeet));
  for (int i = 0; i < 3; ++i) good.run(4, 64, {0}, kTwo);
  CheckedRunner bad(neighbours("bar.sync 0;"), {.race = true});
  const std::string text = bad.trap(TrapKind::race, 4, 64, {0}, kTwo);
  expect_text(text, "that another block of the cluster");
  expect_text(text, "kernel.cu:3");
  expect_text(text, "kernel.cu:5");
  expect_text(text, "block (1,0,0)");
  expect_text(text, "block (0,0,0)");
}

TEST(CheckCluster, ItsBarrierOrdersABlockThatIsFarAhead) {
  std::string store = "mov.u32 %r9, %cluster_ctarank; setp.eq.u32 %p5, %r9, 0;";
  for (int i = 0; i < 5; ++i)  // each release is a step of block 0's clocks
    store += "@%p5 st.shared.u32 [%r3], %r2; @%p5 atom.shared.add.u32 %r10, [s+1020], 1;";
  CheckedRunner good(neighbours(kMeet, store + "st.shared.u32 [%r3], %r2;"), {.race = true});
  good.run(4, 64, {0}, kTwo);
}

TEST(CheckCluster, ArrivalsAtAnothersMbarrierOrder) {
  const auto kernel = [](const std::string& wait) {
    return entry_90(1,
                    ".shared .align 8 .b8 b[8];" + std::string(kShared) +
                        "setp.eq.u32 %p1, %r2, 0; @%p1 mbarrier.init.shared.b64 [b], 64;"
                        "barrier.cluster.arrive; barrier.cluster.wait;" +
                        line(3) +
                        "mov.u32 %r6, %cluster_ctarank; xor.b32 %r6, %r6, 1;"
                        "mapa.shared::cluster.u32 %r7, %r3, %r6; st.shared::cluster.u32 [%r7], %r2;"
                        "mov.u32 %r8, b; mapa.shared::cluster.u32 %r8, %r8, %r6;"
                        "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r8];" +
                        wait + line(5) + "ld.shared.u32 %r9, [%r3]; add.u32 %r9, %r9, 1;" + kMeet);
  };
  const char* const wait =
      "AGAIN: mbarrier.try_wait.parity.shared.b64 %p2, [b], 0; @!%p2 bra AGAIN;";
  // Thread t loads what thread t of the other block stored.
  CheckedRunner good(kernel(wait));
  good.run(2, 64, {0}, kTwo);
  CheckedRunner bad(kernel(""), {.race = true});
  expect_text(bad.trap(TrapKind::race, 2, 64, {0}, kTwo), "of the cluster");
}

TEST(CheckCluster, WordsOfAnotherBlockThatNobodyWrote) {
  CheckedRunner good(neighbours(kMeet), {.init = true});
  good.run(2, 64, {0}, kTwo);
  CheckedRunner bad(neighbours(kMeet, ""), {.init = true});
  expect_text(bad.trap(TrapKind::uninitialised, 2, 64, {0}, kTwo), "shared load of 4 bytes");
}

TEST(CheckCluster, StoresThatAnMbarrierCounts) {
  const auto kernel = [](const std::string& wait) {
    return entry_90(1, ".shared .align 8 .b8 b[8];" + std::string(kShared) +
                           "setp.eq.u32 %p1, %r2, 0; @%p1 mbarrier.init.shared.b64 [b], 1;"
                           "@%p1 mbarrier.arrive.expect_tx.shared.b64 _, [b], 256;" +
                           kMeet + line(3) +
                           "mov.u32 %r6, %cluster_ctarank; xor.b32 %r6, %r6, 1;"
                           "mapa.shared::cluster.u32 %r7, %r3, %r6;"
                           "mov.u32 %r8, b; mapa.shared::cluster.u32 %r8, %r8, %r6;"
                           "st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%r7], %r2, "
                           "[%r8];" +
                           wait + line(5) + "ld.shared.u32 %r9, [%r3]; add.u32 %r9, %r9, 1;" +
                           kMeet);
  };
  CheckedRunner good(
      kernel("AGAIN: mbarrier.try_wait.parity.shared.b64 %p2, [b], 0; @!%p2 bra AGAIN;"));
  for (int i = 0; i < 3; ++i) good.run(4, 64, {0}, kTwo);
  CheckedRunner bad(kernel(kMeet), {.race = true});
  const std::string text = bad.trap(TrapKind::race, 4, 64, {0}, kTwo);
  expect_text(text, "the destination of an asynchronous copy that was not waited for");
  expect_text(text, "st.async");
}

/// Thread 0, or the one named, copies 256 bytes to s; thread t loads its word.
std::string bulk(const std::string& wait, const std::string& before = "",
                 const std::string& copier = "0") {
  return entry_90(
      1, ".shared .align 8 .b8 b[8];" + std::string(kShared) + "setp.eq.u32 %p1, %r2, " + copier +
             "; @%p1 mbarrier.init.shared.b64 [b], 1; bar.sync 0;" + before +
             "@!%p1 bra WAIT; mbarrier.arrive.expect_tx.shared.b64 _, [b], 256;" + line(3) +
             "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [s], [%a0], 256, "
             "[b];\nWAIT:" +
             wait + line(5) + "ld.shared.u32 %r5, [%r3]; add.u32 %r5, %r5, 1;");
}
const char* const kWait = "mbarrier.try_wait.parity.shared.b64 %p2, [b], 0; @!%p2 bra WAIT;";

TEST(CheckBulk, ReadBeforeItArrived) {
  CheckedRunner good(bulk(kWait));
  good.run(3, 64, {good.zeros(64)});
  CheckedRunner bad(bulk("bar.sync 0;"));
  const std::string text = bad.trap(TrapKind::race, 1, 64, {bad.zeros(64)});
  expect_text(text, "the destination of an asynchronous copy that was not waited for");
  expect_text(text, "kernel.cu:5");
  expect_text(text, "cp.async.bulk");
  expect_text(text, "kernel.cu:3");
}

TEST(CheckBulk, WaitingIsForEachWarpOrABarrier) {
  // Warp 0 waits; warp 1 goes on at once, or meets warp 0 first.
  const auto kernel = [](const std::string& meet) {
    return bulk(
        "setp.ge.u32 %p3, %r2, 32; @%p3 bra ON; LOOP:"
        "mbarrier.try_wait.parity.shared.b64 %p2, [b], 0; @!%p2 bra LOOP; ON:" +
        meet);
  };
  CheckedRunner good(kernel("bar.sync 0;"));
  good.run(3, 64, {good.zeros(64)});
  CheckedRunner bad(kernel(""), {.race = true});
  expect_text(bad.trap(TrapKind::race, 1, 64, {bad.zeros(64)}), "kernel.cu:3");
}

TEST(CheckBulk, WritesOverWhatAnotherWarpUses) {
  const auto kernel = [](const std::string& meet) {
    return bulk(kWait, line(8) + "st.shared.u32 [%r3], %r2; ld.shared.u32 %r6, [%r3];" + meet,
                "32");
  };
  CheckedRunner good(kernel("bar.sync 0;"));
  good.run(1, 64, {good.zeros(64)});
  CheckedRunner bad(kernel(""), {.race = true});
  const std::string text = bad.trap(TrapKind::race, 1, 64, {bad.zeros(64)});
  expect_text(text, "kernel.cu:8");
  expect_text(text, "kernel.cu:3");
}

TEST(CheckBulk, HandsOnWhatNobodyWrote) {
  CheckedRunner run(bulk(kWait));
  const uint64_t x = run.fresh(64);
  run.wrote(x, 248);  // one word behind what was written is excused
  const std::string text = run.trap(TrapKind::uninitialised, 1, 64, {x});
  expect_text(text, "shared load of 4 bytes");
  expect_text(text, "thread (63,0,0)");
  run.wrote(x, 256);
  run.run(1, 64, {x});
}

TEST(CheckBulk, BackToGlobalMemoryByTwoBlocks) {
  const auto kernel = [](const char* offset) {
    return entry_90(1, kShared + std::string("mov.u32 %r6, %ctaid.x; mul.wide.u32 %d1, %r6, ") +
                           offset +
                           "; add.u64 %d1, %a0, %d1; st.shared.u32 [%r3], %r2;"
                           "fence.proxy.async.shared::cta; bar.sync 0; setp.ne.u32 %p1, %r2, 0;"
                           "@%p1 bra END;" +
                           line(4) +
                           "cp.async.bulk.global.shared::cta.bulk_group [%d1], [s], 256;"
                           "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0; END:");
  };
  CheckedRunner good(kernel("256"));
  good.run(2, 64, {good.fresh(128)});
  CheckedRunner bad(kernel("128"));
  const std::string text = bad.trap(TrapKind::race, 2, 64, {bad.fresh(128)});
  expect_text(text, "that another block wrote");
  expect_text(text, "kernel.cu:4");
}

TEST(CheckWgmma, OperandsThatNobodyWrote) {
  const auto kernel = [](bool writes) {
    // 64 x 16 of A at s, 16 x 8 of B at s + 2048, no swizzling; core matrices 128 bytes apart.
    std::string fill;
    if (writes)
      fill =
          "mov.u32 %r5, 0; mov.u32 %r6, s; mad.lo.u32 %r6, %r2, 20, %r6;"
          "st.shared.u32 [%r6], %r5; st.shared.u32 [%r6+4], %r5; st.shared.u32 [%r6+8], %r5;"
          "st.shared.u32 [%r6+12], %r5; st.shared.u32 [%r6+16], %r5; fence.proxy.async; bar.sync "
          "0;";
    return entry_90(
        1, ".shared .align 128 .b8 s[2560]; mov.u32 %r2, %tid.x;" + fill +
               "mov.u32 %r3, s; shr.u32 %r3, %r3, 4; cvt.u64.u32 %d1, %r3;"
               "mov.u64 %d2, 0x0000001000080000; add.u64 %d1, %d1, %d2; add.u64 %d3, %d1, 128;"
               "wgmma.fence.sync.aligned;" +
               line(4) +
               "{ .reg .pred p; setp.ne.u32 p, %r2, %r2; wgmma.mma_async.sync.aligned.m64n8k16.f32."
               "f16.f16 {%f0, %f1, %f2, %f3}, %d1, %d3, p, 1, 1, 0, 0; }"
               "wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;");
  };
  CheckedRunner good(kernel(true));
  good.run(1, 128, {0});
  CheckedRunner bad(kernel(false));
  expect_text(bad.trap(TrapKind::uninitialised, 1, 128, {0}), "kernel.cu:4");
}

}  // namespace
}  // namespace ptxvm::test
