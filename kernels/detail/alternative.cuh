// What the alternatives' host sides share. On the device they are direct kernels like others:
// a transposed convolution is compared with them, so that they read and write as its kernels do.
#pragma once

#include <string>

#include "kernels/detail/direct.cuh"
#include "kernels/detail/triple.cuh"
#include "reference/alternatives.h"

namespace tconv::detail {

/// Low-end "same" padding along each axis.
inline Triple same_padding(Op op, const Problem& p) {
  const auto along = [&](size_t axis) {
    return static_cast<int>(tconv::same_padding(op, p.axes[axis]));
  };
  return {along(0), along(1), along(2)};
}

/// Of the convolution: a thread for each position of y and tile of output channels.
inline DirectGrid convolution_grid(const Problem& p, Layout layout) {
  return direct_grid(layout, p.batch, p.out_channels, channel_tile(p.oc_per_group()),
                     p.out_spatial());
}

/// Of the launch that resizes x or shuffles y: `channels` in all, at the positions of y.
inline DirectGrid pixel_grid(const Problem& p, Layout layout, int64_t channels) {
  return direct_grid(layout, p.batch, channels, channel_tile(channels), p.out_spatial(),
                     kOnePosition);
}

/// Empty, or why the convolution alone cannot.
inline std::string refuse_fused(const Problem& p, const Config& c) {
  std::string reason = refuse(p, c, kFma);
  return reason.empty() ? refuse_grid(convolution_grid(p, c.layout)) : reason;
}

/// Empty, or why the convolution beside a launch with pixel_grid() cannot.
inline std::string refuse_pair(const Problem& p, const Config& c, int64_t channels) {
  std::string reason = refuse_fused(p, c);
  return reason.empty() ? refuse_grid(pixel_grid(p, c.layout, channels)) : reason;
}

}  // namespace tconv::detail
