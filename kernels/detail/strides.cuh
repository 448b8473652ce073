// Where elements lie in either layout.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

#include "kernels/detail/index.cuh"
#include "kernels/strategy.h"

namespace tconv::detail {

/// How the channels of x or y lie.
struct ChannelStrides {
  int64_t sample;
  int channel, pixel;
  int channels;  ///< of one group

  /// Elements before the first of a group.
  __host__ __device__ int64_t group(int64_t g) const { return g * channels * channel; }
};

/// `channels` and `spatial`: of one group and of one channel. Only for problems that
/// index_limit_reason() lets pass.
inline ChannelStrides channel_strides(Layout layout, int64_t groups, int64_t channels,
                                      int64_t spatial) {
  const bool last = layout == Layout::nhwc;
  return {groups * channels * spatial, static_cast<int>(last ? 1 : spatial),
          static_cast<int>(last ? groups * channels : 1), static_cast<int>(channels)};
}
inline ChannelStrides x_strides(const Problem& p, Layout layout) {
  return channel_strides(layout, p.groups, p.ic_per_group(), p.in_spatial());
}
inline ChannelStrides y_strides(const Problem& p, Layout layout) {
  return channel_strides(layout, p.groups, p.oc_per_group(), p.out_spatial());
}

/// Where the weight of input channel `ic` (over all groups), output channel and tap lies.
__host__ __device__ inline int64_t weight_at(const Shape& s, Layout layout, int64_t ic, int oc,
                                             int tap) {
  return layout == Layout::nhwc ? (ic * s.taps + tap) * s.oc + oc : (ic * s.oc + oc) * s.taps + tap;
}

/// Elements in 16 bytes.
inline int64_t vector_of(DType dtype) { return 16 / size_of(dtype); }

inline bool is_aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; }

/// True if channels are last in memory, and those of a group are whole vectors of 16 bytes.
inline bool has_vectors(const Config& c, int64_t channels) {
  return c.layout == Layout::nhwc && channels % vector_of(c.dtype) == 0;
}

/// Positions in one channel of x between what the first and the last tap of a phase read: taps j of
/// a phase lie `step` back each (AxisIndex). At most kIndexLimit + 1: beyond, no 32-bit table holds
/// it.
int64_t tap_reach_back(const Problem&);
/// Positions in one channel of y between what the first and the last tap of an input reach.
int64_t tap_reach_forward(const Problem&);
/// Positions in one channel of y between what the first and the last input reach through a tap.
int64_t input_reach(const Problem&);
/// Elements that `pixels` positions and all channels of a group span; like them, at most
/// kIndexLimit + 1.
int64_t reach_in(const ChannelStrides&, int64_t pixels);

}  // namespace tconv::detail
