// Tensor copies against a model written from the ISA's text and tables: element by element, with
// the swizzle as a table and im2col pixels listed in order.
#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "reference/ptxvm/tensor_map.h"
#include "reference/ptxvm/vm.h"
#include "tests/ptxvm/tensor_model.h"

namespace ptxvm::test {
namespace {

constexpr uint32_t kShared = 32768;  // bytes that a kernel shows

/// Kernels for one form of each instruction. The map is a parameter; %c0 to %c4 are coordinates,
/// %o0 to %o2 offsets. Shared memory starts as bytes 0xcd, or as the first kShared bytes of `io`.
std::string kernel(const std::string& body) {
  std::string text =
      ".version 9.0\n.target sm_90a\n.address_size 64\n.visible .entry k(.param .align 128 .b8 "
      "map[128], .param .u64 pio, .param .u32 ptx, .param .u32 pgiven";
  for (int i = 0; i < 5; ++i) text += ", .param .u32 pc" + std::to_string(i);
  for (int i = 0; i < 3; ++i) text += ", .param .u32 po" + std::to_string(i);
  text +=
      ")\n{\n.shared .align 1024 .b8 s[32768]; .shared .align 8 .b8 b[8];\n"
      ".reg .b64 m, io, at, state, policy; .reg .b32 t, i, v, tx, rank, c<5>, k<3>; .reg .b16 "
      "o<3>, mask; .reg .pred first, more, done, given;\n"
      "mov.b64 m, map; cvta.param.u64 m, m; ld.param.u64 io, [pio]; ld.param.u32 tx, [ptx]; "
      "mov.u32 t, %tid.x; mov.u32 rank, %cluster_ctarank; mov.u64 policy, 0; mov.u16 mask, 3;\n";
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    text += "ld.param.u32 c" + n + ", [pc" + n + "]; ";
  }
  for (int i = 0; i < 3; ++i) {
    const std::string n = std::to_string(i);
    text += "ld.param.u32 k" + n + ", [po" + n + "]; cvt.u16.u32 o" + n + ", k" + n + "; ";
  }
  return text + R"(
ld.param.u32 v, [pgiven]; setp.ne.u32 given, v, 0; mov.u32 i, t;
fill:
mul.wide.u32 at, i, 4; add.u64 at, at, io; mov.u32 v, 0xcdcdcdcd; @given ld.global.u32 v, [at];
shl.b32 k0, i, 2; mov.u32 k1, s; add.u32 k0, k0, k1; st.shared.u32 [k0], v;
add.u32 i, i, 128; setp.lt.u32 more, i, 8192; @more bra fill;
setp.eq.u32 first, t, 0; @first mbarrier.init.shared.b64 [b], 1; fence.mbarrier_init.release.cluster;
fence.proxy.async; barrier.cluster.arrive; barrier.cluster.wait;
@!first bra wait;
)" + body +
         "\nret;\n}\n";
}
const char* const kArrive = "mbarrier.arrive.expect_tx.shared.b64 state, [b], tx;\n";
/// Each block shows its shared memory, block 1 behind block 0, or traps if its bytes do not come.
const char* const kShow = R"(
wait:
mov.u32 i, 0;
ask:
mbarrier.try_wait.parity.shared.b64 done, [b], 0; @done bra there;
add.u32 i, i, 1; setp.lt.u32 more, i, 1000; @more bra ask; trap;
there:
mov.u32 i, t; mul.wide.u32 at, rank, 32768; add.u64 io, io, at;
show:
shl.b32 k0, i, 2; mov.u32 k1, s; add.u32 k0, k0, k1; ld.shared.u32 v, [k0];
mul.wide.u32 at, i, 4; add.u64 at, at, io; st.global.u32 [at], v;
add.u32 i, i, 128; setp.lt.u32 more, i, 8192; @more bra show;
barrier.cluster.arrive; barrier.cluster.wait;
)";
const char* const kCommit = "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;\nwait:\n";

std::string numbered(const char* stem, uint32_t n) {
  std::string list = "{";
  for (uint32_t i = 0; i < n; ++i) list += (i ? ", " : "") + (stem + std::to_string(i));
  return list + "}";
}

struct Copy {
  TensorMap map;
  int32_t at[5] = {};
  uint32_t offsets[3] = {};
};

std::string rank_of(const Copy& copy) { return std::to_string(copy.map.rank()) + "d"; }

std::string load_text(const Copy& copy, bool multicast = false, bool policy = false) {
  const bool im2col = copy.map.mode == TensorMode::im2col;
  return "cp.async.bulk.tensor." + rank_of(copy) + ".shared::cluster.global" +
         (im2col ? ".im2col" : ".tile") + ".mbarrier::complete_tx::bytes" +
         (multicast ? ".multicast::cluster" : "") + (policy ? ".L2::cache_hint" : "") +
         " [s], [m, " + numbered("c", copy.map.rank()) + "], [b]" +
         (im2col ? ", " + numbered("o", copy.map.rank() - 2) : "") + (multicast ? ", mask" : "") +
         (policy ? ", policy" : "") + ";\n";
}
std::string store_text(const Copy& copy, const std::string& combine = "") {
  return std::string(combine.empty() ? "cp.async" : "cp.reduce.async") + ".bulk.tensor." +
         rank_of(copy) + ".global.shared::cta" + (combine.empty() ? "" : "." + combine) +
         (copy.map.mode == TensorMode::im2col ? ".im2col_no_offs" : ".tile") + ".bulk_group [m, " +
         numbered("c", copy.map.rank()) + "], [s];\n";
}

class Device {
 public:
  explicit Device(std::optional<Checks> checks = std::nullopt)
      : machine_({.memory_bytes = uint64_t{16} << 20, .sm = 90, .workers = 1, .checks = checks}) {
    io_ = machine_.memory().allocate(2 * kShared, "io");
  }
  uint64_t tensor(size_t bytes) { return machine_.memory().allocate(bytes, "tensor"); }
  std::byte* host(uint64_t address) { return machine_.memory().host(address); }
  std::vector<uint8_t> shown(uint32_t block = 0) {
    const auto* io = reinterpret_cast<const uint8_t*>(host(io_)) + block * kShared;
    return {io, io + kShared};
  }
  void give(const std::vector<uint8_t>& shared) {
    std::memcpy(host(io_), shared.data(), kShared);
    given_ = 1;
  }
  LaunchReport run(const std::string& body, const Copy& copy, uint32_t tx, uint32_t blocks = 1) {
    const std::string text = kernel(body);
    auto [module, added] = modules_.try_emplace(text);
    if (added) module->second = machine_.load(text, "test");
    Copy c = copy;
    std::vector<void*> args{&c.map, &io_, &tx, &given_};
    for (int32_t& at : c.at) args.push_back(&at);
    for (uint32_t& offset : c.offsets) args.push_back(&offset);
    Launch launch;
    launch.kernel = machine_.kernel(module->second, "k");
    launch.grid = launch.cluster = {blocks};
    launch.block = {128};
    launch.args = args;
    return machine_.run(launch);
  }
  /// An entry of another module that takes an address.
  void run_alone(const char* text, const char* name, uint64_t address) {
    Launch launch;
    launch.kernel = machine_.kernel(machine_.load(text, "other"), name);
    void* args[] = {&address};
    launch.args = args;
    machine_.run(launch);
  }
  Memory& memory() { return machine_.memory(); }
  void expect_trap(const std::string& body, const Copy& copy, TrapKind kind,
                   const std::string& part) {
    try {
      run(body, copy, 16);
      ADD_FAILURE() << "no trap: " << part;
    } catch (const Trap& trap) {
      EXPECT_EQ(trap.kind, kind) << trap.what();
      EXPECT_NE(std::string(trap.what()).find(part), std::string::npos) << trap.what();
    }
  }

 private:
  Machine machine_;
  uint64_t io_ = 0;
  uint32_t given_ = 0;
  std::map<std::string, Machine::ModuleId> modules_;
};

/// A tensor with padded rows in memory full of random bytes, and a map of it.
struct Random {
  explicit Random(uint32_t seed) : bits(seed) {}
  uint32_t below(uint32_t n) { return uint32_t(bits() % n); }
  bool chance(uint32_t one_in) { return below(one_in) == 0; }
  std::mt19937 bits;

  /// Sizes, strides and memory for a map whose type and interleave are chosen. Sizes are multiples
  /// of 128 where the type says so.
  void place(Device& device, TensorMap& map) {
    const uint32_t unit = model_unit_bits(map);
    const bool padded = map.type >= TensorType::b4x16_p64;
    map.sizes[0] = padded ? 128 * (1 + below(2)) : 2 * (4 + below(40));
    uint64_t stride = (uint64_t{map.sizes[0]} * unit + 255) / 256 * 32 + 32 * below(2);
    for (uint32_t i = 1; i < map.rank(); ++i) {
      map.sizes[i] = 1 + below(i == 1 ? 12 : 5);
      map.strides[i - 1] = stride;
      stride *= map.sizes[i];
    }
    bytes = stride;
    map.address = device.tensor(bytes);
    data.resize(bytes);
    for (uint8_t& b : data) b = uint8_t(bits());
    if (map.type == TensorType::tf32) {  // ordinary floats: NaN has a test of its own
      for (size_t i = 3; i < bytes; i += 4) data[i] &= 0x3f;
    }
    std::memcpy(device.host(map.address), data.data(), bytes);
  }
  uint64_t bytes = 0;
  std::vector<uint8_t> data;
};

constexpr TensorType kAllTypes[] = {
    TensorType::u8,    TensorType::u16,       TensorType::u32,      TensorType::s32,
    TensorType::u64,   TensorType::s64,       TensorType::f16,      TensorType::f32,
    TensorType::f64,   TensorType::f32_ftz,   TensorType::bf16,     TensorType::tf32,
    TensorType::b4x16, TensorType::b4x16_p64, TensorType::b6x16_p32};

void choose_layout(Random& random, TensorMap& map) {
  const bool padded = map.type >= TensorType::b4x16_p64;
  if (padded) {
    map.swizzle = random.chance(2) ? TensorSwizzle::none : TensorSwizzle::bytes128;
  } else {
    map.swizzle = TensorSwizzle(random.below(4));
    if (map.rank() >= 3 && random.chance(4)) map.interleave = TensorInterleave(1 + random.below(2));
    if (map.interleave == TensorInterleave::bytes32) map.swizzle = TensorSwizzle::bytes32;
  }
  if (map.swizzle == TensorSwizzle::bytes128 && random.chance(3)) {
    map.atom = SwizzleAtom(random.below(4));
    if (padded && map.atom == SwizzleAtom::bytes32_flip8) map.atom = SwizzleAtom::bytes32;
  }
  if (model_is_float(map.type) && random.chance(2)) map.fill = TensorFill::nan;
}

/// Of dimension 0: a multiple of 16 bytes that the swizzle's span holds.
uint32_t choose_row(Random& random, const TensorMap& map) {
  if (map.type >= TensorType::b4x16_p64) return 128;
  if (map.interleave != TensorInterleave::none) return 1 + random.below(6);
  const uint32_t most = map.swizzle == TensorSwizzle::none ? 16 : 1u << uint32_t(map.swizzle);
  const uint32_t chunks = 1 + random.below(most);
  return std::min(256u / (128 / model_unit_bits(map)), chunks) * (128 / model_unit_bits(map));
}

Copy random_tile(Random& random, Device& device, TensorType type) {
  Copy copy;
  TensorMap& map = copy.map;
  map.type = type;
  map.last_dimension = uint8_t(random.below(5));
  choose_layout(random, map);
  random.place(device, map);
  map.box[0] = uint16_t(choose_row(random, map));
  const bool sliced = map.interleave != TensorInterleave::none;
  map.steps[0] = sliced ? uint16_t(1 + random.below(3)) : 1;
  copy.at[0] = (int32_t(random.below(map.sizes[0] + 24)) - 12) / 2 * 2;
  if (type >= TensorType::b4x16_p64) copy.at[0] = 128 * (int32_t(random.below(4)) - 1);
  for (uint32_t i = 1; i < map.rank(); ++i) {
    map.steps[i] = uint16_t(random.chance(2) ? 1 : 1 + random.below(8));
    map.box[i] = uint16_t(1 + random.below(i == 1 ? 10 : 4));
    copy.at[i] = int32_t(random.below(map.sizes[i] + 6)) - 3;
  }
  return copy;
}

Copy random_column(Random& random, Device& device, TensorType type) {
  Copy copy;
  TensorMap& map = copy.map;
  map.type = type;
  map.mode = TensorMode::im2col;
  map.last_dimension = uint8_t(2 + random.below(3));
  choose_layout(random, map);
  random.place(device, map);
  map.channels = uint16_t(map.interleave == TensorInterleave::none ? choose_row(random, map) : 8);
  map.pixels = uint16_t(1 + random.below(60));
  const uint32_t first = model_first_spatial(map);
  for (uint32_t i = 0; i < map.rank(); ++i) {
    map.steps[i] = 1;
    copy.at[i] = int32_t(random.below(map.sizes[i]));
  }
  copy.at[0] = type >= TensorType::b4x16_p64 ? 0 : copy.at[0] / 2 * 2;
  for (uint32_t i = 0; i + 2 < map.rank(); ++i) {
    const auto size = int32_t(map.sizes[first + i]);
    map.lower[i] = int16_t(int32_t(random.below(5)) - 3);
    map.upper[i] = int16_t(int32_t(random.below(5)) - 3);
    if (map.lower[i] > size - 1 + map.upper[i]) map.upper[i] = int16_t(map.lower[i] + 1 - size);
    map.steps[first + i] = uint16_t(random.chance(2) ? 1 : 1 + random.below(3));
    const int32_t places = (size - 1 + map.upper[i] - map.lower[i]) / map.steps[first + i] + 1;
    copy.at[first + i] =
        map.lower[i] + map.steps[first + i] * int32_t(random.below(uint32_t(places)));
    copy.offsets[i] = random.below(4);
  }
  return copy;
}

std::string describe(const Copy& copy) {
  const TensorMap& m = copy.map;
  std::string text = "rank " + std::to_string(m.rank()) + " type " + std::to_string(int(m.type)) +
                     " swizzle " + std::to_string(int(m.swizzle)) + "/" +
                     std::to_string(int(m.atom)) + " interleave " +
                     std::to_string(int(m.interleave));
  for (uint32_t i = 0; i < m.rank(); ++i)
    text += " [" + std::to_string(m.sizes[i]) + " box " + std::to_string(m.box[i]) + " step " +
            std::to_string(m.steps[i]) + " at " + std::to_string(copy.at[i]) + "]";
  return text;
}

void expect_same(const std::vector<uint8_t>& got, const std::vector<uint8_t>& expected,
                 const Copy& copy) {
  const auto [g, e] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
  if (g == got.end()) return;
  ADD_FAILURE() << describe(copy) << ": byte " << g - got.begin() << " is " << int(*g) << ", not "
                << int(*e);
}

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

/// Stores take no negative coordinates and im2col boxes inside the tensor only.
void make_storable(Copy& copy) {
  for (int32_t& at : copy.at) at = std::max(at, 0);
  TensorMap& map = copy.map;
  if (map.atom == SwizzleAtom::bytes32_flip8) map.atom = SwizzleAtom::bytes32;
  for (uint32_t i = 0; map.mode == TensorMode::im2col && i < 3; ++i) {
    copy.offsets[i] = 0;
    map.lower[i] = std::max<int16_t>(map.lower[i], 0);
    map.upper[i] = std::min<int16_t>(map.upper[i], 0);
  }
  const uint32_t first = model_first_spatial(map);
  for (uint32_t i = 0; map.mode == TensorMode::im2col && i + 2 < map.rank(); ++i) {
    if (map.lower[i] > int32_t(map.sizes[first + i]) - 1 + map.upper[i])
      map.lower[i] = map.upper[i] = 0;
    copy.at[first + i] = map.lower[i];
  }
}

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

/// A map of 4 rows of 16 f32 (64 bytes), one box.
Copy small(Device& device, TensorType type = TensorType::f32) {
  Copy copy;
  copy.map.type = type;
  copy.map.last_dimension = 1;
  copy.map.sizes[0] = 16, copy.map.sizes[1] = 4;
  copy.map.strides[0] = 64;
  copy.map.box[0] = 16, copy.map.box[1] = 4;
  copy.map.steps[0] = copy.map.steps[1] = 1;
  copy.map.address = device.tensor(256);
  return copy;
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

template <class T>
void reduce_all(TensorType type, const std::string& combine,
                const std::vector<std::pair<T, T>>& pairs, const std::vector<T>& expected) {
  Device device;
  Copy copy;
  copy.map.type = type;
  const size_t n = 16 / sizeof(T) * ((pairs.size() * sizeof(T) + 15) / 16);
  copy.map.sizes[0] = copy.map.box[0] = uint16_t(n);
  copy.map.address = device.tensor(16 * n);
  std::vector<uint8_t> shared(kShared);
  for (size_t i = 0; i < pairs.size(); ++i) {
    std::memcpy(device.host(copy.map.address) + i * sizeof(T), &pairs[i].first, sizeof(T));
    std::memcpy(&shared[i * sizeof(T)], &pairs[i].second, sizeof(T));
  }
  device.give(shared);
  device.run(store_text(copy, combine) + kCommit, copy, 0);
  for (size_t i = 0; i < pairs.size(); ++i) {
    T got;
    std::memcpy(&got, device.host(copy.map.address) + i * sizeof(T), sizeof(T));
    EXPECT_EQ(got, expected[i]) << combine << " " << int(type) << " " << i;
  }
}

TEST(TensorCopy, ReducesIntegers) {
  using P32 = std::vector<std::pair<uint32_t, uint32_t>>;
  using P64 = std::vector<std::pair<uint64_t, uint64_t>>;
  const P32 words{{5, 7}, {0xfffffffe, 3}, {9, 0x80000000}, {0, 4}};
  reduce_all<uint32_t>(TensorType::u32, "add", words, {12, 1, 0x80000009, 4});
  reduce_all<uint32_t>(TensorType::s32, "min", words, {5, 0xfffffffe, 0x80000000, 0});
  reduce_all<uint32_t>(TensorType::u32, "max", words, {7, 0xfffffffe, 0x80000000, 4});
  reduce_all<uint32_t>(TensorType::u32, "inc", words, {6, 0, 10, 1});
  reduce_all<uint32_t>(TensorType::u32, "dec", words, {4, 3, 8, 4});
  reduce_all<uint32_t>(TensorType::u32, "and", words, {5, 2, 0, 0});
  reduce_all<uint32_t>(TensorType::s32, "or", words, {7, 0xffffffff, 0x80000009, 4});
  const P64 wide{{1, uint64_t{1} << 63}, {7, 3}};
  reduce_all<uint64_t>(TensorType::u64, "add", wide, {(uint64_t{1} << 63) + 1, 10});
  reduce_all<uint64_t>(TensorType::s64, "min", wide, {uint64_t{1} << 63, 3});
  reduce_all<uint64_t>(TensorType::u64, "max", wide, {uint64_t{1} << 63, 7});
  reduce_all<uint64_t>(TensorType::u64, "xor", wide, {(uint64_t{1} << 63) + 1, 4});
}

TEST(TensorCopy, ReducesFloats) {
  using Half = std::vector<std::pair<uint16_t, uint16_t>>;
  // 1 + 2, subnormals 1 + 2 ulp, -0 and 0, NaN and 1
  const Half half{{0x3c00, 0x4000}, {1, 2}, {0x8000, 0}, {0x7e00, 0x3c00}};
  reduce_all<uint16_t>(TensorType::f16, "add", half, {0x4200, 3, 0, 0x7fff});
  reduce_all<uint16_t>(TensorType::f16, "min", half, {0x3c00, 1, 0x8000, 0x3c00});
  reduce_all<uint16_t>(TensorType::f16, "max", half, {0x4000, 2, 0, 0x3c00});
  const Half brain{{0x3f80, 0x4000}, {0xbf80, 0xc000}, {0x7fc0, 0x7fc1}};
  reduce_all<uint16_t>(TensorType::bf16, "add", brain, {0x4040, 0xc040, 0x7fff});
  reduce_all<uint16_t>(TensorType::bf16, "min", brain, {0x3f80, 0xc000, 0x7fff});
  reduce_all<uint16_t>(TensorType::bf16, "max", brain, {0x4000, 0xbf80, 0x7fff});
  using Single = std::vector<std::pair<uint32_t, uint32_t>>;
  const Single single{{std::bit_cast<uint32_t>(1.5f), std::bit_cast<uint32_t>(2.0f)}, {1, 2}};
  reduce_all<uint32_t>(TensorType::f32, "add", single, {std::bit_cast<uint32_t>(3.5f), 3});
  reduce_all<uint32_t>(TensorType::f32_ftz, "add", single, {std::bit_cast<uint32_t>(3.5f), 0});
}

TEST(TensorCopy, ReducesTilesInPlace) {
  Random random(5);
  Device device;
  std::vector<uint8_t> shared(kShared);
  for (uint8_t& b : shared) b = uint8_t(random.bits());
  device.give(shared);
  for (int round = 0; round < 10; ++round) {
    Copy copy = random_tile(random, device, TensorType::u32);
    make_storable(copy);
    const ModelBox box = model_box(copy.map, copy.at, copy.offsets);
    std::vector<uint8_t> expected = random.data, stored = random.data;
    // A store of zeros shows which bytes are written, a store of the box what is added.
    model_store(copy.map, box, shared, stored);
    std::vector<uint8_t> zeros(expected.size()), mask = zeros;
    model_store(copy.map, box, std::vector<uint8_t>(kShared, 0xff), mask);
    for (size_t i = 0; i < expected.size(); i += 4) {
      uint32_t word, add, is_written;
      std::memcpy(&word, &expected[i], 4);
      std::memcpy(&add, &stored[i], 4);
      std::memcpy(&is_written, &mask[i], 4);
      if (!is_written) continue;
      word += add;
      std::memcpy(&expected[i], &word, 4);
    }
    device.run(store_text(copy, "add") + kCommit, copy, 0);
    const auto* tensor = reinterpret_cast<const uint8_t*>(device.host(copy.map.address));
    expect_same({tensor, tensor + random.bytes}, expected, copy);
  }
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

TEST(TensorCopy, Refusals) {
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

/// Every spelling that the ISA has and the other tests have not.
TEST(TensorCopy, Forms) {
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

TEST(TensorCopy, PrefetchChecksTheTensor) {
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
