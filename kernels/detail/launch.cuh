// What every strategy's host side shares: choosing a kernel, and starting a one-dimensional grid.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include <cuda_runtime.h>

#include "kernels/detail/capability.h"
#include "kernels/detail/cuda_check.h"
#include "kernels/detail/element.cuh"
#include "kernels/detail/epilogue.cuh"
#include "kernels/detail/index.cuh"
#include "kernels/strategy.h"

namespace tconv::detail {

/// Grids are flat: x goes to 2^31-1 blocks where y and z end at 65535, and a batch may be larger
/// than that.
inline constexpr int64_t kMaxBlocks = std::numeric_limits<int>::max();

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

/// Calls body(E{}, std::integral_constant<Layout, ...>{}) with the types that tensors of this
/// configuration are stored as.
template <class Body>
void with_storage(const Config& config, Body body) {
  with_element(config.dtype, [&](auto element) {
    if (config.layout == Layout::nchw) {
      body(element, std::integral_constant<Layout, Layout::nchw>{});
    } else {
      body(element, std::integral_constant<Layout, Layout::nhwc>{});
    }
  });
}

}  // namespace tconv::detail
