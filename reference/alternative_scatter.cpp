// The alternatives read from the input's side: which outputs an input goes to, through which taps.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "reference/alternatives.h"
#include "reference/oracle_input.h"
#include "reference/parallel_for.h"

namespace tconv {
namespace {

struct Target {
  int64_t output, tap;
  double weight;
};

/// Share of input i in resized pixel r. Nearest: its cell holds the pixel's centre. Bilinear: a hat
/// of width 1 around it; what lies beyond the outer centres counts as on them. Distances are in
/// units of 1/(2*out) input pixels, so that they are whole.
double share(Op op, const Axis& a, int64_t i, int64_t r) {
  const int64_t unit = 2 * a.out, centre = (2 * r + 1) * a.in;
  if (op == Op::resize_nearest) return i * unit <= centre && centre < (i + 1) * unit ? 1 : 0;
  const int64_t clamped = std::clamp(centre, a.out, (2 * a.in - 1) * a.out);
  const int64_t distance = std::abs(clamped - (2 * i + 1) * a.out);
  return distance < unit ? static_cast<double>(unit - distance) / static_cast<double>(unit) : 0;
}

/// Resized pixels that input i may have a share in.
std::pair<int64_t, int64_t> reach(const Axis& a, int64_t i) {
  const int64_t first = i == 0 ? 0 : (i - 1) * a.out / a.in - 1;
  const int64_t last = i == a.in - 1 ? a.out - 1 : (i + 2) * a.out / a.in + 1;
  return {std::max<int64_t>(0, first), std::min(a.out - 1, last)};
}

std::vector<Target> resize_targets(Op op, const Axis& a, int64_t i) {
  std::vector<Target> found;
  const auto [first, last] = reach(a, i);
  for (int64_t r = first; r <= last; ++r) {
    const double weight = share(op, a, i, r);
    if (weight == 0) continue;
    for (int64_t tap = 0; tap < a.kernel; ++tap) {
      const int64_t o = r - tap * a.dilation + same_padding(op, a);
      if (o >= 0 && o < a.out) found.push_back({o, tap, weight});
    }
  }
  return found;
}

/// Through tap j of the convolution at input resolution to pixel q; each of its `stride` channels
/// becomes one output.
std::vector<Target> shuffle_targets(const Axis& a, int64_t i) {
  std::vector<Target> found;
  const int64_t taps = a.kernel / a.stride;
  for (int64_t j = 0; j < taps; ++j) {
    const int64_t q = i - j + (taps - 1) / 2;
    if (q < 0 || q >= a.in) continue;
    for (int64_t phase = 0; phase < a.stride; ++phase)
      found.push_back({q * a.stride + phase, j * a.stride + phase, 1});
  }
  return found;
}

using AxisTargets = std::vector<std::vector<Target>>;

AxisTargets targets_of(Op op, const Axis& a) {
  AxisTargets all;
  for (int64_t i = 0; i < a.in; ++i)
    all.push_back(op == Op::pixel_shuffle ? shuffle_targets(a, i) : resize_targets(op, a, i));
  return all;
}

/// One channel's share in one image of the result.
struct Image {
  double* value;
  double* magnitude;
  int64_t* terms;

  void add(int64_t at, double product) {
    value[at] += product;
    magnitude[at] += std::abs(product);
    ++terms[at];
  }
};

void scatter_plane(const Problem& p, const std::array<AxisTargets, 3>& to, const float* x,
                   const float* w, Image y) {
  const Axis &H = p.axes[1], &W = p.axes[2];
  for (const auto& row_d : to[0]) {
    for (const auto& row_h : to[1]) {
      for (const auto& row_w : to[2]) {
        const double value = *x++;
        for (const Target& d : row_d) {
          for (const Target& h : row_h) {
            for (const Target& v : row_w) {
              const int64_t tap = (d.tap * H.kernel + h.tap) * W.kernel + v.tap;
              const int64_t at = (d.output * H.out + h.output) * W.out + v.output;
              y.add(at, d.weight * h.weight * v.weight * value * w[tap]);
            }
          }
        }
      }
    }
  }
}

}  // namespace

OracleResult alternative_scatter_oracle(Op op, const Problem& p, std::span<const float> x,
                                        std::span<const float> w) {
  if (const std::string reason = inapplicable(op, p); !reason.empty()) throw ProblemError(reason);
  check_sizes(p, {{"x", x.size(), p.x_size()}, {"w", w.size(), p.w_size()}});
  const std::array<AxisTargets, 3> to{targets_of(op, p.axes[0]), targets_of(op, p.axes[1]),
                                      targets_of(op, p.axes[2])};
  OracleResult r;
  const auto size = static_cast<size_t>(p.y_size());
  r.value.resize(size);
  r.magnitude.resize(size);
  r.terms.resize(size);
  const int64_t plane = p.out_spatial();
  parallel_for(p.batch * p.out_channels, [&](int64_t image) {
    const int64_t n = image / p.out_channels, oc = image % p.out_channels;
    const int64_t group = oc / p.oc_per_group(), local = oc % p.oc_per_group();
    const Image y{r.value.data() + image * plane, r.magnitude.data() + image * plane,
                  r.terms.data() + image * plane};
    for (int64_t c = 0; c < p.ic_per_group(); ++c) {
      const int64_t ic = group * p.ic_per_group() + c;
      scatter_plane(p, to, x.data() + (n * p.in_channels + ic) * p.in_spatial(),
                    w.data() + (ic * p.oc_per_group() + local) * p.taps(), y);
    }
    if (op != Op::resize_bilinear) return;
    for (int64_t at = 0; at < plane; ++at) y.terms[at] += y.terms[at] > 0 ? 3 * p.rank : 0;
  });
  return r;
}

}  // namespace tconv
