// The epilogue as kernels fuse it: applied to the float sum, once per output, just before the
// store. Which one it is decides a branch that all threads take alike, at the end of their work: a
// template argument would only multiply the kernels.
#pragma once

#include <string>

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

inline OutputEpilogue epilogue_of(const Call& call) { return {call.config.epilogue, call.bias}; }

/// Empty, or that a kernel leaves the epilogue to a launch of its own (<name>_unfused).
inline std::string refuse_epilogue(const Config& config) {
  if (config.epilogue == Epilogue::none) return {};
  return "epilogue " + std::string(to_string(config.epilogue)) + ": fuses none";
}

}  // namespace tconv::detail
