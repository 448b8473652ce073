// PTXVM_CHECK=init: reads of what was never written.
#include "tests/ptxvm/check_ptx.h"

namespace ptxvm::test {
namespace {

const std::string kCopyPlusOne = std::string(kThread) +
                                 "add.u64 %d1, %a0, %d0; add.u64 %d2, %a1, %d0;" + line(7) +
                                 "ld.global.u32 %r5, [%d1]; add.u32 %r5, %r5, 1; st.global.u32 "
                                 "[%d2], %r5;";

TEST(CheckInit, GlobalWordThatNobodyWrote) {
  CheckedRunner run(entry(2, kCopyPlusOne, kSource));
  const uint64_t x = run.fresh(64), y = run.fresh(64);
  run.wrote(x, 63 * 4);
  run.run(1, 63, {x, y});
  const std::string text = run.trap(TrapKind::uninitialised, 2, 32, {x, y});
  expect_text(text, "uninitialised read: global load of 4 bytes at 0x");
  expect_text(text, "252 bytes into allocation 0x");
  expect_text(text, "(fresh)");
  expect_text(text, "source kernel.cu:7");
  expect_text(text, "block (1,0,0) thread (31,0,0)");
  run.run(1, 63, {y, x});  // what a kernel wrote counts as written
}

TEST(CheckInit, OnlyWhatIsComputedWithCounts) {
  const std::string address = std::string(kThread) + "add.u64 %d1, %a0, 0;";
  const std::string load = "ld.global.v4.u32 {%r5, %r6, %r7, %r8}, [%d1];";
  for (const bool pads : {true, false}) {
    const std::string use =
        "add.u32 %r5, %r5, %r6; add.u32 %r5, %r5, %r7; " +
        std::string(pads ? "st.global.u32 [%a1], %r8;" : "add.u32 %r5, %r5, %r8;") +
        "st.global.u32 [%a1+4], %r5;";
    CheckedRunner run(entry(2, address + load + use));
    const uint64_t x = run.fresh(4), y = run.zeros(4);
    run.wrote(x, 12);
    if (pads)
      run.run(1, 1, {x, y});
    else
      expect_text(run.trap(TrapKind::uninitialised, 1, 1, {x, y}), "12 bytes into allocation");
  }
}

TEST(CheckInit, Atomics) {
  CheckedRunner run(entry(1, "red.global.add.u32 [%a0], 1;"));
  const uint64_t x = run.fresh(4);
  expect_text(run.trap(TrapKind::uninitialised, 1, 32, {x}), "global atomic on 4 bytes");
  run.wrote(x, 4);
  run.run(1, 32, {x});
}

TEST(CheckInit, Shared) {
  const std::string store = "st.shared.u32 [%r3], %r2; bar.sync 0;";
  const std::string load = line(9) +
                           "ld.shared.u32 %r5, [%r3+128]; add.u32 %r5, %r5, 1; "
                           "st.global.u32 [%a0], %r5;";
  CheckedRunner run(
      entry(1, kShared + store + "setp.lt.u32 %p1, %r2, 32; @%p1 bra L; ret; L:\n" + load, kSource),
      {.init = true});
  const uint64_t y = run.zeros(1);
  run.run(1, 64, {y});
  const std::string text = run.trap(TrapKind::uninitialised, 1, 62, {y});
  expect_text(text, "shared load of 4 bytes at 0xfc that were never written");
  expect_text(text, "kernel.cu:9");
  expect_text(text, "thread (31,0,0)");
}

// A tile beyond the matrix: the guard leaves its copies out, the products are computed and dropped.
TEST(CheckInit, CopiesLeftOutByAGuard) {
  const auto kernel = [](const std::string& copy) {
    return entry(2,
                 kShared + ("mul.wide.u32 %d2, %r4, 1; add.u64 %d1, %a0, %d2;" + copy) +
                     "cp.async.commit_group; cp.async.wait_group 0; bar.sync 0;" + line(9) +
                     "ld.shared.u32 %r5, [%r3]; add.u32 %r5, %r5, 1;"
                     "add.u64 %d1, %a1, %d2; st.global.u32 [%d1], %r5;",
                 kSource);
  };
  const std::string below = "setp.lt.u32 %p1, %r2, 20;", copy = "cp.async.ca.shared.global [%r3], ";
  const auto expect = [&](const std::string& text, bool clean) {
    CheckedRunner run(kernel(below + text));
    const uint64_t x = run.zeros(32), y = run.zeros(32);
    if (clean) return run.run(1, 32, {x, y});
    expect_text(run.trap(TrapKind::uninitialised, 1, 32, {x, y}),
                "shared load of 4 bytes at 0x54 that were never written");
  };
  expect("@%p1 " + copy + "[%d1], 4;", true);
  expect("not.pred %p1, %p1; @!%p1 " + copy + "[%d1], 4;", true);
  expect("@!%p1 bra L; " + copy + "[%d1], 4; L:", false);
  expect("@%p1 " + copy + "[%d1], 4; @!%p1 " + copy + "[%d1], 4, 0;", true);
  expect("@!%p1 add.u32 %r3, %r3, 256; @%p1 " + copy + "[%d1], 4; @!%p1 sub.u32 %r3, %r3, 256;",
         false);
}

TEST(CheckInit, Local) {
  for (const bool writes : {false, true}) {
    CheckedRunner run(entry(1, std::string(".local .align 4 .b8 a[8]; mov.u64 %d1, a;") +
                                   (writes ? "st.local.u32 [%d1+4], 7;" : "") +
                                   "ld.local.u32 %r5, [%d1+4]; add.u32 %r5, %r5, 1; "
                                   "st.global.u32 [%a0], %r5;"));
    const uint64_t y = run.zeros(1);
    if (writes)
      run.run(1, 32, {y});
    else
      expect_text(run.trap(TrapKind::uninitialised, 1, 32, {y}), "local load of 4 bytes");
  }
}

TEST(CheckInit, ReportGoesOn) {
  Checks checks = all_checks();
  checks.only_report = true;
  CheckedRunner run(entry(2, kCopyPlusOne, kSource), checks);
  const uint64_t x = run.fresh(64), y = run.fresh(64);
  run.run(1, 64, {x, y});
  ASSERT_EQ(run.findings.size(), 1u);
  expect_text(run.findings[0], "uninitialised read");
}

TEST(CheckWords, UnknownOnesAreRefused) {
  const auto fails = [](const char* name, const char* value, const std::string& part) {
    setenv(name, value, 1);
    try {
      (void)checks_from_environment();
      ADD_FAILURE() << value;
    } catch (const std::runtime_error& e) {
      expect_text(e.what(), part);
    }
    unsetenv(name);
  };
  fails("PTXVM_CHECK", "mem,rice", "'rice' is none of mem, init, race, sync, leak, all");
  fails("PTXVM_CHECK_ACTION", "shout", "must be trap or report");
  setenv("PTXVM_CHECK", "mem,race", 1);
  EXPECT_TRUE(checks_from_environment().race);
  EXPECT_FALSE(checks_from_environment().init);
  setenv("PTXVM_CHECK", "all", 1);
  EXPECT_TRUE(checks_from_environment().init && checks_from_environment().leak);
  unsetenv("PTXVM_CHECK");
}

}  // namespace
}  // namespace ptxvm::test
