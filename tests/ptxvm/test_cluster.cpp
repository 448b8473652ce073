// Clusters: names of their blocks, shared memory of each other's, the barrier, misuse.
#include "tests/ptxvm/run_file.h"

namespace ptxvm::test {
namespace {

TEST(Cluster, Names) {
  FileRunner run("mapa.ptx");
  const uint32_t* out = run.buffer(8 * 6 * 12);
  run.run("names", 32, {8, 6}, {4, 3});
  for (uint32_t y = 0; y < 6; ++y)
    for (uint32_t x = 0; x < 8; ++x) {
      const uint32_t expected[] = {x % 4, y % 3, 4, 3, x / 4, y / 3, 2, 2, x % 4 + y % 3 * 4,
                                   12,    1};
      for (size_t i = 0; i < std::size(expected); ++i)
        ASSERT_EQ(out[(x + 8 * y) * 12 + i], expected[i]) << x << " " << y << " " << i;
    }
}

TEST(Cluster, NamesWithoutOne) {
  FileRunner run("mapa.ptx");
  const uint32_t* out = run.buffer(2 * 12);
  run.run("names", 1, {2});
  const uint32_t expected[] = {0, 0, 1, 1, 1, 0, 2, 1, 0, 1, 0};
  for (size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(out[12 + i], expected[i]) << i;
}

/// Each block reads its right neighbour's memory; each thread's mark lands in its left neighbour's.
void check_exchange(uint32_t threads, uint32_t blocks, uint32_t ranks) {
  FileRunner run("mapa.ptx");
  const uint32_t* out = run.buffer(size_t{blocks} * threads * 8);
  run.run("exchange", threads, {blocks}, {ranks});
  for (uint32_t x = 0; x < blocks; ++x)
    for (uint32_t t = 0; t < threads; ++t) {
      const uint32_t rank = x % ranks, next = x - rank + (rank + 1) % ranks;
      const uint32_t value = next * 1000 + t;
      const uint32_t expected[] = {value,
                                   value + 100,
                                   next,
                                   2 * value + 100,
                                   rank,
                                   (rank + ranks - 1) % ranks,
                                   threads * ranks,
                                   threads * ranks * (ranks - 1) / 2};
      for (size_t i = 0; i < 8; ++i)
        ASSERT_EQ(out[(x * threads + t) * 8 + i], expected[i]) << x << " " << t << " " << i;
    }
}

TEST(Cluster, BlocksReadAndWriteEachOther) {
  check_exchange(32, 4, 2);
  check_exchange(20, 16, 8);
  check_exchange(7, 2, 1);
}

TEST(Cluster, ThreadsThatEndedAreNotWaitedFor) {
  FileRunner run("mapa.ptx");
  const uint32_t* out = run.buffer(1);
  run.run("leavers", 64, {4});
  EXPECT_EQ(out[0], 4 * 32u);
}

TEST(Cluster, Misuse) {
  FileRunner run("mapa.ptx");
  run.buffer(1);
  const auto trap = [&](const char* entry, TrapKind kind, const char* text) {
    run.expect_trap(entry, 1, kind, text, {2}, {2});
  };
  trap("no_such_block", TrapKind::out_of_bounds, "a block that the cluster does not have");
  trap("beyond", TrapKind::out_of_bounds,
       "shared address 4096 of a block of the cluster, which has");
  trap("ended", TrapKind::use_after_free, "block 1 of the cluster, which has ended");
  trap("twice", TrapKind::barrier_misuse, "again before it waited");
  run.expect_trap("names", 1, TrapKind::launch_configuration, "does not divide", {3}, {2});
  run.expect_trap("names", 1, TrapKind::launch_configuration, "at most 16", {17}, {17});
  run.expect_trap("leavers", 1, TrapKind::launch_configuration, ".reqnctapercluster", {4}, {4});
}

TEST(Cluster, RankOfAnAddress) {
  FileRunner run("getctarank.ptx");
  const uint32_t* out = run.buffer(8);
  run.run("k", 1, {2}, {2});
  const uint32_t expected[] = {0, 1, 0, 1, 1, 0, 1, 0};
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(out[i], expected[i]) << i;
}

}  // namespace
}  // namespace ptxvm::test
