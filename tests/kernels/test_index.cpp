// The index math that all kernels share, against the definition o = i*s - crop + t*d by brute
// force.
#include <numeric>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/detail/index.cuh"
#include "kernels/detail/phase.cuh"
#include "reference/problem.h"
#include "tests/kernels/random_problem.h"

namespace tconv {
namespace {

using detail::AxisIndex;
using detail::AxisPhase;
using detail::Shape;

using Pairs = std::set<std::pair<int64_t, int64_t>>;  // (input, tap)

Pairs brute_force(const Axis& a, int64_t o) {
  Pairs pairs;
  for (int64_t i = 0; i < a.in; ++i) {
    for (int64_t t = 0; t < a.kernel; ++t) {
      if (i * a.stride - a.crop_lo + t * a.dilation == o) pairs.emplace(i, t);
    }
  }
  return pairs;
}

AxisIndex index_of(const Axis& a) {
  Problem p;
  p.rank = 1;
  p.axes[2] = a;
  return detail::make_shape(p).w;
}

/// Every small axis, both with and without rows that no tap reaches.
std::vector<Axis> small_axes() {
  std::vector<Axis> axes;
  for (int64_t stride = 1; stride <= 6; ++stride) {
    for (int64_t dilation = 1; dilation <= 6; ++dilation) {
      for (int64_t kernel = 1; kernel <= 8; ++kernel) {
        for (const int64_t in : {1, 2, 5}) {
          for (const int64_t crop : {0, 1, 4, 9}) {
            Axis a{.in = in,
                   .kernel = kernel,
                   .stride = stride,
                   .dilation = dilation,
                   .crop_lo = crop};
            a.out = a.full() - crop + (kernel % 2 == 0 ? stride - 1 : -1);
            if (a.out >= 1) axes.push_back(a);
          }
        }
      }
    }
  }
  return axes;
}

std::string describe(const Axis& a) {
  return "in " + std::to_string(a.in) + " out " + std::to_string(a.out) + " k " +
         std::to_string(a.kernel) + " s " + std::to_string(a.stride) + " d " +
         std::to_string(a.dilation) + " crop " + std::to_string(a.crop_lo);
}

TEST(Index, TapsOfAnOutputAreThoseOfTheDefinition) {
  for (const Axis& a : small_axes()) {
    const AxisIndex index = index_of(a);
    for (int64_t o = 0; o < a.out; ++o) {
      const detail::TapRun run = detail::taps_of(index, static_cast<int>(o));
      Pairs found;
      for (int j = 0; j < run.count; ++j) {
        found.emplace(run.input - j * index.step, run.tap + j * index.classes);
      }
      ASSERT_EQ(found, brute_force(a, o)) << describe(a) << " o " << o;
      ASSERT_EQ(found.size(), static_cast<size_t>(run.count));
    }
  }
}

/// The numbers of one axis that reach an output of it, by the definition.
std::vector<int> reaching(int64_t count, const Axis& a, auto output_of) {
  std::vector<int> numbers;
  for (int64_t n = 0; n < count; ++n) {
    if (output_of(n) >= 0 && output_of(n) < a.out) numbers.push_back(static_cast<int>(n));
  }
  return numbers;
}

std::vector<int> numbers_of(const detail::Span& span) {
  std::vector<int> numbers(static_cast<size_t>(span.count));
  std::iota(numbers.begin(), numbers.end(), span.first);
  return numbers;
}

TEST(Index, TapsFromAnInputAndInputsThroughATapAreThoseOfTheDefinition) {
  for (const Axis& a : small_axes()) {
    const AxisIndex index = index_of(a);
    const auto output = [&](int64_t i, int64_t t) {
      return i * a.stride - a.crop_lo + t * a.dilation;
    };
    for (int64_t i = 0; i < a.in; ++i) {
      const auto taps = numbers_of(detail::taps_from(index, static_cast<int>(i)));
      ASSERT_EQ(taps, reaching(a.kernel, a, [&](int64_t t) { return output(i, t); }))
          << describe(a) << " i " << i;
    }
    for (int64_t t = 0; t < a.kernel; ++t) {
      const auto inputs = numbers_of(detail::inputs_through(index, static_cast<int>(t)));
      ASSERT_EQ(inputs, reaching(a.in, a, [&](int64_t i) { return output(i, t); }))
          << describe(a) << " t " << t;
    }
  }
}

TEST(Index, PhasesPartitionTheOutputsAndKnowTheirTaps) {
  for (const Axis& a : small_axes()) {
    const AxisIndex index = index_of(a);
    std::vector<int> seen(static_cast<size_t>(a.out));
    for (int r = 0; r < detail::phases_of(index); ++r) {
      const AxisPhase phase = detail::phase_of(index, r);
      for (int m = 0; m < phase.outputs; ++m) {
        const int64_t o = phase.first + m * a.stride;
        ASSERT_LT(o, a.out);
        ++seen[static_cast<size_t>(o)];
        Pairs found;
        for (int j = 0; j < phase.taps; ++j) {
          const int64_t input = phase.input + m - j * index.step;
          ASSERT_LT(phase.tap + j * index.classes, a.kernel);
          if (input >= 0 && input < a.in) found.emplace(input, phase.tap + j * index.classes);
        }
        ASSERT_EQ(found, brute_force(a, o)) << describe(a) << " o " << o;
      }
    }
    ASSERT_EQ(seen, std::vector<int>(seen.size(), 1)) << describe(a);
  }
}

TEST(Index, ClassesCountTheirTaps) {
  for (const Axis& a : small_axes()) {
    const AxisIndex index = index_of(a);
    int before = 0;
    for (int c = 0; c < index.classes; ++c) {
      EXPECT_EQ(detail::taps_before_class(index, c), before) << describe(a) << " class " << c;
      before += detail::taps_in_class(index, c);
    }
    EXPECT_EQ(before, a.kernel) << describe(a);
  }
}

TEST(Index, PackedTapsAreAPermutationWithEachPhaseContiguous) {
  RandomProblems random(11);
  for (int n = 0; n < 300; ++n) {
    const Problem p = random.next();
    const Shape s = detail::make_shape(p);
    std::set<int> places;
    for (int t = 0; t < s.taps; ++t) places.insert(detail::packed_tap(s, t));
    ASSERT_EQ(places.size(), static_cast<size_t>(s.taps)) << p.str();
    ASSERT_EQ(*places.rbegin(), s.taps - 1) << p.str();

    for (int i = 0; i < detail::phase_count(s); ++i) {
      const detail::Phase phase = detail::phase_at(s, i);
      if (phase.taps() == 0) continue;
      int place = detail::first_packed_tap(s, phase);
      for (int jd = 0; jd < phase.d.taps; ++jd) {
        for (int jh = 0; jh < phase.h.taps; ++jh) {
          for (int jw = 0; jw < phase.w.taps; ++jw, ++place) {
            const int t =
                ((phase.d.tap + jd * s.d.classes) * s.h.kernel + phase.h.tap + jh * s.h.classes) *
                    s.w.kernel +
                phase.w.tap + jw * s.w.classes;
            ASSERT_EQ(detail::packed_tap(s, t), place) << p.str() << " tap " << t;
          }
        }
      }
    }
  }
}

TEST(Index, PointsOfAllPhasesCoverEachSampleOnce) {
  RandomProblems random(12);
  for (int n = 0; n < 100; ++n) {
    const Problem p = random.next();
    const Shape s = detail::make_shape(p);
    std::set<std::pair<int, int>> points;
    for (int i = 0; i < detail::phase_count(s); ++i) {
      const detail::Phase phase = detail::phase_at(s, i);
      for (int m = 0; m < s.batch * phase.outputs(); ++m) {
        const detail::PhasePoint at = detail::point_at(s, phase, m);
        EXPECT_TRUE(points.emplace(at.sample, at.output).second) << p.str();
      }
    }
    EXPECT_EQ(points.size(), static_cast<size_t>(p.batch * p.out_spatial())) << p.str();
  }
}

/// Axes as long as index_limit_reason() lets pass, so that 32 bits are used to the last.
std::vector<Axis> longest_axes() {
  std::vector<Axis> axes;
  for (const int64_t stride : {1, 2, 3, 7, 1000, 1'000'003, 1 << 20, (1 << 30) - 1024}) {
    for (const int64_t dilation : {1, 2, 6, 1 << 20}) {
      for (const int64_t kernel : {1, 3, 4}) {
        for (const int64_t crop : {0, 5, 1 << 28}) {
          Axis a{.kernel = kernel, .stride = stride, .dilation = dilation, .crop_lo = crop};
          const int64_t room = detail::kIndexLimit - crop - stride - dilation * (kernel - 1) - 1;
          if (room < 0) continue;
          a.in = room / stride + 1;
          a.out = a.full() - crop;
          if (a.out >= 1) axes.push_back(a);
        }
      }
    }
  }
  return axes;
}

/// By the definition in 64 bits, scanning the taps: there are millions of inputs.
Pairs by_taps(const Axis& a, int64_t o) {
  Pairs pairs;
  for (int64_t t = 0; t < a.kernel; ++t) {
    const int64_t reach = o + a.crop_lo - t * a.dilation;
    if (reach >= 0 && reach % a.stride == 0 && reach / a.stride < a.in)
      pairs.emplace(reach / a.stride, t);
  }
  return pairs;
}

/// Both ends and some of the middle.
std::vector<int64_t> samples(int64_t count) {
  std::vector<int64_t> some;
  for (int64_t n = 0; n < 64; ++n) {
    for (const int64_t at : {n, count - 1 - n, count / 64 * n})
      if (at >= 0 && at < count) some.push_back(at);
  }
  return some;
}

TEST(Index, LastElementsOfTheLongestAxesAreRight) {
  const auto axes = longest_axes();
  ASSERT_GT(axes.size(), 100u);
  for (const Axis& a : axes) {
    const AxisIndex index = index_of(a);
    for (const int64_t o : samples(a.out)) {
      const detail::TapRun run = detail::taps_of(index, static_cast<int>(o));
      Pairs found;
      for (int j = 0; j < run.count; ++j)
        found.emplace(run.input - j * index.step, run.tap + j * index.classes);
      ASSERT_EQ(found, by_taps(a, o)) << describe(a) << " o " << o;

      const AxisPhase phase = detail::phase_of(index, static_cast<int>(o % a.stride));
      const int64_t m = o / a.stride;
      ASSERT_LT(m, phase.outputs) << describe(a) << " o " << o;
      Pairs in_phase;
      for (int j = 0; j < phase.taps; ++j) {
        const int64_t input = phase.input + m - j * index.step;
        if (input >= 0 && input < a.in) in_phase.emplace(input, phase.tap + j * index.classes);
      }
      ASSERT_EQ(in_phase, by_taps(a, o)) << describe(a) << " o " << o;
    }
  }
}

TEST(Index, LastInputsOfTheLongestAxesAreRight) {
  for (const Axis& a : longest_axes()) {
    const AxisIndex index = index_of(a);
    const auto inside = [&](int64_t i, int64_t t) {
      const int64_t o = i * a.stride - a.crop_lo + t * a.dilation;
      return o >= 0 && o < a.out;
    };
    for (const int64_t i : samples(a.in)) {
      const detail::Span taps = detail::taps_from(index, static_cast<int>(i));
      for (int64_t t = 0; t < a.kernel; ++t) {
        ASSERT_EQ(t >= taps.first && t < taps.first + taps.count, inside(i, t))
            << describe(a) << " i " << i << " t " << t;
      }
    }
    for (int64_t t = 0; t < a.kernel; ++t) {
      const detail::Span inputs = detail::inputs_through(index, static_cast<int>(t));
      for (const int64_t i : samples(a.in)) {
        ASSERT_EQ(i >= inputs.first && i < inputs.first + inputs.count, inside(i, t))
            << describe(a) << " i " << i << " t " << t;
      }
    }
  }
}

TEST(Index, LimitsNameWhatIsTooLarge) {
  Problem p = Problem::parse("mb1_ic1oc1_ih65536iw65536_kh1kw1");
  EXPECT_EQ(detail::index_limit_reason(p),
            "input size per channel is 4294967296: must be at most 2147482623");
  p = Problem::parse("mb1_ic1oc1_iw2_kw1_sw2147483647");
  EXPECT_EQ(detail::index_limit_reason(p),
            "extent of an axis before cropping is 4294967295: must be at most 2147482623");
  p = Problem::parse("mb1_ic1oc1_ih4iw4_kh3kw3");
  EXPECT_EQ(detail::index_limit_reason(p), "");
}

}  // namespace
}  // namespace tconv
