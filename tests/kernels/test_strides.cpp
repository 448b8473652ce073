// Where elements lie, and how far tables have to reach, against enumeration.
#include <algorithm>
#include <array>
#include <limits>

#include <gtest/gtest.h>

#include "kernels/detail/strides.cuh"
#include "tests/kernels/random_problem.h"

namespace tconv {
namespace {

using detail::ChannelStrides;

/// The largest value of at(d, h, w) over 0 <= each < counts.
template <class At>
int64_t largest(const std::array<int64_t, 3>& counts, At at) {
  int64_t most = std::numeric_limits<int64_t>::min();
  for (int64_t d = 0; d < counts[0]; ++d) {
    for (int64_t h = 0; h < counts[1]; ++h) {
      for (int64_t w = 0; w < counts[2]; ++w) most = std::max(most, at(d, h, w));
    }
  }
  return most;
}

TEST(Strides, ReachIsThatOfTheLastTapAndOfTheLastInput) {
  RandomProblems random(11);
  for (int i = 0; i < 500; ++i) {
    const Problem p = random.next();
    const auto& [d, h, w] = p.axes;
    EXPECT_EQ(detail::tap_reach_forward(p),
              largest({d.kernel, h.kernel, w.kernel},
                      [&](int64_t td, int64_t th, int64_t tw) {
                        return (td * d.dilation * h.out + th * h.dilation) * w.out +
                               tw * w.dilation;
                      }))
        << p.str();
    EXPECT_EQ(detail::input_reach(p),
              largest({d.in, h.in, w.in},
                      [&](int64_t id, int64_t ih, int64_t iw) {
                        return (id * d.stride * h.out + ih * h.stride) * w.out + iw * w.stride;
                      }))
        << p.str();
  }
}

// Tap t and the first of its class read inputs that lie (t - first) * dilation / stride apart.
TEST(Strides, ReachBackCoversEveryTapOfEveryClass) {
  RandomProblems random(12);
  for (int i = 0; i < 500; ++i) {
    const Problem p = random.next();
    const auto& [d, h, w] = p.axes;
    const auto back = [](const Axis& a, int64_t t) {
      int64_t first = t;
      for (int64_t c = t; c >= 0; --c) {
        if ((t - c) * a.dilation % a.stride == 0) first = c;
      }
      return (t - first) * a.dilation / a.stride;
    };
    EXPECT_GE(detail::tap_reach_back(p),
              largest({d.kernel, h.kernel, w.kernel},
                      [&](int64_t td, int64_t th, int64_t tw) {
                        return (back(d, td) * h.in + back(h, th)) * w.in + back(w, tw);
                      }))
        << p.str();
  }
}

TEST(Strides, ReachBeyond32BitsIsSaidNotWrapped) {
  constexpr int64_t kBeyond = detail::kIndexLimit + 1;
  const Problem p = Problem::parse("mb1_ic1oc1_ih1iw65536_oh2ow2_kh40000kw1_ph20000pw0");
  EXPECT_EQ(detail::tap_reach_back(p), kBeyond);
  const ChannelStrides nhwc{0, 1, 1 << 16, 8};
  EXPECT_EQ(detail::reach_in(nhwc, 1 << 16), kBeyond);
  EXPECT_EQ(detail::reach_in(nhwc, kBeyond), kBeyond);
  EXPECT_EQ(detail::reach_in(nhwc, 3), (3 << 16) + 8);
}

TEST(Strides, ElementsLieAsTheLayoutSays) {
  const Problem p = Problem::parse("g2mb3_ic6oc10_ih4iw5_kh2kw3_sh2sw2");
  const ChannelStrides first = detail::x_strides(p, Layout::nchw);
  EXPECT_EQ(first.group(1) + 2 * first.channel + 7 * first.pixel + 2 * first.sample,
            ((2 * 6 + 3 + 2) * 20) + 7);
  const ChannelStrides last = detail::x_strides(p, Layout::nhwc);
  EXPECT_EQ(last.group(1) + 2 * last.channel + 7 * last.pixel + 2 * last.sample,
            (2 * 20 + 7) * 6 + 3 + 2);
  const detail::Shape s = detail::make_shape(p);
  EXPECT_EQ(detail::weight_at(s, Layout::nchw, 4, 3, 5), (4 * 5 + 3) * 6 + 5);
  EXPECT_EQ(detail::weight_at(s, Layout::nhwc, 4, 3, 5), (4 * 6 + 5) * 5 + 3);
}

}  // namespace
}  // namespace tconv
