// What a tensor copy leaves where the tensor has no element, if its map asks for NaN, and what
// fma.oob takes for zero.
#pragma once

#include <cstdint>

namespace ptxvm {

/// The ISA leaves the pattern of OOB-NaN open; this one, for types of 2 to 8 bytes, is what two
/// public models report that were compared with GPUs of compute capability 10 and 12 (NumSim,
/// hbfsim). Which of fma's operands count is open too: here any.
inline constexpr uint16_t kOobNan = 0x7ff7;

}  // namespace ptxvm
