// Tensor copies (cp.async.bulk.tensor, cp.reduce.async.bulk.tensor and their prefetch; PTX ISA 9.0,
// section 9.7.9.27) of one lane: the map is read, checked and walked through, and the bytes begin
// their way as those of other bulk copies do (bulk_copy.h).
#pragma once

#include <string_view>

#include "reference/ptxvm/tensor_map.h"
#include "reference/ptxvm/warp.h"

namespace ptxvm {

struct TensorRequest {
  uint64_t map = 0;          // generic address
  uint64_t shared = 0;       // address
  uint64_t barrier = 0;      // address; unused where the tensor is written
  uint32_t blocks = 0;       // multicast: ranks, by bit; 0: no multicast
  uint32_t dimensions = 0;   // of the instruction
  TensorMode mode{};         // of the instruction
  std::string_view combine;  // "add" ...; empty: a plain copy
  int32_t coordinates[kTensorRank] = {};
  uint16_t offsets[3] = {};  // im2col
};

void tensor_to_shared(Warp&, const Op*, int lane, const TensorRequest&);
void tensor_to_global(Warp&, const Op*, int lane, const TensorRequest&);
/// Checks the map and the tensor only.
void tensor_prefetch(Warp&, const Op*, int lane, const TensorRequest&);

/// tensormap.replace gives a field a value that none may have.
[[noreturn]] void refuse_tensor_field(Warp&, const Op*, int lane, const char* field,
                                      uint64_t value);
/// The map in global or shared memory at a generic address, to be changed. Traps if there is none.
std::byte* writable_tensor_map(Warp&, const Op*, int lane, uint64_t address);

}  // namespace ptxvm
