// The sum that gather oracles share: every output adds up what reaches it, axis by axis.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "reference/conv_transpose.h"

namespace tconv {

/// Along one axis: an output receives weight * x[input] * w[tap].
struct Source {
  int64_t input, tap;
  double weight = 1;
};
/// Of every output of an axis.
using AxisSources = std::vector<std::vector<Source>>;

/// y[n][oc][o] = sum over input channels of its group and over sources (d, h, w) of o. One term per
/// such product.
OracleResult sum_sources(const Problem&, std::span<const float> x, std::span<const float> w,
                         const std::array<AxisSources, 3>&);

}  // namespace tconv
