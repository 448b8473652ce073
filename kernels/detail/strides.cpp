#include "kernels/detail/strides.cuh"

#include <algorithm>
#include <array>

namespace tconv::detail {
namespace {

/// a * b + c of sizes, or kIndexLimit + 1 if it is more: no product overflows, as both factors are
/// bounded.
int64_t bounded(int64_t a, int64_t b, int64_t c) {
  constexpr int64_t kBeyond = kIndexLimit + 1;
  if (a > kIndexLimit || b > kIndexLimit || c > kIndexLimit) return kBeyond;
  return std::min(a * b + c, kBeyond);
}

/// Of steps on each axis of a channel with extents h and w on the inner ones.
int64_t positions(const std::array<int64_t, 3>& steps, int64_t h, int64_t w) {
  return bounded(bounded(steps[0], h, steps[1]), w, steps[2]);
}

template <class Steps>
std::array<int64_t, 3> each_axis(const Problem& p, Steps steps) {
  return {steps(p.axes[0]), steps(p.axes[1]), steps(p.axes[2])};
}

}  // namespace

int64_t tap_reach_back(const Problem& p) {
  const auto steps =
      each_axis(p, [](const Axis& a) { return (a.kernel - 1) * a.dilation / a.stride; });
  return positions(steps, p.axes[1].in, p.axes[2].in);
}

int64_t tap_reach_forward(const Problem& p) {
  const auto steps = each_axis(p, [](const Axis& a) { return (a.kernel - 1) * a.dilation; });
  return positions(steps, p.axes[1].out, p.axes[2].out);
}

int64_t input_reach(const Problem& p) {
  const auto steps = each_axis(p, [](const Axis& a) { return (a.in - 1) * a.stride; });
  return positions(steps, p.axes[1].out, p.axes[2].out);
}

int64_t reach_in(const ChannelStrides& t, int64_t pixels) {
  return bounded(pixels, t.pixel, bounded(t.channels, t.channel, 0));
}

}  // namespace tconv::detail
