#include "reference/ptxvm/tensor_box.h"

#include <algorithm>
#include <array>

namespace ptxvm {
namespace {

using Position = std::array<int64_t, kTensorRank>;

/// Adds the spans of one row: `count` units from `position` on.
class Rows {
 public:
  Rows(const TensorMap& map, uint32_t count, TensorBox& box)
      : map_(map), unit_(tensor_unit(map)), count_(count), box_(box) {}

  void add(const Position& position) {
    if (inside(position)) add_spans(position);
    box_.bytes += count_ * unit_.shared_bytes;
    box_.transactions += count_ * unit_.global_bytes;
  }

 private:
  bool inside(const Position& position) const {
    for (uint32_t i = 1; i < map_.rank(); ++i)
      if (position[i] < 0 || position[i] >= int64_t(map_.size(i))) return false;
    return true;
  }

  void add_spans(const Position& position) {
    const uint64_t address = row_address(position);
    const int64_t step = map_.interleave == TensorInterleave::none ? 1 : map_.steps[0];
    const int64_t end = int64_t(map_.size(0) / unit_.elements);
    const int64_t start = position[0] / unit_.elements;
    const bool joins = step == 1 && unit_.global_bytes == unit_.shared_bytes;
    for (int64_t k = 0; k < count_; ++k) {
      const int64_t unit = start + k * step;
      if (unit < 0 || unit >= end) continue;
      const int64_t together = joins ? std::min(count_ - k, end - unit) : 1;
      box_.spans.push_back({address + uint64_t(unit) * unit_.global_bytes,
                            box_.bytes + uint32_t(k) * unit_.shared_bytes,
                            uint32_t(together) * unit_.global_bytes});
      k += together - 1;
    }
  }

  /// Sizes and strides may lead beyond 64 bits, and must not come round to somebody's memory.
  uint64_t row_address(const Position& position) const {
    constexpr uint64_t kNobodys = uint64_t{1} << 63;
    unsigned __int128 address = map_.address;
    for (uint32_t i = 1; i < map_.rank(); ++i)
      address += static_cast<unsigned __int128>(position[i]) * map_.strides[i - 1];
    return address < kNobodys ? static_cast<uint64_t>(address) : kNobodys;
  }

  const TensorMap& map_;
  const TensorUnit unit_;
  const int64_t count_;
  TensorBox& box_;
};

uint32_t traversed(const TensorMap& map, uint32_t dimension) {
  const bool steps = dimension || map.interleave != TensorInterleave::none;
  const uint32_t step = steps ? map.steps[dimension] : 1;
  return (map.box[dimension] + step - 1) / step;
}

uint32_t add_tile(const TensorMap& map, const Position& start, TensorBox& box) {
  const uint32_t units = traversed(map, 0) / tensor_unit(map).elements;
  Rows rows(map, units, box);
  std::array<uint32_t, kTensorRank> index{};
  for (;;) {
    Position position = start;
    for (uint32_t i = 1; i < map.rank(); ++i) position[i] += int64_t{index[i]} * map.steps[i];
    rows.add(position);
    uint32_t i = 1;
    for (; i < map.rank() && ++index[i] == traversed(map, i); ++i) index[i] = 0;
    if (i == map.rank()) return units;
  }
}

/// Pixels are counted within the box of filter positions; the offsets lead from there to the
/// tensor.
uint32_t add_column(const TensorMap& map, const Position& start, std::span<const uint16_t> offsets,
                    TensorBox& box) {
  const bool sliced = map.interleave != TensorInterleave::none;
  const uint32_t first = sliced ? 0 : 1, spatial = map.rank() - 2;
  const uint32_t units = sliced ? 1 : map.channels / tensor_unit(map).elements;
  Rows rows(map, units, box);
  Position filter = start;
  for (uint32_t pixel = 0; pixel < map.pixels; ++pixel) {
    Position position = filter;
    for (uint32_t i = 0; i < offsets.size(); ++i) position[first + i] += offsets[i];
    rows.add(position);
    uint32_t i = 0;
    for (; i < spatial; ++i) {
      int64_t& at = filter[first + i];
      at += map.steps[first + i];
      if (at < int64_t(map.size(first + i)) + map.upper[i]) break;
      at = map.lower[i];
    }
    if (i == spatial) filter[map.rank() - 1] += map.steps[map.rank() - 1];
  }
  return units;
}

uint32_t atom_bytes(SwizzleAtom atom) {
  return atom == SwizzleAtom::bytes16 ? 16 : atom == SwizzleAtom::bytes64 ? 64 : 32;
}

uint32_t swizzled(const TensorMap& map, uint32_t address) {
  const uint32_t line = address >> 7, atom = atom_bytes(map.atom);
  const uint32_t atoms = swizzle_span(map.swizzle) / atom;
  if (map.atom == SwizzleAtom::bytes32_flip8) address ^= (line & 1) * 8;
  return address ^ (line & (atoms - 1)) * atom;
}

void add_pieces(const TensorMap& map, uint32_t row_bytes, uint32_t shared, TensorBox& box) {
  const uint32_t span = swizzle_span(map.swizzle);
  if (!span) {
    box.pieces.push_back({0, box.bytes});
    return;
  }
  const uint32_t grain = map.atom == SwizzleAtom::bytes32_flip8 ? 8 : 16;
  const uint32_t pitch = std::max(row_bytes, span);
  for (uint32_t row = 0; row * row_bytes < box.bytes; ++row)
    for (uint32_t at = 0; at < row_bytes; at += grain)
      box.pieces.push_back({swizzled(map, shared + row * pitch + at) - shared, grain});
}

}  // namespace

uint64_t tensor_box_bytes(const TensorMap& map) {
  const TensorUnit unit = tensor_unit(map);
  if (map.mode == TensorMode::im2col) {
    const bool sliced = map.interleave != TensorInterleave::none;
    return uint64_t{map.pixels} * (sliced ? 1 : map.channels / unit.elements) * unit.shared_bytes;
  }
  uint64_t bytes = uint64_t{traversed(map, 0) / unit.elements} * unit.shared_bytes;
  for (uint32_t i = 1; i < map.rank(); ++i) bytes *= traversed(map, i);
  return bytes;
}

TensorBox::TensorBox(const TensorMap& map, std::span<const int32_t> coordinates,
                     std::span<const uint16_t> offsets, uint32_t shared) {
  Position start{};
  std::copy(coordinates.begin(), coordinates.end(), start.begin());
  const uint32_t units = map.mode == TensorMode::tiled ? add_tile(map, start, *this)
                                                       : add_column(map, start, offsets, *this);
  add_pieces(map, units * tensor_unit(map).shared_bytes, shared, *this);
}

}  // namespace ptxvm
