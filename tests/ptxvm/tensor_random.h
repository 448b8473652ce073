// Random tensors, maps of them and copies, within the rules.
#pragma once

#include <random>

#include "tests/ptxvm/tensor_device.h"
#include "tests/ptxvm/tensor_model.h"

namespace ptxvm::test {

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

inline constexpr TensorType kAllTypes[] = {
    TensorType::u8,    TensorType::u16,       TensorType::u32,      TensorType::s32,
    TensorType::u64,   TensorType::s64,       TensorType::f16,      TensorType::f32,
    TensorType::f64,   TensorType::f32_ftz,   TensorType::bf16,     TensorType::tf32,
    TensorType::b4x16, TensorType::b4x16_p64, TensorType::b6x16_p32};

inline void choose_layout(Random& random, TensorMap& map) {
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
inline uint32_t choose_row(Random& random, const TensorMap& map) {
  if (map.type >= TensorType::b4x16_p64) return 128;
  if (map.interleave != TensorInterleave::none) return 1 + random.below(6);
  const uint32_t most = map.swizzle == TensorSwizzle::none ? 16 : 1u << uint32_t(map.swizzle);
  const uint32_t chunks = 1 + random.below(most);
  return std::min(256u / (128 / model_unit_bits(map)), chunks) * (128 / model_unit_bits(map));
}

inline Copy random_tile(Random& random, Device& device, TensorType type) {
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

inline Copy random_column(Random& random, Device& device, TensorType type) {
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

/// Stores take no negative coordinates and im2col boxes inside the tensor only.
inline void make_storable(Copy& copy) {
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

}  // namespace ptxvm::test
