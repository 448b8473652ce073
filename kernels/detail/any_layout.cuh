// Kernels that run in either layout: distances between elements instead of an order of dimensions,
// and threads numbered so that neighbours touch neighbours.
#pragma once

#include <string>

#include "kernels/detail/element.cuh"
#include "kernels/detail/launch.cuh"

namespace tconv::detail {

/// Distances, in elements, within one sample (of weights: within one input channel).
struct Strides {
  int64_t channel, position;
};

inline Strides strides_of(Layout layout, int64_t channels, int64_t positions) {
  return layout == Layout::nchw ? Strides{positions, 1} : Strides{1, channels};
}

/// What a thread computes: a position, and a tile of a group's channels.
struct Place {
  int position, tile, group;
  int64_t sample;
};

/// Positions fastest in nchw; tiles, then groups, fastest in nhwc.
__device__ __forceinline__ Place place_of(int64_t thread, int positions, int tiles, int groups,
                                          bool channels_last) {
  Place p{};
  const auto take = [&](int& digit, int base) {
    digit = static_cast<int>(thread % base);
    thread /= base;
  };
  if (!channels_last) take(p.position, positions);
  take(p.tile, tiles);
  take(p.group, groups);
  if (channels_last) take(p.position, positions);
  p.sample = thread;
  return p;
}

inline constexpr int kAnyLayoutThreads = 256;

__device__ __forceinline__ int64_t global_thread() {
  return int64_t{blockIdx.x} * kAnyLayoutThreads + threadIdx.x;
}

inline int64_t any_layout_blocks(int64_t threads) {
  return divide_up(threads, int64_t{kAnyLayoutThreads});
}

/// Output channels per thread: 4 where that leaves no remainder, so that none is wasted.
inline int narrow_tile(int64_t channels) { return channels % 4 == 0 ? 4 : 1; }

/// Calls body(E{}, std::integral_constant<int, narrow_tile(oc/g)>{}).
template <class Body>
void with_element_and_tile(const Call& call, Body body) {
  with_element(call.config.dtype, [&](auto element) {
    if (narrow_tile(call.problem.oc_per_group()) == 4) {
      body(element, std::integral_constant<int, 4>{});
    } else {
      body(element, std::integral_constant<int, 1>{});
    }
  });
}

/// Empty, or why kernels of this kind, with one thread for each of the larger of x's and y's
/// elements at most, cannot.
inline std::string refuse_any_layout(const Problem& p, const Config& config) {
  if (config.dtype == DType::tf32) return "dtype tf32: computes f32, f16 and bf16";
  if (std::string reason = refuse_epilogue(config); !reason.empty()) return reason;
  if (std::string reason = index_limit_reason(p); !reason.empty()) return reason;
  const int64_t channels = std::max(p.in_channels, p.out_channels);
  return refuse_grid(any_layout_blocks(p.batch * channels * p.out_spatial()));
}

}  // namespace tconv::detail
