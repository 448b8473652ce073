// The definition read from the input's side: every x[i] times every w[t] is added to y[i*stride -
// crop_lo + t*dilation].
#include <cmath>

#include "reference/conv_transpose.h"
#include "reference/oracle_input.h"
#include "reference/parallel_for.h"

namespace tconv {
namespace {

/// Along one axis, for one tap: the inputs that land inside the output, and where the first of them
/// lands.
struct Landing {
  int64_t first = 0, count = 0, at = 0;
};

/// By trying every pair: there is no closed form here to get wrong.
std::vector<Landing> landings(const Axis& a) {
  std::vector<Landing> all(static_cast<size_t>(a.kernel));
  for (int64_t t = 0; t < a.kernel; ++t) {
    for (int64_t i = 0; i < a.in; ++i) {
      const int64_t o = i * a.stride - a.crop_lo + t * a.dilation;
      if (o < 0 || o >= a.out) continue;
      Landing& l = all[static_cast<size_t>(t)];
      if (l.count++ == 0) l = {i, 1, o};
    }
  }
  return all;
}

/// How often each output of one axis is hit.
std::vector<int64_t> hits(const Axis& a, const std::vector<Landing>& all) {
  std::vector<int64_t> n(static_cast<size_t>(a.out));
  for (const Landing& l : all) {
    for (int64_t j = 0; j < l.count; ++j) ++n[static_cast<size_t>(l.at + j * a.stride)];
  }
  return n;
}

/// Adds one input row times one weight. The stride is a constant for the common cases, so that the
/// loop is tight.
template <int64_t kStride>
void add_row(const float* x, double w, int64_t n, int64_t stride, double* y, double* m) {
  const int64_t step = kStride ? kStride : stride;
  const double aw = std::abs(w);
  for (int64_t i = 0; i < n; ++i) {
    y[i * step] += x[i] * w;
    m[i * step] += std::abs(static_cast<double>(x[i])) * aw;
  }
}

}  // namespace

OracleResult scatter_oracle(const Problem& p, std::span<const float> x, std::span<const float> w) {
  check_sizes(p, {{"x", x.size(), p.x_size()}, {"w", w.size(), p.w_size()}});
  const Axis &D = p.axes[0], &H = p.axes[1], &W = p.axes[2];
  const auto on_d = landings(D), on_h = landings(H), on_w = landings(W);
  const auto hits_d = hits(D, on_d), hits_h = hits(H, on_h), hits_w = hits(W, on_w);
  const int64_t plane = p.out_spatial();
  const auto row = W.stride == 1   ? add_row<1>
                   : W.stride == 2 ? add_row<2>
                   : W.stride == 4 ? add_row<4>
                                   : add_row<0>;

  OracleResult r;
  const auto size = static_cast<size_t>(p.y_size());
  r.value.resize(size);
  r.magnitude.resize(size);
  r.terms.resize(size);
  parallel_for(p.batch * p.out_channels, [&](int64_t image) {
    const int64_t n = image / p.out_channels, oc = image % p.out_channels;
    const int64_t group = oc / p.oc_per_group(), local = oc % p.oc_per_group();
    double* const y = r.value.data() + image * plane;
    double* const m = r.magnitude.data() + image * plane;
    for (int64_t c = 0; c < p.ic_per_group(); ++c) {
      const int64_t ic = group * p.ic_per_group() + c;
      const float* const xs = x.data() + (n * p.in_channels + ic) * p.in_spatial();
      const float* weight = w.data() + (ic * p.oc_per_group() + local) * p.taps();
      for (const Landing& ld : on_d) {
        for (const Landing& lh : on_h) {
          for (const Landing& lw : on_w) {
            const double value = *weight++;
            for (int64_t d = 0; d < ld.count; ++d) {
              for (int64_t h = 0; h < lh.count; ++h) {
                const int64_t from = ((ld.first + d) * H.in + lh.first + h) * W.in + lw.first;
                const int64_t to =
                    ((ld.at + d * D.stride) * H.out + lh.at + h * H.stride) * W.out + lw.at;
                row(xs + from, value, lw.count, W.stride, y + to, m + to);
              }
            }
          }
        }
      }
    }
    int64_t* terms = r.terms.data() + image * plane;
    for (const int64_t d : hits_d) {
      for (const int64_t h : hits_h) {
        for (const int64_t k : hits_w) *terms++ = d * h * k * p.ic_per_group();
      }
    }
  });
  return r;
}

}  // namespace tconv
