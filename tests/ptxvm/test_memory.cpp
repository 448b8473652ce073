#include <gtest/gtest.h>

#include "reference/ptxvm/vm.h"

namespace ptxvm {
namespace {

TEST(Memory, AlignedAndExact) {
  Memory memory(1 << 20);
  const uint64_t a = memory.allocate(100, "a"), b = memory.allocate(1000, "b", 4096);
  EXPECT_EQ(a % 256, 0u);
  EXPECT_EQ(b % 4096, 0u);
  EXPECT_EQ(memory.used(), 1100u);
  ASSERT_NE(memory.find(a, 100), nullptr);
  EXPECT_EQ(memory.find(a + 99)->label, "a");
  EXPECT_EQ(memory.find(a, 101), nullptr);
  EXPECT_EQ(memory.find(a + 100), nullptr);
  EXPECT_EQ(memory.find(a - 1), nullptr);
  EXPECT_EQ(memory.find(a + 50, ~uint64_t{0}), nullptr);
}

TEST(Memory, NeighboursHaveAGapAsLargeAsTheyAre) {
  Memory memory(1 << 20);
  const uint64_t a = memory.allocate(64 << 10, "a"), b = memory.allocate(64 << 10, "b");
  EXPECT_GE(b - (a + (64 << 10)), uint64_t{64 << 10});
}

TEST(Memory, CapacityIsWhatIsInUse) {
  Memory memory(1000);
  const uint64_t a = memory.allocate(600, "a");
  EXPECT_NE(a, 0u);
  EXPECT_EQ(memory.allocate(600, "b"), 0u);
  EXPECT_EQ(memory.allocate(0, "c"), 0u);
  EXPECT_TRUE(memory.release(a));
  EXPECT_FALSE(memory.release(a));
  EXPECT_FALSE(memory.release(a + 4));
  EXPECT_NE(memory.allocate(1000, "d"), 0u);
}

TEST(Memory, AddressesComeBackOnlyWhenTheOthersAreSpent) {
  Memory memory(1 << 20);
  const uint64_t first = memory.allocate(512 << 10, "first");
  memory.release(first);
  EXPECT_TRUE(memory.was_released(first + 5));
  bool reused = false;
  for (int i = 0; i < 20; ++i) {
    const uint64_t next = memory.allocate(512 << 10, "next");
    ASSERT_NE(next, 0u) << i;
    reused |= next == first;
    memory.release(next);
    if (i == 0) {
      EXPECT_NE(next, first);
    }
  }
  EXPECT_TRUE(reused);
}

TEST(Memory, DescribesTheNearestAllocation) {
  Memory memory(1 << 20);
  EXPECT_EQ(memory.describe(5), "there is no allocation");
  const uint64_t a = memory.allocate(100, "cudaMalloc #1");
  EXPECT_NE(memory.describe(a + 8).find("8 bytes into allocation"), std::string::npos);
  EXPECT_NE(memory.describe(a + 104).find("4 bytes after the end of allocation"),
            std::string::npos);
  EXPECT_NE(memory.describe(a - 4).find("4 bytes before allocation"), std::string::npos);
  EXPECT_NE(memory.describe(a).find("of 100 bytes (cudaMalloc #1)"), std::string::npos);
  memory.release(a);
  EXPECT_NE(memory.describe(a + 8).find("8 bytes into freed allocation"), std::string::npos);
}

TEST(Memory, DeviceAddressesAreNotHostAddresses) {
  Memory memory(1 << 20);
  const uint64_t a = memory.allocate(100, "a");
  EXPECT_NE(reinterpret_cast<uint64_t>(memory.host(a)), a);
  EXPECT_TRUE(memory.is_device(a));
  EXPECT_FALSE(memory.is_device(reinterpret_cast<uint64_t>(&memory)));
  EXPECT_DEATH(*reinterpret_cast<volatile char*>(a) = 1, "");
}

}  // namespace
}  // namespace ptxvm
