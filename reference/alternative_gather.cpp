// The alternatives read from the output's side: which inputs, through which taps, with which
// weights.
#include "reference/alternatives.h"
#include "reference/gather_sum.h"

namespace tconv {
namespace {

/// Adds what resized pixel `r` is made of, through a tap.
void add_resized(Op op, const Axis& a, int64_t r, int64_t tap, std::vector<Source>& to) {
  if (op == Op::resize_nearest) {
    to.push_back({(2 * r + 1) * a.in / (2 * a.out), tap});
    return;
  }
  // The centre in units of 1/(2*out) input pixels, counted from the centre of input 0.
  const int64_t unit = 2 * a.out;
  const int64_t at = std::max<int64_t>(0, (2 * r + 1) * a.in - a.out);
  const int64_t low = at / unit, rest = at % unit;
  if (low + 1 >= a.in || rest == 0) {
    to.push_back({std::min(low, a.in - 1), tap});
    return;
  }
  to.push_back({low, tap, static_cast<double>(unit - rest) / static_cast<double>(unit)});
  to.push_back({low + 1, tap, static_cast<double>(rest) / static_cast<double>(unit)});
}

std::vector<Source> sources_of(Op op, const Axis& a, int64_t o) {
  std::vector<Source> found;
  const int64_t lo = same_padding(op, a);
  if (op == Op::pixel_shuffle) {
    for (int64_t j = 0; j < a.kernel / a.stride; ++j) {
      const int64_t input = o / a.stride + j - lo;
      if (input >= 0 && input < a.in) found.push_back({input, j * a.stride + o % a.stride});
    }
    return found;
  }
  for (int64_t tap = 0; tap < a.kernel; ++tap) {
    const int64_t r = o + tap * a.dilation - lo;
    if (r >= 0 && r < a.out) add_resized(op, a, r, tap, found);
  }
  return found;
}

AxisSources sources_of(Op op, const Axis& a) {
  AxisSources all;
  for (int64_t o = 0; o < a.out; ++o) all.push_back(sources_of(op, a, o));
  return all;
}

}  // namespace

OracleResult alternative_gather_oracle(Op op, const Problem& p, std::span<const float> x,
                                       std::span<const float> w) {
  if (const std::string reason = inapplicable(op, p); !reason.empty()) throw ProblemError(reason);
  OracleResult y = sum_sources(
      p, x, w, {sources_of(op, p.axes[0]), sources_of(op, p.axes[1]), sources_of(op, p.axes[2])});
  if (op == Op::resize_bilinear) {
    for (int64_t& terms : y.terms) terms += terms > 0 ? 3 * p.rank : 0;
  }
  return y;
}

}  // namespace tconv
