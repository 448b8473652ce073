// Random small problems over everything the descriptor can say: ranks, groups, dilations, crops,
// output padding.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "reference/problem.h"

namespace tconv {

/// Draws problems from a seed. The sequence depends on the seed and the budget alone:
/// std::mt19937_64 is specified to the bit, and no distribution of the library (which are not) is
/// used.
class RandomProblems {
 public:
  /// No problem takes more than `budget` multiply-adds by the most wasteful way, which multiplies
  /// every output by every tap.
  explicit RandomProblems(uint64_t seed, int64_t budget = 1'000'000)
      : budget_(budget), random_(seed) {}

  Problem next() {
    for (;;) {
      const Problem p = draw();
      if (fits(p)) return p;
    }
  }

  /// One that has a sub-pixel convolution, as few of the others have: no dilation, a kernel that is
  /// a multiple of the stride, `stride` times as many outputs as inputs.
  Problem next_sub_pixel() {
    for (;;) {
      const Problem p = sub_pixel(draw());
      if (fits(p)) return p;
    }
  }

  /// One of 0 .. n-1, for whatever else a test has to choose.
  size_t choose(size_t n) { return random_() % n; }

 private:
  bool fits(const Problem& p) const { return p.flops_dense_output() / 2 <= budget_; }

  static Problem sub_pixel(Problem p) {
    for (int axis = 3 - p.rank; axis < 3; ++axis) {
      Axis& a = p.axes[static_cast<size_t>(axis)];
      a.dilation = 1;
      a.kernel = a.stride * (1 + a.kernel % 3);
      a.out = a.in * a.stride;
      a.crop_lo = (a.kernel - a.stride) / 2;
    }
    p.validate();
    return p;
  }

  Problem draw() {
    Problem p;
    p.rank = static_cast<int>(between(1, 3));
    p.batch = one_in(24) ? 0 : between(1, 3);
    p.groups = one_in(3) ? between(2, 4) : 1;
    p.in_channels = p.groups * channels();
    p.out_channels = p.groups * channels();
    p.axes.fill(Axis{});
    for (int a = 3 - p.rank; a < 3; ++a) {
      p.axes[static_cast<size_t>(a)] = axis(p.rank == 1 ? 33 : p.rank == 2 ? 8 : 4);
    }
    p.validate();
    return p;
  }

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }
  bool one_in(int64_t n) { return between(1, n) == 1; }

  /// Mostly odd counts that break vector widths, sometimes a whole stage of a GEMM (8, 16) or one
  /// more, now and then several stages.
  int64_t channels() {
    if (one_in(10)) return 16 * between(2, 8) + (one_in(4) ? 1 : 0);
    return one_in(4) ? 8 * between(1, 2) + between(0, 1) : between(1, 7);
  }

  Axis axis(int64_t largest) {
    Axis a;
    a.in = between(1, largest);
    a.kernel = one_in(4) ? between(1, 9) : between(1, 4);
    a.stride = between(1, 4);
    a.dilation = one_in(2) ? 1 : between(2, 6);
    // Crop what leaves at least one output; or append rows, fewer than max(stride, dilation) as
    // operator.md 7 has it.
    a.crop_lo = one_in(3) ? 0 : between(0, std::min<int64_t>(a.full() - 1, 2 * a.kernel));
    const int64_t rest = a.full() - a.crop_lo;
    const int64_t padding = std::max(a.stride, a.dilation) - 1 - a.crop_lo;
    const int64_t crop_hi = one_in(3) ? 0
                                      : between(std::min<int64_t>(0, -padding),
                                                std::min<int64_t>(rest - 1, 2 * a.kernel));
    a.out = rest - crop_hi;
    return a;
  }

  int64_t budget_;
  std::mt19937_64 random_;
};

}  // namespace tconv
