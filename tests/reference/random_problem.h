// Small random problems over every rank, group count, stride, dilation and crop, and data for them.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "reference/compare.h"
#include "reference/problem.h"

namespace tconv::test {

using Random = std::mt19937_64;

inline int64_t draw(Random& r, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(r);
}

/// Draws until the geometry is a layer. Crops range from none to all but one output; the high end
/// also gets output padding.
inline Axis random_axis(Random& r, int64_t largest_in) {
  for (;;) {
    Axis a;
    a.in = draw(r, 1, largest_in);
    a.kernel = draw(r, 1, 5);
    a.stride = draw(r, 1, 4);
    a.dilation = draw(r, 0, 2) ? 1 : draw(r, 2, 3);
    a.crop_lo = draw(r, 0, 1) ? 0 : draw(r, 0, a.full() - 1);
    const int64_t most_padding = std::max(a.stride, a.dilation) - 1 - a.crop_lo;
    const int64_t high = draw(r, std::min<int64_t>(0, -most_padding), draw(r, 0, 1) ? 0 : a.full());
    a.out = a.full() - a.crop_lo - high;
    if (a.out >= 1) return a;
  }
}

inline Problem random_problem(Random& r) {
  Problem p;
  p.rank = static_cast<int>(draw(r, 1, 3));
  p.batch = draw(r, 1, 3);
  p.groups = draw(r, 0, 2) ? 1 : draw(r, 2, 4);
  p.in_channels = p.groups * draw(r, 1, 4);
  p.out_channels = p.groups * draw(r, 1, 4);
  for (int axis = 3 - p.rank; axis < 3; ++axis) {
    p.axes[static_cast<size_t>(axis)] = random_axis(r, p.rank == 3 ? 4 : 7);
  }
  p.validate();
  return p;
}

inline std::vector<float> random_tensor(int64_t size, uint64_t seed,
                                        DataMode mode = DataMode::normal, DType dtype = DType::f32,
                                        int64_t max_terms = 1) {
  std::vector<float> data(static_cast<size_t>(size));
  fill(data, mode, dtype, seed, max_terms);
  return data;
}

}  // namespace tconv::test
