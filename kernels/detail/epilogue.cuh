// The epilogue as kernels fuse it: applied to the float sum, once per output, just before the
// store. Which one it is decides a branch that all threads take alike, at the end of their work: a
// template argument would only multiply the kernels.
#pragma once

#include <cuda_runtime.h>

#include "kernels/strategy.h"

namespace tconv::detail {

struct OutputEpilogue {
  Epilogue kind;
  const float* bias;  ///< [out_channels]

  /// `channel` counts over all groups.
  __device__ __forceinline__ float operator()(float sum, int channel) const {
    if (kind == Epilogue::none) return sum;
    const float y = sum + bias[channel];
    switch (kind) {
      case Epilogue::bias_relu:
        return y < 0 ? 0.0F : y;  // NaN stays NaN
      case Epilogue::bias_leaky_relu:
        return y < 0 ? kLeakySlope * y : y;
      case Epilogue::bias_tanh:
        return tanhf(y);
      default:
        return y;
    }
  }
};

/// The sums of `count` neighbouring channels from `first` on.
template <int kChannels>
__device__ __forceinline__ void apply(const OutputEpilogue& epilogue, float (&sum)[kChannels],
                                      int first, int count = kChannels) {
  if (epilogue.kind == Epilogue::none) return;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) {
    if (c < count) sum[c] = epilogue(sum[c], first + c);
  }
}

inline OutputEpilogue epilogue_of(const Call& call) { return {call.config.epilogue, call.bias}; }

}  // namespace tconv::detail
