// How tensor copies are spelled, and which are refused.
#include "tests/ptxvm/tensor_device.h"

namespace ptxvm::test {
namespace {

TEST(TensorForms, Refusals) {
  Device device;
  const Copy good = small(device);
  const std::string load = kArrive + load_text(good) + kShow;
  Copy bad = good;
  bad.map.sizes[1] = 5;
  bad.at[1] = 1;
  device.expect_trap(load, bad, TrapKind::out_of_bounds, "0 bytes after the end of allocation");
  bad = good;
  bad.map.box[0] = 0;
  device.expect_trap(load, bad, TrapKind::illegal_instruction, "box dimension 0 is not 1 to 256");
  bad = good;
  bad.map.unused[3] = 1;
  device.expect_trap(load, bad, TrapKind::illegal_instruction, "these bytes are no tensor map");
  bad = good;
  bad.map.last_dimension = 0;
  device.expect_trap(load, bad, TrapKind::illegal_instruction,
                     "an instruction for 2 dimensions and a tensor map of 1");
  bad = good;
  bad.at[1] = -1;
  device.expect_trap(store_text(good) + kCommit, bad, TrapKind::illegal_instruction,
                     "must not be negative");
  device.expect_trap(store_text(good, "min") + kCommit, good, TrapKind::illegal_instruction,
                     "there is no .min of this tensor's element type");
  bad = small(device, TensorType::b4x16);
  bad.map.sizes[0] = bad.map.box[0] = 128;
  bad.at[0] = 3;
  device.expect_trap(load, bad, TrapKind::illegal_instruction, "not a multiple of 2");
  std::string odd = load;
  odd.replace(odd.find("[s]"), 3, "[s+64]");
  device.expect_trap(odd, good, TrapKind::misaligned, "not a multiple of 128");
  odd = load;
  odd.replace(odd.find("[m,"), 3, "[m+8,");
  device.expect_trap(odd, good, TrapKind::misaligned, "not a multiple of 64");
  odd = load;
  odd.replace(odd.find("[s]"), 3, "[s+32768]");
  device.expect_trap(odd, good, TrapKind::out_of_bounds, "shared address");
  for (const char* coordinates : {"{c0}", "{c0, done}", "{c0, io}", "{c0, c1, c2}"}) {
    std::string other = load;
    other.replace(other.find("{c0, c1}"), 8, coordinates);
    EXPECT_THROW(device.run(other, good, 0), PtxError) << coordinates;
  }
  EXPECT_THROW(device.run("cp.async.bulk.tensor.2d.shared::cta.global.tile::gather4.mbarrier::"
                          "complete_tx::bytes [s], [m, {c0, c1, c2, c3, c4}], [b]; wait:\n",
                          good, 0),
               PtxError);
}

// Products of 32 and 64 bits that came out as 0 would write to nobody's memory, or read row 0.
TEST(TensorForms, NumbersThatDoNotFit) {
  Device device;
  Copy far = small(device);
  far.map.sizes[1] = 0;  // 2^32
  far.map.box[1] = 1;
  far.map.strides[0] = uint64_t{1} << 39;
  far.at[1] = 1 << 30;
  device.expect_trap(kArrive + load_text(far) + kShow, far, TrapKind::out_of_bounds,
                     "tensor copy: row of 64 bytes");
  Copy large = small(device, TensorType::u8);
  large.map.last_dimension = 3;
  for (uint32_t i = 0; i < 4; ++i) {
    large.map.sizes[i] = i ? 1 : 16;
    large.map.steps[i] = 1;
    large.map.box[i] = 256;
    if (i) large.map.strides[i - 1] = 16;
  }
  device.expect_trap(kArrive + load_text(large) + kShow, large, TrapKind::illegal_instruction,
                     "a box of 4294967296 bytes");
}

/// Every spelling that the ISA has and the other tests have not.
TEST(TensorForms, Forms) {
  Device device;
  const Copy tile = small(device);
  Copy column = tile;
  column.map.mode = TensorMode::im2col;
  column.map.last_dimension = 2;
  column.map.sizes[2] = column.map.steps[2] = 1;
  column.map.strides[1] = 256;
  column.map.channels = 16, column.map.pixels = 4;
  std::memset(device.host(tile.map.address), 0x22, 256);
  const auto loads = [&](const char* text, const Copy& copy) {
    device.run(std::string(kArrive) + text + kShow, copy, 256);
    const std::vector<uint8_t> shown = device.shown();
    EXPECT_EQ(std::count(shown.begin(), shown.end(), 0x22), 256) << text;
  };
  loads(
      "cp.async.bulk.tensor.2d.shared::cta.global.tile.mbarrier::complete_tx::bytes [s], [m, {c0, "
      "c1}], [b];",
      tile);
  loads(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [s], [m, {0, "
      "0}], [b];",
      tile);
  loads(
      "cp.async.bulk.tensor.3d.shared::cta.global.im2col.mbarrier::complete_tx::bytes.L2::cache_"
      "hint [s], [m, {c0, c1, c2}], [b], {0}, policy;",
      column);
  loads(
      "mov.u16 mask, 1; "
      "cp.async.bulk.tensor.3d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes."
      "multicast::cluster.L2::cache_hint [s], [m, {c0, c1, c2}], [b], {o0}, mask, policy;",
      column);
  loads(
      "mov.u16 mask, 1; "
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::"
      "cluster.L2::cache_hint [s], [m, {c0, c1}], [b], mask, policy;",
      tile);
  device.give(std::vector<uint8_t>(kShared, 0));
  const auto stores = [&](const char* text, const Copy& copy) {
    std::memset(device.host(tile.map.address), 0x22, 256);
    device.run(std::string(text) + kCommit, copy, 0);
    for (int i = 0; i < 256; ++i)
      ASSERT_EQ(int(device.host(tile.map.address)[i]), 0) << text << " " << i;
  };
  stores(
      "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group.L2::cache_hint [m, {c0, c1}], [s], "
      "policy;",
      tile);
  stores(
      "cp.async.bulk.tensor.3d.global.shared::cta.im2col_no_offs.bulk_group.L2::cache_hint [m, "
      "{c0, c1, c2}], [s], policy;",
      column);
  Copy words = tile;
  words.map.type = TensorType::u32;
  stores(
      "cp.reduce.async.bulk.tensor.2d.global.shared::cta.and.tile.bulk_group.L2::cache_hint [m, "
      "{c0, c1}], [s], policy;",
      words);
  const auto prefetches = [&](const char* text, const Copy& copy) {
    EXPECT_NO_THROW(device.run(std::string(text) + "wait:", copy, 0)) << text;
  };
  prefetches(
      "cp.async.bulk.prefetch.tensor.2d.L2.global.tile.L2::cache_hint [m, {c0, c1}], policy;",
      tile);
  prefetches(
      "cp.async.bulk.prefetch.tensor.3d.L2.global.im2col.L2::cache_hint [m, {c0, c1, c2}], {o0}, "
      "policy;",
      column);
  prefetches("prefetch.param.tensormap [map];", tile);
}

TEST(TensorForms, PrefetchChecksTheTensor) {
  Device device;
  Copy copy = small(device);
  const std::string prefetch =
      "cp.async.bulk.prefetch.tensor.2d.L2.global.tile [m, {c0, c1}]; prefetch.tensormap [m]; "
      "fence.proxy.tensormap::generic.acquire.gpu [m], 128;\nwait:\n";
  EXPECT_NO_THROW(device.run(prefetch, copy, 0));
  copy.map.sizes[1] = 8;
  copy.at[1] = 4;
  device.expect_trap(prefetch, copy, TrapKind::out_of_bounds, "after the end of allocation");
}

}  // namespace
}  // namespace ptxvm::test
