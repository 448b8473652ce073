// What a tensor copy moves, element by element, from the text of PTX ISA 9.0, section 5.5: each
// element of the box has coordinates, and from these its bits in the tensor and its byte in shared
// memory. Slow and plain; shares nothing with the machine but the fields of a map.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "reference/ptxvm/tensor_map.h"

namespace ptxvm::test {

/// Bits of a coordinate step along dimension 0: an element, or an interleaved slice.
inline uint32_t model_unit_bits(const TensorMap& map) {
  if (map.interleave == TensorInterleave::bytes16) return 128;
  if (map.interleave == TensorInterleave::bytes32) return 256;
  switch (map.type) {
    case TensorType::u8:
      return 8;
    case TensorType::u16:
    case TensorType::f16:
    case TensorType::bf16:
      return 16;
    case TensorType::u64:
    case TensorType::s64:
    case TensorType::f64:
      return 64;
    case TensorType::b4x16:
    case TensorType::b4x16_p64:
      return 4;
    case TensorType::b6x16_p32:
      return 6;
    default:
      return 32;
  }
}
inline bool model_is_float(TensorType type) {
  return type == TensorType::f16 || type == TensorType::bf16 || type == TensorType::f32 ||
         type == TensorType::f32_ftz || type == TensorType::f64 || type == TensorType::tf32;
}
inline uint32_t model_first_spatial(const TensorMap& map) {
  return map.interleave == TensorInterleave::none ? 1 : 0;
}

struct ModelElement {
  bool inside;
  uint64_t bit;     // in the tensor, from its address on
  uint32_t shared;  // byte, counted from the start of the box; b4: bit / 8
  uint32_t shift;   // b4: of its bits in that byte
};
struct ModelBox {
  std::vector<ModelElement> elements;
  uint32_t transactions = 0, extent = 0;
};

/// The tables of section 5.5.7 by lines of 128 bytes: which 16 bytes of a line's data come first,
/// second ...
inline uint32_t model_swizzle(const TensorMap& map, uint32_t byte) {
  static constexpr uint8_t k32[2][8] = {{0, 1, 2, 3, 4, 5, 6, 7}, {1, 0, 3, 2, 5, 4, 7, 6}};
  static constexpr uint8_t k64[4][8] = {{0, 1, 2, 3, 4, 5, 6, 7},
                                        {1, 0, 3, 2, 5, 4, 7, 6},
                                        {2, 3, 0, 1, 6, 7, 4, 5},
                                        {3, 2, 1, 0, 7, 6, 5, 4}};
  static constexpr uint8_t k128[8][8] = {{0, 1, 2, 3, 4, 5, 6, 7}, {1, 0, 3, 2, 5, 4, 7, 6},
                                         {2, 3, 0, 1, 6, 7, 4, 5}, {3, 2, 1, 0, 7, 6, 5, 4},
                                         {4, 5, 6, 7, 0, 1, 2, 3}, {5, 4, 7, 6, 1, 0, 3, 2},
                                         {6, 7, 4, 5, 2, 3, 0, 1}, {7, 6, 5, 4, 3, 2, 1, 0}};
  static constexpr uint8_t k128by32[4][8] = {{0, 1, 2, 3, 4, 5, 6, 7},
                                             {2, 3, 0, 1, 6, 7, 4, 5},
                                             {4, 5, 6, 7, 0, 1, 2, 3},
                                             {6, 7, 4, 5, 2, 3, 0, 1}};
  static constexpr uint8_t k128by64[2][8] = {{0, 1, 2, 3, 4, 5, 6, 7}, {4, 5, 6, 7, 0, 1, 2, 3}};
  const uint32_t line = byte / 128, chunk = byte % 128 / 16;
  const uint8_t* row = nullptr;
  if (map.swizzle == TensorSwizzle::none) return byte;
  if (map.swizzle == TensorSwizzle::bytes32) row = k32[line % 2];
  if (map.swizzle == TensorSwizzle::bytes64) row = k64[line % 4];
  if (map.swizzle == TensorSwizzle::bytes128)
    row = map.atom == SwizzleAtom::bytes16   ? k128[line % 8]
          : map.atom == SwizzleAtom::bytes64 ? k128by64[line % 2]
                                             : k128by32[line % 4];
  const auto place = uint32_t(std::find(row, row + 8, chunk) - row);
  uint32_t within = byte % 16;
  if (map.atom == SwizzleAtom::bytes32_flip8 && line % 2) within = (within + 8) % 16;
  return line * 128 + place * 16 + within;
}

/// Bytes in shared memory of `elements` coordinates along dimension 0.
inline uint32_t model_row_bytes(const TensorMap& map, uint32_t elements) {
  const bool padded = map.type >= TensorType::b4x16_p64;
  return padded ? elements : elements * model_unit_bits(map) / 8;  // 16 values in 16 bytes
}

/// Every element of row number `row`, whose first one has these coordinates.
inline void model_row(const TensorMap& map, uint32_t row, uint32_t elements,
                      std::vector<int64_t> at, ModelBox& box) {
  const uint32_t bits = model_unit_bits(map), row_bytes = model_row_bytes(map, elements);
  const uint32_t span = map.swizzle == TensorSwizzle::bytes128  ? 128
                        : map.swizzle == TensorSwizzle::bytes64 ? 64
                        : map.swizzle == TensorSwizzle::bytes32 ? 32
                                                                : 0;
  const uint32_t pitch = std::max(row_bytes, span);
  const uint32_t step = map.interleave == TensorInterleave::none ? 1 : map.steps[0];
  for (uint32_t i = 0; i < elements; ++i) {
    ModelElement element{true, 0, 0, 0};
    at[0] += i ? step : 0;
    for (uint32_t d = 0; d < map.rank(); ++d) {
      element.inside &= at[d] >= 0 && at[d] < int64_t(map.sizes[d]);
      element.bit += uint64_t(at[d]) * (d ? map.strides[d - 1] * 8 : bits);
    }
    uint32_t shared_bit = i * bits;
    if (map.type == TensorType::b4x16_p64) shared_bit = i / 16 * 128 + i % 16 * 4;
    if (map.type == TensorType::b6x16_p32) shared_bit = i / 16 * 128 + i % 16 * 6;
    // Units wider than 16 bytes, or across them, are followed byte by byte by the users.
    element.shared = row * pitch + shared_bit / 8;
    element.shift = shared_bit % 8;
    box.elements.push_back(element);
  }
  box.transactions += elements * bits / 8;
  box.extent = std::max(box.extent, (row * pitch + row_bytes + 127) / 128 * 128);
}

inline ModelBox model_tile(const TensorMap& map, const int32_t* at) {
  ModelBox box;
  uint32_t counts[5] = {1, 1, 1, 1, 1};
  for (uint32_t d = 0; d < map.rank(); ++d) {
    const bool strided = d || map.interleave != TensorInterleave::none;
    counts[d] = strided ? (map.box[d] + map.steps[d] - 1u) / map.steps[d] : map.box[d];
  }
  uint32_t row = 0, i[5] = {};
  for (i[4] = 0; i[4] < counts[4]; ++i[4])
    for (i[3] = 0; i[3] < counts[3]; ++i[3])
      for (i[2] = 0; i[2] < counts[2]; ++i[2])
        for (i[1] = 0; i[1] < counts[1]; ++i[1]) {
          std::vector<int64_t> place(at, at + 5);
          for (uint32_t d = 1; d < map.rank(); ++d) place[d] += int64_t{i[d]} * map.steps[d];
          model_row(map, row++, counts[0], place, box);
        }
  return box;
}

/// All pixels of the batch's boxes from image `n` on, in order, without offsets.
inline std::vector<std::vector<int64_t>> model_pixels(const TensorMap& map, const int32_t* at,
                                                      uint32_t enough) {
  const uint32_t first = model_first_spatial(map), spatial = map.rank() - 2;
  std::vector<int64_t> axis[3] = {{0}, {0}, {0}};
  for (uint32_t d = 0; d < spatial; ++d) {
    axis[d].clear();
    for (int64_t v = map.lower[d]; v <= int64_t(map.sizes[first + d]) - 1 + map.upper[d];
         v += map.steps[first + d])
      axis[d].push_back(v);
  }
  std::vector<std::vector<int64_t>> pixels;
  for (int64_t n = at[map.rank() - 1]; pixels.size() < enough; ++n)
    for (const int64_t z : axis[2])
      for (const int64_t y : axis[1])
        for (const int64_t x : axis[0]) {
          std::vector<int64_t> pixel(at, at + 5);
          const int64_t coordinates[3] = {x, y, z};
          for (uint32_t d = 0; d < spatial; ++d) pixel[first + d] = coordinates[d];
          pixel[map.rank() - 1] = n;
          pixels.push_back(pixel);
        }
  return pixels;
}

inline ModelBox model_column(const TensorMap& map, const int32_t* at, const uint32_t* offsets) {
  ModelBox box;
  const uint32_t first = model_first_spatial(map);
  const auto pixels = model_pixels(map, at, 8192);
  const std::vector<int64_t> start(at, at + 5);
  const auto begin = std::find(pixels.begin(), pixels.end(), start) - pixels.begin();
  for (uint32_t p = 0; p < map.pixels; ++p) {
    std::vector<int64_t> place = pixels.at(size_t(begin) + p);
    for (uint32_t d = 0; d + 2 < map.rank(); ++d) place[first + d] += offsets[d];
    model_row(map, p, map.interleave == TensorInterleave::none ? map.channels : 1, place, box);
  }
  return box;
}

inline ModelBox model_box(const TensorMap& map, const int32_t* at, const uint32_t* offsets) {
  return map.mode == TensorMode::tiled ? model_tile(map, at) : model_column(map, at, offsets);
}

inline uint32_t model_tf32(uint32_t bits) {  // ordinary values: nearest, ties to even
  const uint32_t rest = bits & 0x1fff, kept = bits - rest;
  return rest > 0x1000 || (rest == 0x1000 && (kept >> 13 & 1)) ? kept + 0x2000 : kept;
}

/// Bit by bit, so that values across bytes need no thought.
inline bool model_bit(const std::vector<uint8_t>& bytes, uint64_t bit) {
  return bytes.at(bit / 8) >> bit % 8 & 1;
}
inline void model_set_bit(std::vector<uint8_t>& bytes, uint64_t bit, bool value) {
  uint8_t& byte = bytes.at(bit / 8);
  byte = uint8_t(value ? byte | 1u << bit % 8 : byte & ~(1u << bit % 8));
}

inline void model_load(const TensorMap& map, const ModelBox& box,
                       const std::vector<uint8_t>& tensor, std::vector<uint8_t>& shared) {
  const uint32_t bits = model_unit_bits(map);
  for (const ModelElement& e : box.elements) {
    std::vector<uint8_t> value((bits + 7) / 8);
    for (uint32_t b = 0; b < bits; ++b) {
      const bool nan_bit = map.fill == TensorFill::nan && (0x7ff7 >> b % 16 & 1);
      model_set_bit(value, b, e.inside ? model_bit(tensor, e.bit + b) : nan_bit);
    }
    if (map.type == TensorType::tf32 && e.inside)
      for (size_t i = 0; i + 4 <= value.size(); i += 4) {
        uint32_t word;
        std::memcpy(&word, &value[i], 4);
        word = model_tf32(word);
        std::memcpy(&value[i], &word, 4);
      }
    for (uint32_t b = 0; b < bits; ++b) {
      const uint32_t bit = e.shift + b;
      const uint32_t byte = model_swizzle(map, e.shared + bit / 8);
      model_set_bit(shared, uint64_t{byte} * 8 + bit % 8, model_bit(value, b));
    }
  }
  if (map.type < TensorType::b4x16_p64) return;
  // Padding becomes zero (the ISA calls it empty space).
  const uint32_t used = map.type == TensorType::b4x16_p64 ? 8 : 12;
  for (size_t i = 0; i < box.elements.size(); i += 16)
    for (uint32_t b = used; b < 16; ++b) shared[model_swizzle(map, box.elements[i].shared + b)] = 0;
}

inline void model_store(const TensorMap& map, const ModelBox& box,
                        const std::vector<uint8_t>& shared, std::vector<uint8_t>& tensor) {
  const uint32_t bits = model_unit_bits(map);
  for (size_t i = 0; i < box.elements.size(); ++i) {
    const ModelElement& e = box.elements[i];
    if (!e.inside) continue;
    for (uint32_t b = 0; b < bits; ++b) {
      uint32_t bit = e.shift + b, from = e.shared + bit / 8;
      if (map.type == TensorType::b6x16_p32) {  // one value in each byte
        from = box.elements[i / 16 * 16].shared + uint32_t(i % 16);
        bit = b;
      }
      const uint32_t byte = model_swizzle(map, from);
      model_set_bit(tensor, e.bit + b, model_bit(shared, uint64_t{byte} * 8 + bit % 8));
    }
  }
}

}  // namespace ptxvm::test
