// Summing over a long depth in parts that run beside each other: where an output has too few tiles
// to fill a GPU. Each part writes its own sums, and a second launch adds them in order, so that the
// result is the same in every run.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/detail/element.cuh"
#include "kernels/detail/index.cuh"
#include "kernels/detail/launch.cuh"

namespace tconv::detail {

/// Depth is cut until there are this many blocks, two for each SM of an H100, ...
inline constexpr int64_t kBlocksGoal = 264;
/// ... but into no parts shorter than this: a part costs a pass over the output.
inline constexpr int64_t kShortestPart = 256;

struct Parts {
  int64_t depth;  ///< of a part: whole stages
  int64_t count;  ///< at least 1, which writes the zeros of no depth; none empty but that
};

inline Parts cut_depth(int64_t depth, int64_t tiles, int64_t stage) {
  const int64_t most = std::max<int64_t>(depth / kShortestPart, 1);
  const int64_t wanted = std::clamp<int64_t>(kBlocksGoal / tiles, 1, most);
  const int64_t stages = divide_up(divide_up(depth, wanted), stage);
  const int64_t part = std::max<int64_t>(stages, 1) * stage;
  return {part, std::max<int64_t>(divide_up(depth, part), 1)};
}

/// Weights that a sum's place stands for: sums are [row][tap][channel], weights [row][channel][tap]
/// unless channels are last. 1 tap: no difference.
struct WeightOrder {
  int channels, taps;
  __host__ __device__ int64_t place(int64_t sum) const {
    if (taps == 1) return sum;
    const int64_t row = sum / channels / taps;
    return (row * channels + sum % channels) * taps + sum / channels % taps;
  }
  __device__ float finish(float value, int64_t) const { return value; }
};

/// Outputs in the order of their sums; then the epilogue. `pixels`: elements between channels.
struct OutputOrder {
  OutputEpilogue epilogue;
  int64_t pixels, channels;
  __device__ int64_t place(int64_t sum) const { return sum; }
  __device__ float finish(float value, int64_t sum) const {
    return epilogue(value, static_cast<int>(sum / pixels % channels));
  }
};

// to[order.place(e)] = order.finish(sums[0][e] + sums[1][e] + ...), in this order. One thread per
// element.
template <class E, class Order>
__global__ void add_parts_kernel(const float* __restrict__ sums, E* __restrict__ to, int64_t size,
                                 int parts, const __grid_constant__ Order order) {
  const int64_t e = int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (e >= size) return;
  float sum = sums[e];
  for (int part = 1; part < parts; ++part) sum += sums[part * size + e];
  to[order.place(e)] = narrow<E>(order.finish(sum, e));
}

inline constexpr int kAddThreads = 256;

template <class E, class Order>
void add_parts(const float* sums, E* to, int64_t size, int64_t parts, const Order& order,
               cudaStream_t stream) {
  launch(add_parts_kernel<E, Order>, divide_up(size, int64_t{kAddThreads}), kAddThreads, stream,
         sums, to, size, static_cast<int>(parts), order);
}

}  // namespace tconv::detail
