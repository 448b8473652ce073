// The two gradients of y = C^T x (operator.md, statements 3 and 4), each straight from its sum.
#include <cmath>

#include "reference/conv_transpose.h"
#include "reference/oracle_input.h"
#include "reference/parallel_for.h"

namespace tconv {
namespace {

struct Range {
  int64_t begin = 0, end = 0;  ///< inputs of one axis that tap t sends inside the output
};

std::vector<Range> ranges(const Axis& a) {
  std::vector<Range> all;
  for (int64_t t = 0; t < a.kernel; ++t) {
    const auto out = [&](int64_t i) { return i * a.stride - a.crop_lo + t * a.dilation; };
    Range r{0, a.in};
    while (r.begin < r.end && out(r.begin) < 0) ++r.begin;
    while (r.begin < r.end && out(r.end - 1) >= a.out) --r.end;
    all.push_back(r);
  }
  return all;
}

/// Calls row(tap, x offset, y offset, length) for each run of pairs (i, o) along the w axis, tap by
/// tap.
template <class Row>
void for_each_row(const Problem& p, const std::array<std::vector<Range>, 3>& in, const Row& row) {
  const auto& [D, H, W] = p.axes;
  const auto out = [](const Axis& a, int64_t i, int64_t t) {
    return i * a.stride - a.crop_lo + t * a.dilation;
  };
  for (int64_t td = 0, tap = 0; td < D.kernel; ++td) {
    for (int64_t th = 0; th < H.kernel; ++th) {
      for (int64_t tw = 0; tw < W.kernel; ++tw, ++tap) {
        const Range rd = in[0][static_cast<size_t>(td)], rh = in[1][static_cast<size_t>(th)],
                    rw = in[2][static_cast<size_t>(tw)];
        if (rw.begin >= rw.end) continue;
        for (int64_t d = rd.begin; d < rd.end; ++d) {
          for (int64_t h = rh.begin; h < rh.end; ++h) {
            const int64_t from = (d * H.in + h) * W.in + rw.begin;
            const int64_t to =
                (out(D, d, td) * H.out + out(H, h, th)) * W.out + out(W, rw.begin, tw);
            row(tap, from, to, rw.end - rw.begin);
          }
        }
      }
    }
  }
}

OracleResult result_of(int64_t elements) {
  const auto n = static_cast<size_t>(elements);
  return {std::vector<double>(n), std::vector<double>(n), std::vector<int64_t>(n)};
}

}  // namespace

OracleResult dgrad_oracle(const Problem& p, std::span<const float> dy, std::span<const float> w) {
  check_sizes(p, {{"dy", dy.size(), p.y_size()}, {"w", w.size(), p.w_size()}});
  const std::array in{ranges(p.axes[0]), ranges(p.axes[1]), ranges(p.axes[2])};
  const int64_t stride = p.axes[2].stride, ocg = p.oc_per_group();
  OracleResult r = result_of(p.x_size());
  parallel_for(p.batch * p.in_channels, [&](int64_t image) {
    const int64_t n = image / p.in_channels, ic = image % p.in_channels;
    const int64_t offset = image * p.in_spatial();
    for (int64_t c = 0; c < ocg; ++c) {
      const int64_t oc = ic / p.ic_per_group() * ocg + c;
      const float* const gradient = dy.data() + (n * p.out_channels + oc) * p.out_spatial();
      const float* const weights = w.data() + (ic * ocg + c) * p.taps();
      for_each_row(p, in, [&](int64_t tap, int64_t from, int64_t to, int64_t length) {
        const double weight = weights[tap], size = std::abs(weight);
        double* const value = r.value.data() + offset + from;
        double* const magnitude = r.magnitude.data() + offset + from;
        int64_t* const terms = r.terms.data() + offset + from;
        for (int64_t i = 0; i < length; ++i) {
          const double g = gradient[to + i * stride];
          value[i] += g * weight;
          magnitude[i] += std::abs(g) * size;
          ++terms[i];
        }
      });
    }
  });
  return r;
}

OracleResult wgrad_oracle(const Problem& p, std::span<const float> x, std::span<const float> dy) {
  check_sizes(p, {{"x", x.size(), p.x_size()}, {"dy", dy.size(), p.y_size()}});
  const std::array in{ranges(p.axes[0]), ranges(p.axes[1]), ranges(p.axes[2])};
  const int64_t stride = p.axes[2].stride, ocg = p.oc_per_group();
  OracleResult r = result_of(p.w_size());
  parallel_for(p.in_channels * ocg, [&](int64_t pair) {
    const int64_t ic = pair / ocg, oc = ic / p.ic_per_group() * ocg + pair % ocg;
    const int64_t first = pair * p.taps();
    for (int64_t n = 0; n < p.batch; ++n) {
      const float* const xs = x.data() + (n * p.in_channels + ic) * p.in_spatial();
      const float* const gradient = dy.data() + (n * p.out_channels + oc) * p.out_spatial();
      for_each_row(p, in, [&](int64_t tap, int64_t from, int64_t to, int64_t length) {
        double value = 0, magnitude = 0;
        for (int64_t i = 0; i < length; ++i) {
          const double product = static_cast<double>(xs[from + i]) * gradient[to + i * stride];
          value += product;
          magnitude += std::abs(product);
        }
        const auto at = static_cast<size_t>(first + tap);
        r.value[at] += value;
        r.magnitude[at] += magnitude;
        r.terms[at] += length;
      });
    }
  });
  return r;
}

}  // namespace tconv
