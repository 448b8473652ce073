// The explicit matrix: row o, column i holds the weight that carries input i to output o.
#include "reference/conv_transpose.h"

#include "reference/oracle_input.h"

namespace tconv {

std::vector<double> transpose_matrix(const Problem& p, std::span<const float> w) {
  check_sizes(p, {{"w", w.size(), p.w_size()}});
  constexpr int64_t kMost = int64_t{1} << 24;
  const int64_t columns = p.in_channels * p.in_spatial();
  const int64_t rows = p.out_channels * p.out_spatial();
  if (rows > kMost / columns) {
    throw ProblemError(p.str() + ": matrix of " + std::to_string(rows) + " x " +
                       std::to_string(columns) + " must not exceed 2^24 entries");
  }
  const auto& [D, H, W] = p.axes;
  std::vector<double> matrix(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t oc = row / p.out_spatial(), o = row % p.out_spatial();
    const int64_t od = o / (H.out * W.out), oh = o / W.out % H.out, ow = o % W.out;
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t ic = column / p.in_spatial(), i = column % p.in_spatial();
      if (ic / p.ic_per_group() != oc / p.oc_per_group()) continue;
      const int64_t id = i / (H.in * W.in), ih = i / W.in % H.in, iw = i % W.in;
      for (int64_t td = 0; td < D.kernel; ++td) {
        if (od != id * D.stride - D.crop_lo + td * D.dilation) continue;
        for (int64_t th = 0; th < H.kernel; ++th) {
          if (oh != ih * H.stride - H.crop_lo + th * H.dilation) continue;
          for (int64_t tw = 0; tw < W.kernel; ++tw) {
            if (ow != iw * W.stride - W.crop_lo + tw * W.dilation) continue;
            const int64_t tap = (td * H.kernel + th) * W.kernel + tw;
            const int64_t local = oc % p.oc_per_group();
            matrix[static_cast<size_t>(row * columns + column)] =
                w[static_cast<size_t>((ic * p.oc_per_group() + local) * p.taps() + tap)];
          }
        }
      }
    }
  }
  return matrix;
}

}  // namespace tconv
