// cp.reduce.async.bulk.tensor: every combination of operation and element type.
#include <bit>

#include "tests/ptxvm/tensor_random.h"

namespace ptxvm::test {
namespace {

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

TEST(TensorReduce, Integers) {
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

TEST(TensorReduce, Floats) {
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

TEST(TensorReduce, TilesInPlace) {
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

}  // namespace
}  // namespace ptxvm::test
