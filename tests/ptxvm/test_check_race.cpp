// PTXVM_CHECK=race: conflicting accesses that nothing orders.
#include "tests/ptxvm/check_ptx.h"

namespace ptxvm::test {
namespace {

/// Warp 0 stores its words, warp 1 loads those.
std::string store_then_load(const std::string& between) {
  return entry(0,
               kShared + std::string("setp.lt.u32 %p1, %r2, 32; setp.ge.u32 %p2, %r2, 32;") +
                   line(3) + "@%p1 st.shared.u32 [%r3], %r2;" + between + line(5) +
                   "@%p2 ld.shared.u32 %r5, [%r3+-128];",
               kSource);
}

TEST(CheckRace, WarpsNeedABarrier) {
  CheckedRunner good(store_then_load("bar.sync 0;"));
  good.run(3, 64);
  CheckedRunner bad(store_then_load(""));
  const std::string text = bad.trap(TrapKind::race, 1, 64);
  expect_text(text, "race: shared load of 4 bytes at 0x0 that another warp wrote");
  expect_text(text, "source kernel.cu:5");
  expect_text(text, "thread (32,0,0)");
  expect_text(text, "the other access: test:");
  expect_text(text, "(st.shared.u32), source kernel.cu:3");
  expect_text(text, "by block (0,0,0) thread (0,0,0)");
}

TEST(CheckRace, WriteAfterReadNeedsABarrierToo) {
  const auto kernel = [](const char* between) {
    return entry(0,
                 kShared +
                     std::string("setp.ge.u32 %p1, %r2, 32; setp.eq.u32 %p2, %r2, 0;"
                                 "st.shared.u32 [%r3], %r2; bar.sync 0;") +
                     line(8) + "@%p1 ld.shared.u32 %r5, [s];" + between + line(9) +
                     "@%p2 st.shared.u32 [s], 5;",
                 kSource);
  };
  CheckedRunner good(kernel("bar.sync 0;"));
  good.run(2, 64);
  CheckedRunner bad(kernel(""));
  const std::string text = bad.trap(TrapKind::race, 1, 64);
  expect_text(text, "shared store of 4 bytes at 0x0 that another warp read");
  expect_text(text, "kernel.cu:9");
  expect_text(text, "(ld.shared.u32), source kernel.cu:8");
}

TEST(CheckRace, NamedBarriersOrderWhoTakesPart) {
  const auto kernel = [](const char* id) {
    return entry(1, kShared +
                        std::string("setp.lt.u32 %p1, %r2, 32; @%p1 bra P;\n"
                                    "bar.sync 1, 64; ld.shared.u32 %r5, [s]; ret;\n"
                                    "P: st.shared.u32 [%r3], %r2; bar.arrive ") +
                        id + ", 64;");
  };
  CheckedRunner good(kernel("1"));
  good.run(2, 64, {0});
  // An arrival at another barrier, while somebody else opens barrier 1.
  CheckedRunner bad(
      entry(1, kShared + std::string("setp.lt.u32 %p1, %r2, 32; @%p1 bra P;\n"
                                     "bar.sync 1, 64; ld.shared.u32 %r5, [s]; ret;\n"
                                     "P: bar.arrive 1, 64; st.shared.u32 [%r3], %r2;")));
  bad.trap(TrapKind::race, 1, 64, {0});
}

TEST(CheckRace, LanesNeedASyncwarp) {
  const auto kernel = [](const std::string& between) {
    return entry(1,
                 kShared + line(3) + "st.shared.u32 [%r3], %r2;" + between +
                     "xor.b32 %r3, %r3, 4;" + line(5) + "ld.shared.u32 %r5, [%r3];",
                 kSource);
  };
  for (const char* sync :
       {"bar.warp.sync -1;", "bar.sync 0;", "shfl.sync.bfly.b32 %r6, %r2, 1, 31, -1;"}) {
    CheckedRunner good(kernel(sync));
    good.run(1, 32, {0});
  }
  CheckedRunner bad(kernel(""));
  const std::string text = bad.trap(TrapKind::race, 1, 32, {0});
  expect_text(text, "that another lane of the warp wrote, with no __syncwarp in between");
  expect_text(text, "kernel.cu:3");
  expect_text(text, "by block (0,0,0) thread (1,0,0)");
}

TEST(CheckRace, LanesOfOneStore) {
  const auto kernel = [](const char* value) {
    return entry(1, kShared + std::string("st.shared.u32 [s], ") + value + ";");
  };
  CheckedRunner good(kernel("5"));
  good.run(1, 64, {0});  // all the same value
  CheckedRunner bad(kernel("%r2"));
  const std::string text = bad.trap(TrapKind::race, 1, 32, {0});
  expect_text(text, "where another lane of the same instruction stores another value");
  expect_text(text, "thread (1,0,0)");
  expect_text(text, "by block (0,0,0) thread (0,0,0)");
}

TEST(CheckRace, BytesOfOneWordAreApart) {
  CheckedRunner run(entry(1, kShared + std::string("mov.u32 %r3, s; add.u32 %r3, %r3, %r2; "
                                                   "st.shared.u8 [%r3], %r2;")));
  run.run(1, 64, {0});
}

TEST(CheckRace, BlocksInGlobalMemory) {
  const auto kernel = [](const char* own) {
    return entry(1,
                 std::string(kThread) + "add.u64 %d1, %a0, %d0; mov.u64 %d2, %a0;" + line(4) +
                     "st.global.u32 [" + own + "], %r0;",
                 kSource);
  };
  CheckedRunner good(kernel("%d1"), all_checks(), 2);
  good.run(8, 32, {good.zeros(256)});
  CheckedRunner bad(entry(1,
                          std::string(kThread) + "add.u64 %d1, %a0, %d0;" + line(4) +
                              "st.global.u32 [%d1], %r0;" + line(6) + "ld.global.u32 %r5, [%a0];",
                          kSource));
  const std::string text = bad.trap(TrapKind::race, 2, 32, {bad.zeros(256)});
  expect_text(text, "global load of 4 bytes");
  expect_text(text, "that another block wrote, with nothing to order the two");
  expect_text(text, "0 bytes into allocation");
  expect_text(text, "kernel.cu:6");
  expect_text(text, "block (1,0,0) thread (0,0,0)");
  expect_text(text, "(st.global.u32), source kernel.cu:4");
  expect_text(text, "by block (0,0,0) thread (0,0,0)");
}

/// Every block stores a word; the last one to take a ticket, by what `take` does to %r7, loads
/// them.
std::string last_block(const std::string& take) {
  return entry(2,
               "mov.u32 %r6, %ctaid.x; mul.wide.u32 %d1, %r6, 4; add.u64 %d1, %a0, %d1;" + line(2) +
                   "st.global.u32 [%d1], %r6;" + take +
                   "setp.ne.u32 %p1, %r7, 7; @%p1 bra END; membar.gl;" + line(5) +
                   "ld.global.v4.u32 {%r10, %r11, %r12, %r13}, [%a0]; END:\n",
               kSource);
}

TEST(CheckRace, ATicketOrdersTheLastBlock) {
  for (const char* take : {"membar.gl; atom.global.add.u32 %r7, [%a1], 1;",
                           "fence.acq_rel.gpu; atom.relaxed.gpu.global.add.u32 %r7, [%a1], 1;",
                           "atom.release.gpu.global.add.u32 %r7, [%a1], 1;",
                           "atom.acq_rel.gpu.global.add.u32 %r7, [%a1], 1;"})
    for (const int workers : {1, 2}) {
      CheckedRunner good(last_block(take), all_checks(), workers);
      const uint64_t data = good.zeros(8), ticket = good.zeros(1);
      good.run(8, 1, {data, ticket});
    }
  CheckedRunner bad(last_block("mov.u32 %r7, %r6;"));
  const uint64_t data = bad.zeros(8), ticket = bad.zeros(1);
  const std::string text = bad.trap(TrapKind::race, 8, 1, {data, ticket});
  expect_text(text, "kernel.cu:2");
  expect_text(text, "with nothing to order the two");
}

TEST(CheckRace, ARelaxedTicketTakesAFence) {
  for (const char* take : {"atom.global.add.u32 %r7, [%a1], 1;",
                           "membar.cta; atom.relaxed.gpu.global.add.u32 %r7, [%a1], 1;",
                           "atom.acquire.gpu.global.add.u32 %r7, [%a1], 1; membar.gl;"}) {
    CheckedRunner bad(last_block(take));
    const uint64_t data = bad.zeros(8), ticket = bad.zeros(1);
    const std::string text = bad.trap(TrapKind::race, 8, 1, {data, ticket});
    expect_text(text, "that another block wrote, with no fence (__threadfence) before the atomic");
    expect_text(text, "kernel.cu:5");
    expect_text(text, "kernel.cu:2");
  }
}

TEST(CheckRace, AFenceIsForWhatCameBeforeIt) {
  const auto kernel = [](const std::string& again) {
    return last_block("membar.gl; atom.global.add.u32 %r8, [%a1+64], 1; add.u32 %r9, %r6, 1;" +
                      line(3) + "st.global.u32 [%d1], %r9;" + again +
                      "atom.global.add.u32 %r7, [%a1], 1;");
  };
  CheckedRunner good(kernel("membar.gl;"));
  const uint64_t data = good.zeros(8), tickets = good.zeros(32);
  good.run(8, 1, {data, tickets});
  CheckedRunner bad(kernel(""));
  const uint64_t words = bad.zeros(8), others = bad.zeros(32);
  expect_text(bad.trap(TrapKind::race, 8, 1, {words, others}), "kernel.cu:3");
}

TEST(CheckRace, AnotherThreadsFenceWillDo) {
  // Two warps store, meet, and one thread publishes for all; the last block loads.
  const auto kernel = [](const std::string& before, const std::string& after) {
    return entry(
        2, std::string(kThread) + "add.u64 %d1, %a0, %d0; st.global.u32 [%d1], %r0;" + before +
               "bar.sync 0; setp.ne.u32 %p1, %r2, 0; @%p1 bra END;" + after +
               "atom.global.add.u32 %r7, [%a1], 1; setp.ne.u32 %p1, %r7, 3; @%p1 bra END;" +
               "ld.global.u32 %r8, [%a0+4]; add.u32 %r8, %r8, 1; END:\n");
  };
  for (const bool each : {false, true}) {
    CheckedRunner good(kernel(each ? "membar.gl;" : "", each ? "" : "membar.gl;"));
    const uint64_t data = good.zeros(256), ticket = good.zeros(1);
    good.run(4, 64, {data, ticket});
  }
  CheckedRunner bad(kernel("", ""));
  const uint64_t data = bad.zeros(256), ticket = bad.zeros(1);
  expect_text(bad.trap(TrapKind::race, 4, 64, {data, ticket}), "with no fence (__threadfence)");
}

TEST(CheckRace, LaunchesAreOrdered) {
  CheckedRunner run(entry(
      1, std::string(kThread) + "mov.u32 %r5, 63; sub.u32 %r5, %r5, %r0; mul.wide.u32 %d1, %r5, 4; "
                                "add.u64 %d1, %a0, %d1; st.global.u32 [%d1], %r0;"));
  const uint64_t x = run.zeros(64);
  run.run(2, 32, {x});
  run.run(1, 64, {x});
  run.run(4, 16, {x});
}

TEST(CheckRace, CopiesReadTooEarly) {
  const auto kernel = [](const std::string& wait) {
    return entry(1,
                 kShared + line(3) + "cp.async.ca.shared.global [%r3], [%a0], 4;" +
                     "cp.async.commit_group;" + wait + "bar.warp.sync -1;" + line(5) +
                     "ld.shared.u32 %r5, [%r3];",
                 kSource);
  };
  CheckedRunner good(kernel("cp.async.wait_group 0;"));
  good.run(2, 32, {good.zeros(4)});
  CheckedRunner bad(kernel(""));
  const std::string text = bad.trap(TrapKind::race, 1, 32, {bad.zeros(4)});
  expect_text(text, "the destination of an asynchronous copy that was not waited for");
  expect_text(text, "kernel.cu:5");
  expect_text(text, "kernel.cu:3");
  CheckedRunner late(kernel("cp.async.wait_group 1;"));
  late.trap(TrapKind::race, 1, 32, {late.zeros(4)});
}

}  // namespace
}  // namespace ptxvm::test
