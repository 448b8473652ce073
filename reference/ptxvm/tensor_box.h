// Which bytes of a tensor and of shared memory one tensor copy is about: bounding boxes, im2col
// columns, traversal strides, interleave and swizzle. PTX ISA 9.0, sections 5.5.3 to 5.5.7.
//
// A box is rows of units along dimension 0. Its rows follow each other in shared memory, dimension
// 1 fastest (im2col: pixel by pixel, W fastest, then H, D and N); swizzled rows are laid out a
// swizzle's span apart if they are narrower. Swizzling is a matter of the shared address: the
// number of its 16-byte (32, 64) atom within 128 bytes is xored with the number of the 128 bytes.
#pragma once

#include <span>
#include <vector>

#include "reference/ptxvm/bulk_copy.h"
#include "reference/ptxvm/tensor_map.h"

namespace ptxvm {

/// Bytes of the tensor that a copy reads or writes.
struct TensorSpan {
  uint64_t address;
  uint32_t at;  // in the box's bytes
  uint32_t bytes;
};

/// TensorBox::bytes of a map without error, which may be more than fits there.
uint64_t tensor_box_bytes(const TensorMap&);

struct TensorBox {
  /// Of a map without error. `offsets`: im2col offsets along W, H, D; none: zeros. The box's
  /// first row is at `shared`, an offset in its block's shared memory.
  TensorBox(const TensorMap&, std::span<const int32_t> coordinates,
            std::span<const uint16_t> offsets, uint32_t shared);

  uint32_t bytes = 0;             // of all rows, one after the other
  uint32_t transactions = 0;      // the same without the padding of types: what an mbarrier counts
  std::vector<TensorSpan> spans;  // inside the tensor
  std::vector<BulkPiece> pieces;  // the box's bytes in shared memory, from `shared` on
};

}  // namespace ptxvm
