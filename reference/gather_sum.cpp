#include "reference/gather_sum.h"

#include <cmath>

#include "reference/oracle_input.h"
#include "reference/parallel_for.h"

namespace tconv {
namespace {

/// [a][b] -> [b][a], so that channels become the contiguous dimension.
std::vector<float> transposed(const float* from, int64_t a, int64_t b) {
  std::vector<float> to(static_cast<size_t>(a * b));
  constexpr int64_t kTile = 32;
  for (int64_t i0 = 0; i0 < a; i0 += kTile) {
    for (int64_t j0 = 0; j0 < b; j0 += kTile) {
      for (int64_t i = i0; i < std::min(a, i0 + kTile); ++i) {
        for (int64_t j = j0; j < std::min(b, j0 + kTile); ++j)
          to[static_cast<size_t>(j * a + i)] = from[i * b + j];
      }
    }
  }
  return to;
}

/// sum[c] += x * w[c] and the same of magnitudes.
void accumulate(double x, const float* w, int64_t channels, double* sum, double* magnitude) {
  const double ax = std::abs(x);
  for (int64_t c = 0; c < channels; ++c) {
    const double v = w[c];
    sum[c] += x * v;
    magnitude[c] += ax * std::abs(v);
  }
}

}  // namespace

OracleResult sum_sources(const Problem& p, std::span<const float> x, std::span<const float> w,
                         const std::array<AxisSources, 3>& sources) {
  check_sizes(p, {{"x", x.size(), p.x_size()}, {"w", w.size(), p.w_size()}});
  const int64_t icg = p.ic_per_group(), ocg = p.oc_per_group();
  const Axis &ad = p.axes[0], &ah = p.axes[1], &aw = p.axes[2];
  // w[ic][oc][tap] -> [tap][ic][oc]; x[n][ic][spatial] -> [n][spatial][ic]
  std::vector<float> wt(w.size());
  parallel_for(p.in_channels, [&](int64_t ic) {
    const auto one = transposed(w.data() + ic * ocg * p.taps(), ocg, p.taps());
    for (int64_t tap = 0; tap < p.taps(); ++tap) {
      std::copy_n(one.data() + tap * ocg, ocg, wt.data() + (tap * p.in_channels + ic) * ocg);
    }
  });
  std::vector<std::vector<float>> xt(static_cast<size_t>(p.batch));
  parallel_for(p.batch, [&](int64_t n) {
    xt[static_cast<size_t>(n)] =
        transposed(x.data() + n * p.in_channels * p.in_spatial(), p.in_channels, p.in_spatial());
  });

  OracleResult r;
  const auto size = static_cast<size_t>(p.y_size());
  r.value.resize(size);
  r.magnitude.resize(size);
  r.terms.resize(size);
  constexpr int64_t kColumns = 64;  // outputs of a row per work item
  const int64_t pieces = (aw.out + kColumns - 1) / kColumns;
  parallel_for(p.batch * ad.out * ah.out * pieces, [&](int64_t item) {
    const int64_t piece = item % pieces, row = item / pieces;
    const int64_t oh = row % ah.out, od = row / ah.out % ad.out, n = row / ah.out / ad.out;
    const auto& from_d = sources[0][static_cast<size_t>(od)];
    const auto& from_h = sources[1][static_cast<size_t>(oh)];
    const float* const image = xt[static_cast<size_t>(n)].data();
    std::vector<double> sum(static_cast<size_t>(p.out_channels)), magnitude(sum.size());
    for (int64_t ow = piece * kColumns; ow < std::min(aw.out, (piece + 1) * kColumns); ++ow) {
      std::fill(sum.begin(), sum.end(), 0.0);
      std::fill(magnitude.begin(), magnitude.end(), 0.0);
      int64_t taps = 0;
      for (const Source& sd : from_d) {
        for (const Source& sh : from_h) {
          for (const Source& sw : sources[2][static_cast<size_t>(ow)]) {
            const int64_t pixel = (sd.input * ah.in + sh.input) * aw.in + sw.input;
            const double weight = sd.weight * sh.weight * sw.weight;
            const int64_t tap = (sd.tap * ah.kernel + sh.tap) * aw.kernel + sw.tap;
            for (int64_t ic = 0; ic < p.in_channels; ++ic) {
              const int64_t first = ic / icg * ocg;
              accumulate(weight * image[pixel * p.in_channels + ic],
                         wt.data() + (tap * p.in_channels + ic) * ocg, ocg, sum.data() + first,
                         magnitude.data() + first);
            }
            ++taps;
          }
        }
      }
      for (int64_t oc = 0; oc < p.out_channels; ++oc) {
        const auto at = static_cast<size_t>(
            (((n * p.out_channels + oc) * ad.out + od) * ah.out + oh) * aw.out + ow);
        r.value[at] = sum[static_cast<size_t>(oc)];
        r.magnitude[at] = magnitude[static_cast<size_t>(oc)];
        r.terms[at] = taps * icg;
      }
    }
  });
  return r;
}

}  // namespace tconv
