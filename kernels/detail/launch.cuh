// What every strategy's host side shares: refusing what it does not do, and starting a
// one-dimensional grid.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include <cuda_runtime.h>

#include "kernels/detail/cuda_check.h"
#include "kernels/detail/epilogue.cuh"
#include "kernels/detail/index.cuh"
#include "kernels/strategy.h"

namespace tconv::detail {

/// Grids are flat: x goes to 2^31-1 blocks where y and z end at 65535, and a batch may be larger
/// than that.
inline constexpr int64_t kMaxBlocks = std::numeric_limits<int>::max();

/// Empty, or that a kernel of the FMA pipe computes f32 only.
inline std::string refuse_unless_f32(const Config& config) {
  if (config.dtype == DType::f32) return {};
  return "dtype " + std::string(to_string(config.dtype)) + ": computes f32 only";
}

/// Empty if this is a problem for an f32 nchw kernel with 32-bit positions, else why not.
inline std::string refuse_unless_f32_nchw(const Problem& problem, const Config& config) {
  if (std::string reason = refuse_unless_f32(config); !reason.empty()) return reason;
  if (config.layout != Layout::nchw) {
    return "layout " + std::string(to_string(config.layout)) + ": computes nchw only";
  }
  if (std::string reason = refuse_epilogue(config); !reason.empty()) return reason;
  return index_limit_reason(problem);
}

/// Empty, or that the grid would be too large.
inline std::string refuse_grid(int64_t blocks) {
  if (blocks <= kMaxBlocks) return {};
  return "needs " + std::to_string(blocks) + " thread blocks: a grid holds at most 2^31-1";
}

/// Enqueues `blocks` blocks; none at all is no launch, because a batch of 0 is a problem like any
/// other.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), int64_t blocks, int threads, cudaStream_t stream,
            Arguments... arguments) {
  if (blocks == 0) return;
  kernel<<<static_cast<unsigned>(blocks), static_cast<unsigned>(threads), 0, stream>>>(
      arguments...);
  TCONV_CUDA(cudaGetLastError());
}

/// Output channels that one thread of a direct kernel accumulates: the largest tile that leaves no
/// remainder, so that no multiply-add is wasted.
inline int channel_tile(int64_t channels) {
  for (int tile = 4; tile > 1; --tile) {
    if (channels % tile == 0) return tile;
  }
  return 1;
}

/// Calls body(std::integral_constant<int, channel_tile(channels)>{}).
template <class Body>
void with_channel_tile(int64_t channels, Body body) {
  switch (channel_tile(channels)) {
    case 4:
      return body(std::integral_constant<int, 4>{});
    case 3:
      return body(std::integral_constant<int, 3>{});
    case 2:
      return body(std::integral_constant<int, 2>{});
    default:
      return body(std::integral_constant<int, 1>{});
  }
}

}  // namespace tconv::detail
