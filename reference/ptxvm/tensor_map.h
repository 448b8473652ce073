// The 128 bytes of a tensor map (CUtensorMap), which the CUDA documentation leaves open: this is
// the machine's own layout, written by reference/cudart/tensor_map.cpp and by tensormap.replace,
// read by tensor copies. PTX ISA 9.0, sections 5.5 (tensors) and 9.7.9.28 (tensormap.replace).
//
// All zero bits are a map of rank 1 that lacks a box, so that a program may start from zeros and
// replace every field.
#pragma once

#include <cstdint>
#include <string>

namespace ptxvm {

// Numbered as tensormap.replace numbers them (table "Tensormap new_val validity").
enum class TensorType : uint8_t {
  u8,
  u16,
  u32,
  s32,
  u64,
  s64,
  f16,
  f32,
  f32_ftz,
  f64,
  bf16,
  tf32,
  tf32_ftz,
  b4x16,      // 16 values of 4 bits in 8 bytes
  b4x16_p64,  // the same, followed by 8 bytes of padding in shared memory
  b6x16_p32,  // 16 values of 6 bits in 12 bytes, 4 bytes of padding; stored from one byte each
};
enum class TensorInterleave : uint8_t { none, bytes16, bytes32 };
enum class TensorSwizzle : uint8_t { none, bytes32, bytes64, bytes128 };
enum class SwizzleAtom : uint8_t { bytes16, bytes32, bytes32_flip8, bytes64 };
enum class TensorFill : uint8_t { zero, nan };
enum class TensorMode : uint8_t { tiled, im2col };

inline constexpr uint32_t kTensorRank = 5;
inline constexpr uint32_t kTensorMapBytes = 128, kTensorMapAlignment = 64;

/// Dimension 0 is the innermost one. A coordinate of dimension 0 is an element; of an interleaved
/// tensor it is a slice of 16 or 32 bytes, and the channels that a slice does not hold are the last
/// dimension but one.
struct alignas(kTensorMapAlignment) TensorMap {
  uint64_t address = 0;
  uint64_t strides[kTensorRank - 1] = {};  // bytes, of dimensions 1 and up
  uint32_t sizes[kTensorRank] = {};        // coordinates; 0 stands for 2^32
  uint16_t box[kTensorRank] = {};          // tiled: coordinates that the box spans
  uint16_t steps[kTensorRank] = {};        // traversal strides
  int16_t lower[3] = {}, upper[3] = {};    // im2col: the box's corners along W, H, D
  uint16_t channels = 0, pixels = 0;       // im2col: of a pixel, of a column
  uint8_t last_dimension = 0;              // rank less one
  TensorType type{};
  TensorInterleave interleave{};
  TensorSwizzle swizzle{};
  SwizzleAtom atom{};
  TensorFill fill{};
  TensorMode mode{};
  uint8_t promotion = 0;  // of L2 fetches: no effect
  uint8_t unused[24] = {};

  uint32_t rank() const { return last_dimension + 1u; }
  uint64_t size(uint32_t dimension) const {
    return sizes[dimension] ? sizes[dimension] : uint64_t{1} << 32;
  }
};
static_assert(sizeof(TensorMap) == kTensorMapBytes);

/// The smallest piece that a copy moves along dimension 0.
struct TensorUnit {
  uint32_t elements;  // coordinates
  uint32_t global_bytes, shared_bytes;
};
TensorUnit tensor_unit(const TensorMap&);
/// Bytes of an element; 0 for types of less than a byte.
uint32_t tensor_element_bytes(TensorType);
bool is_float(TensorType);
/// Bytes that a swizzled row is laid out in; 0: no swizzle.
uint32_t swizzle_span(TensorSwizzle);

/// The first rule that the map breaks, in words; empty if it is one that copies can use. The rules
/// are those of cuTensorMapEncodeTiled and cuTensorMapEncodeIm2col (cuda.h of CUDA 13.0).
std::string tensor_map_error(const TensorMap&);

}  // namespace ptxvm
