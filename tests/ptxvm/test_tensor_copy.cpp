// Tensor copies against a model written from the ISA's text and tables: element by element, with
// the swizzle as a table and im2col pixels listed in order.
#include "tests/ptxvm/tensor_random.h"

namespace ptxvm::test {
namespace {

using Maker = Copy (*)(Random&, Device&, TensorType);

void test_loads(Maker make, int rounds) {
  Random random(7);
  for (int round = 0; round < rounds; ++round) {
    Device device;
    for (const TensorType type : kAllTypes) {
      const Copy copy = make(random, device, type);
      ASSERT_EQ(tensor_map_error(copy.map), "") << describe(copy);
      const ModelBox box = model_box(copy.map, copy.at, copy.offsets);
      std::vector<uint8_t> expected(kShared, 0xcd);
      ASSERT_LE(box.extent, kShared);
      model_load(copy.map, box, random.data, expected);
      device.run(kArrive + load_text(copy, false, round % 2) + kShow, copy, box.transactions);
      expect_same(device.shown(), expected, copy);
    }
  }
}

TEST(TensorCopy, LoadsTiles) { test_loads(random_tile, 12); }
TEST(TensorCopy, LoadsIm2colColumns) { test_loads(random_column, 12); }

void test_stores(Maker make, int rounds) {
  Random random(11);
  for (int round = 0; round < rounds; ++round) {
    Device device;
    std::vector<uint8_t> shared(kShared);
    for (uint8_t& b : shared) b = uint8_t(random.bits());
    device.give(shared);
    for (const TensorType type : kAllTypes) {
      if (type == TensorType::b4x16_p64) continue;
      Copy copy = make(random, device, type);
      make_storable(copy);
      ASSERT_EQ(tensor_map_error(copy.map), "") << describe(copy);
      const ModelBox box = model_box(copy.map, copy.at, copy.offsets);
      std::vector<uint8_t> expected = random.data;
      model_store(copy.map, box, shared, expected);
      device.run(store_text(copy) + kCommit, copy, 0);
      const auto* tensor = reinterpret_cast<const uint8_t*>(device.host(copy.map.address));
      expect_same({tensor, tensor + random.bytes}, expected, copy);
    }
  }
}

TEST(TensorCopy, StoresTiles) { test_stores(random_tile, 8); }
TEST(TensorCopy, StoresIm2colColumns) { test_stores(random_column, 8); }

TEST(TensorCopy, MulticastReachesBothBlocks) {
  Random random(3);
  Device device;
  Copy copy = random_tile(random, device, TensorType::f16);
  const ModelBox box = model_box(copy.map, copy.at, copy.offsets);
  std::vector<uint8_t> expected(kShared, 0xcd);
  model_load(copy.map, box, random.data, expected);
  const std::string body = std::string(kArrive) +
                           "setp.eq.u32 more, rank, 1; @more bra wait;\n"  // block 0 sends
                           "mov.u32 i, 0;\n" +
                           load_text(copy, true) + kShow;
  const LaunchReport report = device.run(body, copy, box.transactions, 2);
  expect_same(device.shown(0), expected, copy);
  expect_same(device.shown(1), expected, copy);
  EXPECT_EQ(report.counters.at("ptx__async_copy_requests"), 1u);
  EXPECT_EQ(report.counters.at("ptx__bulk_copy_shared_bytes"), 2 * box.transactions);
}

TEST(TensorCopy, RoundsToTf32) {
  Device device;
  const Copy copy = small(device, TensorType::tf32);
  // What public models report of GPUs: nearest even, subnormals too; any NaN becomes 0x7fffe000.
  const uint32_t pairs[][2] = {
      {0x00000000, 0x00000000}, {0x80000000, 0x80000000}, {0x00000001, 0x00000000},
      {0x80002000, 0x80002000}, {0x007fffff, 0x00800000}, {0x3f801000, 0x3f800000},
      {0x3f803000, 0x3f804000}, {0x3f801001, 0x3f802000}, {0x7f7fffff, 0x7f800000},
      {0xff800000, 0xff800000}, {0x7fc12345, 0x7fffe000}, {0xffa12345, 0x7fffe000}};
  for (size_t i = 0; i < std::size(pairs); ++i)
    std::memcpy(device.host(copy.map.address) + 4 * i, &pairs[i][0], 4);
  device.run(kArrive + load_text(copy) + kShow, copy, 256);
  const std::vector<uint8_t> shown = device.shown();
  for (size_t i = 0; i < std::size(pairs); ++i) {
    uint32_t got;
    std::memcpy(&got, &shown[4 * i], 4);
    EXPECT_EQ(got, pairs[i][1]) << i;
  }
}

TEST(TensorCopy, Counts) {
  Device device;
  Copy copy = small(device);
  copy.map.strides[0] = 48;  // rows of 64 bytes that overlap: sectors 0-1, 1-3, 3-4, 4-6
  copy.map.sizes[0] = 12;
  copy.map.box[0] = 12;
  // Rows at 0, 48, 96, 144 of 48 bytes each: 192 bytes in a row, 6 sectors.
  LaunchReport report = device.run(kArrive + load_text(copy) + kShow, copy, 192);
  EXPECT_EQ(report.counters.at("ptx__async_copy_requests"), 1u);
  EXPECT_EQ(report.counters.at("ptx__async_copy_sectors"), 6u);
  EXPECT_EQ(report.counters.at("ptx__dram_sectors_read_distinct"), 6u);
  EXPECT_EQ(report.counters.at("ptx__bulk_copy_shared_bytes"), 192u);
  EXPECT_EQ(report.counters.at("ptx__async_copy_shared_wavefronts"), 2u);
  report = device.run(store_text(copy) + kCommit, copy, 0);
  EXPECT_EQ(report.counters.at("ptx__async_copy_sectors"), 6u);
  EXPECT_EQ(report.counters.at("ptx__dram_sectors_written_distinct"), 6u);
  EXPECT_EQ(report.counters.at("ptx__dram_sectors_read_distinct"), 0u);
}

TEST(TensorCopy, ArrivesWhenTheBarrierIsAsked) {
  Device device;
  const Copy copy = small(device);
  std::memset(device.host(copy.map.address), 0x11, 256);
  // Without the wait, the old bytes; the copy itself counts 256 bytes, so 255 never complete.
  const std::string early =
      kArrive + load_text(copy) + "ld.shared.u32 v, [s]; st.global.u32 [io], v; wait:\n";
  device.run(early, copy, 256);
  EXPECT_EQ(device.shown()[0], 0xcd);
  device.run(kArrive + load_text(copy) + kShow, copy, 256);
  EXPECT_EQ(device.shown()[255], 0x11);
  EXPECT_EQ(device.shown()[256], 0xcd);
}

/// A check of uninitialised reads looks at programs without bulk copies; what those wrote is
/// written.
TEST(TensorCopy, WhatIsStoredCountsAsWritten) {
  const char* const kSum = R"(.version 9.0
.target sm_90a
.address_size 64
.visible .entry sum(.param .u64 p)
{
.reg .b64 q; .reg .b32 a, b; ld.param.u64 q, [p]; ld.global.u32 a, [q]; add.u32 b, a, 1; st.global.u32 [q], b; ret;
})";
  Device device(Checks{.init = true});
  const Copy copy = small(device);
  const uint64_t other = device.tensor(256);
  device.memory().set_written(copy.map.address, 256, false);
  device.memory().set_written(other, 256, false);
  device.run(store_text(copy) + kCommit, copy, 0);
  EXPECT_NO_THROW(device.run_alone(kSum, "sum", copy.map.address + 252));
  EXPECT_THROW(device.run_alone(kSum, "sum", other), Trap);
}

}  // namespace
}  // namespace ptxvm::test
