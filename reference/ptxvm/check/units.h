// For handlers that read shared memory by descriptors.
#pragma once

#include <cstdint>

namespace ptxvm {

struct Warp;
struct Op;

/// The warp reads `count` pieces of `bytes` of its block's shared memory, at most 32; which lane
/// reads which is not specified. Nothing happens without checks.
void check_units(Warp&, const Op*, const uint32_t* offsets, uint32_t count, uint32_t bytes);

}  // namespace ptxvm
