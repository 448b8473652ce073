// What the shape of one axis says, checked against impulses, brute force and the forward formula.
#include <numeric>

#include <gtest/gtest.h>

#include "reference/conv_transpose.h"
#include "reference/geometry.h"
#include "tests/reference/random_problem.h"

namespace tconv {
namespace {

/// An axis long enough to have an interior, uncropped.
Axis long_axis(int64_t kernel, int64_t stride, int64_t dilation = 1) {
  Axis a{.in = 40, .out = 1, .kernel = kernel, .stride = stride, .dilation = dilation};
  a.out = a.full();
  return a;
}

TEST(Coverage, IsPeriodicWithRPhasesOfOneMoreTap) {
  for (int64_t s = 1; s <= 5; ++s) {
    for (int64_t k = 1; k <= 12; ++k) {
      const Axis a = long_axis(k, s);
      const auto count = coverage(a);
      int64_t more = 0;
      for (int64_t phase = 0; phase < s; ++phase) {
        const int64_t o = s * 20 + phase;
        const int64_t here = count[static_cast<size_t>(o)];
        EXPECT_EQ(here, count[static_cast<size_t>(o + s)]);
        EXPECT_EQ(here, static_cast<int64_t>(phase_taps(a, phase_of(a, o)).size()));
        EXPECT_TRUE(here == k / s || here == k / s + 1);
        more += here == k / s + 1;
      }
      EXPECT_EQ(more, k % s) << "k " << k << " s " << s;
    }
  }
}

TEST(Coverage, VarianceIsThatOfTheCounts) {
  for (int64_t s = 1; s <= 6; ++s) {
    for (int64_t k = 1; k <= 12; ++k) {
      const auto count = coverage(long_axis(k, s));
      double mean = 0, variance = 0;
      for (int64_t o = 20 * s; o < 21 * s; ++o)
        mean += static_cast<double>(count[static_cast<size_t>(o)]) / static_cast<double>(s);
      for (int64_t o = 20 * s; o < 21 * s; ++o) {
        const double off = static_cast<double>(count[static_cast<size_t>(o)]) - mean;
        variance += off * off / static_cast<double>(s);
      }
      EXPECT_NEAR(coverage_variance(k, s), variance, 1e-12) << "k " << k << " s " << s;
      EXPECT_EQ(coverage_variance(k, s) == 0, k % s == 0);
    }
  }
}

TEST(Coverage, KernelSmallerThanStrideLeavesGaps) {
  for (int64_t s = 2; s <= 6; ++s) {
    for (int64_t k = 1; k < s; ++k) {
      const auto count = coverage(long_axis(k, s));
      EXPECT_EQ(std::count(count.begin() + 5 * s, count.begin() + 6 * s, 0), gap_width(k, s));
      EXPECT_EQ(gap_width(k, s), s - k);
    }
    EXPECT_EQ(gap_width(s, s), 0);
    EXPECT_EQ(gap_width(s + 1, s), 0);
  }
}

TEST(Coverage, SumsToTheValidPairs) {
  test::Random random(3);
  for (int i = 0; i < 1000; ++i) {
    const Axis a = test::random_axis(random, 9);
    const auto count = coverage(a);
    EXPECT_EQ(std::accumulate(count.begin(), count.end(), int64_t{0}), a.valid_pairs());
  }
}

TEST(OutputSize, ExactlyStrideSizesMapBackUnderTheForwardFormula) {
  test::Random random(4);
  for (int i = 0; i < 2000; ++i) {
    const int64_t in = test::draw(random, 1, 9), k = test::draw(random, 1, 7);
    const int64_t s = test::draw(random, 1, 5), p = test::draw(random, 0, (k - 1) / 2);
    const SizeRange range = output_sizes(in, k, s, p);
    EXPECT_EQ(range.end - range.first, s);
    for (int64_t o = 1; o < range.end + 2 * s; ++o) {
      if (o + 2 * p < k) continue;  // the forward convolution does not exist
      const int64_t back = (o + 2 * p - k) / s + 1;
      EXPECT_EQ(back == in, o >= range.first && o < range.end);
    }
  }
}

TEST(Alignment, CentreOfAnImpulse) {
  test::Random random(5);
  for (int i = 0; i < 300; ++i) {
    Problem p = Problem::parse("mb1ic1iw9oc1kw3");
    Axis& a = p.axes[2];
    a.kernel = test::draw(random, 1, 6);
    a.stride = test::draw(random, 1, 4);
    a.dilation = test::draw(random, 1, 3);
    a.crop_lo = test::draw(random, 0, 3);
    a.out = a.full() - a.crop_lo;
    const auto n = static_cast<size_t>(test::draw(random, 3, 8));  // clear of the low crop
    std::vector<float> x(9), w(static_cast<size_t>(a.kernel), 1.0f);
    x[n] = 1;
    const auto y = scatter_oracle(p, x, w).value;
    double mass = 0, moment = 0;
    for (size_t o = 0; o < y.size(); ++o) {
      mass += y[o];
      moment += y[o] * static_cast<double>(o);
    }
    EXPECT_DOUBLE_EQ(moment / mass, footprint_centre(a, static_cast<int64_t>(n))) << p.str();
  }
}

TEST(Alignment, CropShiftsByOneAndOffsetsTheGrids) {
  Axis a = long_axis(4, 2);
  const double before = footprint_centre(a, 7), offset = grid_offset(a);
  a.crop_lo = 1;
  EXPECT_EQ(footprint_centre(a, 7) - before, -1);
  EXPECT_EQ(offset, -0.75);          // (2*0 - 3) / 4
  EXPECT_EQ(grid_offset(a), -0.25);  // (2*1 - 3) / 4
  a.kernel = 3;
  EXPECT_EQ(grid_offset(a), 0);  // k-1 = 2p: aligned
  // The centre mapping, solved for the input position that output 0 is the centre of.
  a.kernel = 5;
  a.dilation = 3;
  const double slope = footprint_centre(a, 1) - footprint_centre(a, 0);
  EXPECT_DOUBLE_EQ(grid_offset(a), -footprint_centre(a, 0) / slope);
}

TEST(Phases, TapsPartitionTheKernel) {
  for (int64_t s = 1; s <= 6; ++s) {
    for (int64_t d = 1; d <= 6; ++d) {
      const Axis a = long_axis(7, s, d);
      const PhaseSplit split = phase_split(a);
      std::vector<int64_t> seen;
      int64_t silent = 0;
      for (int64_t phase = 0; phase < s; ++phase) {
        const auto taps = phase_taps(a, phase);
        seen.insert(seen.end(), taps.begin(), taps.end());
        silent += taps.empty();
      }
      std::sort(seen.begin(), seen.end());
      std::vector<int64_t> all(7);
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(seen, all);
      if (7 >= split.classes) {
        EXPECT_EQ(silent, split.skipped) << "s " << s << " d " << d;
      }
      EXPECT_EQ(split.classes + split.skipped, s);
      EXPECT_EQ(split.dilation * std::gcd(s, d), d);
    }
  }
}

TEST(Phases, OutputsPartitionTheAxis) {
  test::Random random(6);
  for (int i = 0; i < 1000; ++i) {
    const Axis a = test::random_axis(random, 9);
    std::vector<int64_t> count(static_cast<size_t>(a.stride)), first(count.size(), a.out);
    for (int64_t o = a.out - 1; o >= 0; --o) {
      const auto phase = static_cast<size_t>(phase_of(a, o));
      ++count[phase];
      first[phase] = o;
    }
    for (int64_t phase = 0; phase < a.stride; ++phase) {
      const PhaseOutputs outputs = phase_outputs(a, phase);
      EXPECT_EQ(outputs.count, count[static_cast<size_t>(phase)]);
      EXPECT_EQ(outputs.first, first[static_cast<size_t>(phase)]);
    }
  }
}

TEST(Coverage, OfThePhasesIsThatOfTheInteriorAtAnyDilation) {
  for (int64_t s = 1; s <= 5; ++s) {
    for (int64_t d = 1; d <= 4; ++d) {
      for (int64_t k = 1; k <= 7; ++k) {
        const Axis a = long_axis(k, s, d);
        const auto count = coverage(a);
        const auto at = [&](int64_t o) { return count[static_cast<size_t>(30 * s + o)]; };
        double mean = 0, square = 0;
        int64_t longest = 0, run = 0;
        for (int64_t o = 0; o < s; ++o) {
          mean += static_cast<double>(at(o)) / static_cast<double>(s);
          square += static_cast<double>(at(o) * at(o)) / static_cast<double>(s);
        }
        for (int64_t o = 0; o < 3 * s; ++o) {
          run = at(o) == 0 ? run + 1 : 0;
          longest = std::max(longest, run);
        }
        EXPECT_NEAR(phase_coverage(a).mean, mean, 1e-12);
        EXPECT_NEAR(phase_coverage(a).variance, square - mean * mean, 1e-9);
        EXPECT_EQ(longest_gap(a), longest) << "k " << k << " s " << s << " d " << d;
        if (d == 1) {
          EXPECT_NEAR(phase_coverage(a).variance, coverage_variance(k, s), 1e-12);
          EXPECT_EQ(longest_gap(a), gap_width(k, s));
        }
      }
    }
  }
}

TEST(Phases, GainIsTheResponseToAConstant) {
  Problem p = Problem::parse("mb1ic1iw12oc1kw7sw3pw2");
  const std::vector<float> x(12, 1.0f), w{1, -2, 3, 5, 7, -11, 13};
  const std::vector<double> wide(w.begin(), w.end());
  const auto y = gather_oracle(p, x, w).value;
  const auto gains = phase_gains(p.axes[2], wide);
  for (int64_t o = 12; o < 18; ++o) {
    EXPECT_EQ(y[static_cast<size_t>(o)], gains[static_cast<size_t>(phase_of(p.axes[2], o))]);
  }
}

TEST(Phases, TriangularKernelHasEqualGains) {
  const auto gains = phase_gains(long_axis(5, 3), std::vector<double>{1, 2, 3, 2, 1});
  EXPECT_EQ(gains, (std::vector<double>{3, 3, 3}));
}

}  // namespace
}  // namespace tconv
