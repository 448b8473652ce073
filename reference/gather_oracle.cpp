// The definition read from the output's side: y[o] is the sum over taps t for which (o + crop_lo -
// t*dilation) / stride is a whole number that is an input's index.
#include "reference/conv_transpose.h"
#include "reference/gather_sum.h"

namespace tconv {
namespace {

std::vector<Source> sources_of(const Axis& axis, int64_t o) {
  std::vector<Source> found;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) {
    const int64_t numerator = o + axis.crop_lo - tap * axis.dilation;
    if (numerator % axis.stride != 0) continue;
    const int64_t input = numerator / axis.stride;
    if (numerator >= 0 && input < axis.in) found.push_back({input, tap});
  }
  return found;
}

AxisSources sources_of(const Axis& axis) {
  AxisSources all;
  for (int64_t o = 0; o < axis.out; ++o) all.push_back(sources_of(axis, o));
  return all;
}

}  // namespace

OracleResult gather_oracle(const Problem& p, std::span<const float> x, std::span<const float> w) {
  return sum_sources(p, x, w,
                     {sources_of(p.axes[0]), sources_of(p.axes[1]), sources_of(p.axes[2])});
}

}  // namespace tconv
