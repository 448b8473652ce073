#include "reference/ptxvm/tensor_map.h"

#include <algorithm>

namespace ptxvm {
namespace {

struct TypeRow {
  uint32_t bytes;  // of an element, 0: less than one
  TensorUnit unit;
  bool is_float, is_padded;
};
constexpr TypeRow kTypes[] = {
    {1, {1, 1, 1}, false, false},  {2, {1, 2, 2}, false, false}, {4, {1, 4, 4}, false, false},
    {4, {1, 4, 4}, false, false},  {8, {1, 8, 8}, false, false}, {8, {1, 8, 8}, false, false},
    {2, {1, 2, 2}, true, false},   {4, {1, 4, 4}, true, false},  {4, {1, 4, 4}, true, false},
    {8, {1, 8, 8}, true, false},   {2, {1, 2, 2}, true, false},  {4, {1, 4, 4}, true, false},
    {4, {1, 4, 4}, true, false},   {0, {2, 1, 1}, false, false}, {0, {16, 8, 16}, false, true},
    {0, {16, 12, 16}, false, true}};
constexpr uint32_t kTypeCount = std::size(kTypes);

const TypeRow& row_of(TensorType type) { return kTypes[size_t(type)]; }

/// Corners are 16 bits wide with one spatial dimension, 8 with two, 5 with three.
constexpr int kCornerBits[] = {0, 16, 8, 5};

std::string fields_error(const TensorMap& map) {
  if (map.last_dimension >= kTensorRank) return "the rank is more than 5";
  if (size_t(map.type) >= kTypeCount) return "there is no such element type";
  if (map.interleave > TensorInterleave::bytes32) return "there is no such interleave layout";
  if (map.swizzle > TensorSwizzle::bytes128) return "there is no such swizzle mode";
  if (map.atom > SwizzleAtom::bytes64) return "there is no such swizzle atomicity";
  if (map.fill > TensorFill::nan) return "there is no such fill mode";
  if (map.mode > TensorMode::im2col) return "there is no such access mode";
  const bool untouched =
      std::all_of(std::begin(map.unused), std::end(map.unused), [](uint8_t b) { return b == 0; });
  return untouched ? "" : "these bytes are no tensor map";
}

std::string layout_error(const TensorMap& map) {
  const bool interleaved = map.interleave != TensorInterleave::none;
  const TypeRow& type = row_of(map.type);
  if (interleaved && map.rank() < 3) return "an interleaved tensor has 3 dimensions at least";
  if (map.interleave == TensorInterleave::bytes32 && map.swizzle != TensorSwizzle::bytes32)
    return "the 32-byte interleave needs the 32-byte swizzle";
  if (map.atom != SwizzleAtom::bytes16 && map.swizzle != TensorSwizzle::bytes128)
    return "a swizzle atomicity of more than 16 bytes needs the 128-byte swizzle";
  if (map.fill == TensorFill::nan && !type.is_float)
    return "only floating-point tensors are filled with NaN";
  if (!type.is_padded) return {};
  if (interleaved) return "a padded type cannot be interleaved";
  if (map.swizzle != TensorSwizzle::none && map.swizzle != TensorSwizzle::bytes128)
    return "a padded type takes no swizzle but the 128-byte one";
  return map.atom == SwizzleAtom::bytes32_flip8 ? "a padded type takes no 8-byte flip" : "";
}

std::string tensor_error(const TensorMap& map) {
  const TypeRow& type = row_of(map.type);
  const uint32_t grain = map.interleave == TensorInterleave::bytes32 || type.is_padded ? 32 : 16;
  const std::string multiple = " is not a multiple of " + std::to_string(grain);
  if (map.address % grain) return "the global address" + multiple;
  for (uint32_t i = 0; i + 1 < map.rank(); ++i) {
    const std::string stride = "global stride " + std::to_string(i);
    if (map.strides[i] % grain) return stride + multiple;
    if (map.strides[i] >> 40) return stride + " is 2^40 bytes or more";
  }
  if (type.is_padded && map.size(0) % 128) return "dimension 0 is not a multiple of 128 values";
  if (map.type == TensorType::b4x16 && map.size(0) % 2) return "dimension 0 is odd";
  for (uint32_t i = map.interleave == TensorInterleave::none; i < map.rank(); ++i)
    if (map.steps[i] < 1 || map.steps[i] > 8)
      return "element stride " + std::to_string(i) + " is not 1 to 8";
  return {};
}

/// Of one row of the box; interleaved rows are made of slices, whole as they are.
std::string row_error(const TensorMap& map, uint32_t elements) {
  if (map.interleave != TensorInterleave::none) return {};
  const TensorUnit unit = tensor_unit(map);
  if (row_of(map.type).is_padded && elements != 128)
    return "a box of a padded type is 128 values wide";
  if (elements % unit.elements || elements / unit.elements * unit.global_bytes % 16)
    return "the box's inner dimension is not a multiple of 16 bytes";
  const uint32_t span = swizzle_span(map.swizzle);
  if (span && elements / unit.elements * unit.shared_bytes > span)
    return "the box's inner dimension is wider than the swizzle's " + std::to_string(span) +
           " bytes";
  return {};
}

std::string tiled_error(const TensorMap& map) {
  for (uint32_t i = 0; i < map.rank(); ++i)
    if (map.box[i] < 1 || map.box[i] > 256)
      return "box dimension " + std::to_string(i) + " is not 1 to 256";
  return row_error(map, map.box[0]);
}

std::string im2col_error(const TensorMap& map) {
  if (map.rank() < 3) return "im2col needs 3 dimensions at least";
  if (map.channels < 1 || map.channels > 256) return "channels per pixel are not 1 to 256";
  if (map.pixels < 1 || map.pixels > 1024) return "pixels per column are not 1 to 1024";
  const uint32_t spatial = map.rank() - 2, first = map.interleave == TensorInterleave::none;
  const int limit = 1 << (kCornerBits[spatial] - 1);
  for (uint32_t i = 0; i < spatial; ++i) {
    for (const int corner : {map.lower[i], map.upper[i]})
      if (corner < -limit || corner >= limit)
        return "a corner of the pixel box is not " + std::to_string(-limit) + " to " +
               std::to_string(limit - 1);
    if (map.lower[i] >= int64_t(map.size(i + first)) + map.upper[i])
      return "the pixel box is empty";
  }
  return row_error(map, map.channels);
}

}  // namespace

TensorUnit tensor_unit(const TensorMap& map) {
  if (map.interleave == TensorInterleave::none) return row_of(map.type).unit;
  const uint32_t slice = map.interleave == TensorInterleave::bytes16 ? 16 : 32;
  return {1, slice, slice};
}
uint32_t tensor_element_bytes(TensorType type) { return row_of(type).bytes; }
bool is_float(TensorType type) { return row_of(type).is_float; }
uint32_t swizzle_span(TensorSwizzle swizzle) {
  return swizzle == TensorSwizzle::none ? 0 : 16u << uint32_t(swizzle);
}

std::string tensor_map_error(const TensorMap& map) {
  for (const auto rule : {fields_error, layout_error, tensor_error}) {
    std::string error = rule(map);
    if (!error.empty()) return error;
  }
  return map.mode == TensorMode::tiled ? tiled_error(map) : im2col_error(map);
}

}  // namespace ptxvm
