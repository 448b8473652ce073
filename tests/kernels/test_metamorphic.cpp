// What must hold between two runs of one strategy, whatever the right answer is: relations that no
// oracle takes part in. Integers small enough for every sum to be exact, so all of it to the bit.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/kernels/contenders.h"
#include "tests/kernels/random_problem.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

using Values = std::vector<float>;

/// Even and odd everything; channels that tensor cores and vector loads take; three axes.
constexpr std::array kProblems = {
    "mb2_ic5oc3_ih5iw4_kh4kw3_sh2sw2_ph1pw1",
    "mb2_ic8oc8_iw9_kw5_sw3_dw1_pw2",
    "mb1_ic8oc16_id2ih3iw3_kd2kh3kw3_sd1sh2sw2_pd0ph1pw1",
};

/// Coordinates in a tensor [rows][d][h][w], where a row is all that comes before the space.
struct Box {
  int64_t d, h, w;
  int64_t size() const { return d * h * w; }
  size_t at(int64_t row, int64_t z, int64_t y, int64_t x) const {
    return static_cast<size_t>(((row * d + z) * h + y) * w + x);
  }
};
Box inputs_of(const Problem& p) { return {p.axes[0].in, p.axes[1].in, p.axes[2].in}; }
Box outputs_of(const Problem& p) { return {p.axes[0].out, p.axes[1].out, p.axes[2].out}; }
Box taps_of(const Problem& p) { return {p.axes[0].kernel, p.axes[1].kernel, p.axes[2].kernel}; }

template <class Body>
void for_each(const Box& box, Body body) {
  for (int64_t z = 0; z < box.d; ++z)
    for (int64_t y = 0; y < box.h; ++y)
      for (int64_t x = 0; x < box.w; ++x) body(z, y, x);
}

Values sum(Values a, const Values& b) {
  std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::plus<>());
  return a;
}

/// `rows` rows of `from`, beginning with the given one.
Values rows_of(const Values& from, int64_t first, int64_t rows, int64_t row_size) {
  const auto begin = from.begin() + first * row_size;
  return {begin, begin + rows * row_size};
}

/// Blocks of `block` elements in reverse order, in each of `outers` parts.
Values reversed(const Values& from, int64_t outers, int64_t blocks, int64_t block) {
  Values to(from.size());
  for (int64_t n = 0; n < outers; ++n) {
    for (int64_t b = 0; b < blocks; ++b) {
      const auto begin = from.begin() + (n * blocks + b) * block;
      std::copy(begin, begin + block, to.begin() + (n * blocks + blocks - 1 - b) * block);
    }
  }
  return to;
}

class MetamorphicTest : public testing::TestWithParam<Contender> {
 protected:
  Op op() const { return GetParam().strategy->op; }

  /// Room for sums of a few results.
  Tensors data(const Problem& p, uint64_t seed) const {
    return make_tensors(p, DataMode::int_exact, seed, 8 * max_terms(op(), p),
                        GetParam().config.dtype);
  }

  Values run(const Problem& p, const Tensors& t) const {
    const auto result = apply(*GetParam().strategy, p, GetParam().config, t);
    EXPECT_EQ(result.failure, "") << p.str();
    return result.output;
  }
  Values run(const Problem& p, const Values& x, const Values& w) const {
    return run(p, {x, w, Values(static_cast<size_t>(p.y_size()))});
  }

  /// For every problem that the strategy takes; a relation that makes others asks takes() itself.
  template <class Body>
  void for_problems(Body body) const {
    for (const char* text : kProblems) {
      const Problem p = Problem::parse(text);
      SCOPED_TRACE(text);
      if (takes(p)) body(p, data(p, 5));
    }
  }
  bool takes(const Problem& p) const { return !GetParam().skips(p); }
};

class FpropTest : public MetamorphicTest {};

TEST_P(MetamorphicTest, LinearInBothInputs) {
  for_problems([&](const Problem& p, const Tensors& a) {
    const Tensors b = data(p, 6);
    const bool reads_x = op() != Op::dgrad;
    Tensors left = a, both = a;  // f(a, w) + f(b, w) = f(a + b, w)
    (reads_x ? left.x : left.y) = reads_x ? b.x : b.y;
    (reads_x ? both.x : both.y) = reads_x ? sum(a.x, b.x) : sum(a.y, b.y);
    EXPECT_EQ(run(p, both), sum(run(p, a), run(p, left)));
    const bool reads_w = op() != Op::wgrad;
    Tensors right = a, all = a;
    (reads_w ? right.w : right.y) = reads_w ? b.w : b.y;
    (reads_w ? all.w : all.y) = reads_w ? sum(a.w, b.w) : sum(a.y, b.y);
    EXPECT_EQ(run(p, all), sum(run(p, a), run(p, right)));
  });
}

TEST_P(MetamorphicTest, SamplesAreIndependent) {
  for_problems([&](const Problem& p, const Tensors& t) {
    Problem one = p;
    one.batch = 1;
    if (!takes(one)) return;
    Values parts;
    for (int64_t n = 0; n < p.batch; ++n) {
      const Values part =
          run(one, {rows_of(t.x, n, 1, one.x_size()), t.w, rows_of(t.y, n, 1, one.y_size())});
      if (op() == Op::wgrad && n > 0) {
        parts = sum(parts, part);  // one gradient, summed over the batch
      } else {
        parts.insert(parts.end(), part.begin(), part.end());
      }
    }
    EXPECT_EQ(run(p, t), parts);
  });
}

TEST_P(FpropTest, AShiftedInputIsAnOutputShiftedByTheStride) {
  for_problems([&](const Problem& p, Tensors t) {
    const Box in = inputs_of(p), out = outputs_of(p);
    Values shifted(t.x.size());
    for (int64_t row = 0; row < p.batch * p.in_channels; ++row) {
      for_each(in, [&](int64_t z, int64_t y, int64_t x) {
        if (x == in.w - 1) t.x[in.at(row, z, y, x)] = 0;  // what would be pushed out
        if (x > 0) shifted[in.at(row, z, y, x)] = t.x[in.at(row, z, y, x - 1)];
      });
    }
    const Values before = run(p, t), after = run(p, shifted, t.w);
    const int64_t stride = p.axes[2].stride;
    for (int64_t row = 0; row < p.batch * p.out_channels; ++row) {
      for_each(out, [&](int64_t z, int64_t y, int64_t x) {
        if (x < stride) return;
        EXPECT_EQ(after[out.at(row, z, y, x)], before[out.at(row, z, y, x - stride)]);
      });
    }
  });
}

TEST_P(FpropTest, PermutedChannelsArePermutedOutputs) {
  for_problems([&](const Problem& p, const Tensors& t) {
    const Values y = run(p, t);
    const Values w_out = reversed(t.w, p.in_channels, p.out_channels, p.taps());
    EXPECT_EQ(run(p, t.x, w_out), reversed(y, p.batch, p.out_channels, p.out_spatial()));
    const Values x_in = reversed(t.x, p.batch, p.in_channels, p.in_spatial());
    const Values w_in = reversed(t.w, 1, p.in_channels, p.out_channels * p.taps());
    EXPECT_EQ(run(p, x_in, w_in), y);
  });
}

TEST_P(FpropTest, GroupsAreABlockDiagonal) {
  for (const char* text : {"g2mb2_ic6oc4_ih4iw3_kh3kw3_sh2sw2_ph1pw1",
                           "g3mb1_ic24oc24_iw7_kw4_sw2_pw1", "g8mb1_ic8oc8_ih3iw3_kh2kw2_sh2sw2"}) {
    const Problem grouped = Problem::parse(text);
    Problem dense = grouped;
    dense.groups = 1;
    if (!takes(grouped) || !takes(dense)) continue;
    const Tensors t = data(dense, 5);  // smaller numbers: more terms
    const Values w = rows_of(t.w, 0, 1, grouped.w_size());
    Values diagonal(t.w.size());
    for (int64_t ic = 0; ic < dense.in_channels; ++ic) {
      const int64_t size = grouped.oc_per_group() * grouped.taps();
      const int64_t group = ic / grouped.ic_per_group();
      std::copy_n(w.begin() + ic * size, size,
                  diagonal.begin() + (ic * grouped.groups + group) * size);
    }
    EXPECT_EQ(run(grouped, t.x, w), run(dense, t.x, diagonal)) << text;
  }
}

TEST_P(FpropTest, AnImpulseGivesTheKernel) {
  for_problems([&](const Problem& p, const Tensors& t) {
    const Box in = inputs_of(p), out = outputs_of(p), taps = taps_of(p);
    const auto& [D, H, W] = p.axes;
    const int64_t ic = p.in_channels - 1;
    const int64_t id = in.d / 2, ih = in.h - 1, iw = in.w / 2;
    Values x(t.x.size()), want(static_cast<size_t>(p.y_size()));
    x[in.at(ic, id, ih, iw)] = 1;  // in the first sample
    for (int64_t oc = 0; oc < p.out_channels; ++oc) {
      for_each(taps, [&](int64_t td, int64_t th, int64_t tw) {
        const int64_t od = id * D.stride - D.crop_lo + td * D.dilation;
        const int64_t oh = ih * H.stride - H.crop_lo + th * H.dilation;
        const int64_t ow = iw * W.stride - W.crop_lo + tw * W.dilation;
        const bool inside = od >= 0 && od < out.d && oh >= 0 && oh < out.h && ow >= 0 && ow < out.w;
        if (inside)
          want[out.at(oc, od, oh, ow)] = t.w[taps.at(ic * p.out_channels + oc, td, th, tw)];
      });
    }
    EXPECT_EQ(run(p, x, t.w), want);
  });
}

TEST_P(FpropTest, DilationIsAKernelStuffedWithZeros) {
  for_problems([&](const Problem& p, const Tensors&) {
    Problem dilated = p, stuffed = p;
    for (size_t a = 3 - static_cast<size_t>(p.rank); a < 3; ++a) {
      dilated.axes[a].dilation = 3;
      stuffed.axes[a].dilation = 1;
      stuffed.axes[a].kernel = 3 * (p.axes[a].kernel - 1) + 1;
      dilated.axes[a].out = stuffed.axes[a].out = dilated.axes[a].full() - p.axes[a].crop_lo;
    }
    if (!takes(dilated) || !takes(stuffed)) return;
    const Tensors t = data(dilated, 5);
    const Box taps = taps_of(dilated), places = taps_of(stuffed);
    Values w(static_cast<size_t>(stuffed.w_size()));
    for (int64_t row = 0; row < p.in_channels * p.out_channels; ++row) {
      for_each(taps, [&](int64_t z, int64_t y, int64_t x) {
        w[places.at(row, z * dilated.axes[0].dilation, y * dilated.axes[1].dilation,
                    x * dilated.axes[2].dilation)] = t.w[taps.at(row, z, y, x)];
      });
    }
    EXPECT_EQ(run(dilated, t.x, t.w), run(stuffed, t.x, w));
  });
}

TEST_P(FpropTest, ACropIsASlice) {
  for_problems([&](const Problem& p, const Tensors& t) {
    Problem whole = p;
    for (Axis& a : whole.axes) {
      a.out = a.full();
      a.crop_lo = 0;
    }
    if (!takes(whole)) return;
    const Values all = run(whole, t.x, t.w);
    const Box from = outputs_of(whole), to = outputs_of(p);
    Values slice(static_cast<size_t>(p.y_size()));
    for (int64_t row = 0; row < p.batch * p.out_channels; ++row) {
      for_each(to, [&](int64_t z, int64_t y, int64_t x) {
        slice[to.at(row, z, y, x)] =
            all[from.at(row, z + p.axes[0].crop_lo, y + p.axes[1].crop_lo, x + p.axes[2].crop_lo)];
      });
    }
    EXPECT_EQ(run(p, t), slice);
  });
}

TEST_P(FpropTest, PhasesDoNotMixAndAddUp) {
  for_problems([&](const Problem& p, const Tensors& t) {
    const Axis& axis = p.axes[2];
    const Box taps = taps_of(p), out = outputs_of(p);
    Values total(static_cast<size_t>(p.y_size()));
    for (int64_t residue = 0; residue < axis.stride; ++residue) {
      Values w = t.w;  // only the taps that go to this residue of o + crop
      for (int64_t row = 0; row < p.in_channels * p.out_channels; ++row) {
        for_each(taps, [&](int64_t z, int64_t y, int64_t x) {
          if (x * axis.dilation % axis.stride != residue) w[taps.at(row, z, y, x)] = 0;
        });
      }
      const Values phase = run(p, t.x, w);
      total = sum(std::move(total), phase);
      for (int64_t row = 0; row < p.batch * p.out_channels; ++row) {
        for_each(out, [&](int64_t z, int64_t y, int64_t x) {
          if ((x + axis.crop_lo) % axis.stride == residue) return;
          EXPECT_EQ(phase[out.at(row, z, y, x)], 0) << "of another phase";
        });
      }
    }
    EXPECT_EQ(run(p, t), total);
  });
}

std::vector<Contender> contenders_of(bool fprop_only) {
  std::vector<Contender> all = contenders();
  std::erase_if(all, [&](const Contender& c) {
    const Op op = c.strategy->op;
    return c.config.epilogue != Epilogue::none ||
           (fprop_only ? op != Op::fprop : op != Op::fprop && op != Op::dgrad && op != Op::wgrad);
  });
  return all;
}

const auto kName = [](const auto& row) { return row.param.name(); };
INSTANTIATE_TEST_SUITE_P(All, MetamorphicTest, testing::ValuesIn(contenders_of(false)), kName);
INSTANTIATE_TEST_SUITE_P(All, FpropTest, testing::ValuesIn(contenders_of(true)), kName);

// Every strategy against every other of its op, in every layout of a type.
TEST(Differential, AllStrategiesAgreeToTheBit) {
  RandomProblems random(23);
  for (uint64_t n = 0; n < 25; ++n) {
    const Problem p = random.next();
    std::map<std::tuple<Op, DType>, std::pair<std::string, Values>> first;
    for (const Contender& c : contenders_of(false)) {
      if (c.skips(p)) continue;
      const Op op = c.strategy->op;
      const DType dtype = c.config.dtype;
      const Tensors t = make_tensors(p, DataMode::int_exact, n, max_terms(op, p), dtype);
      const auto run = apply(*c.strategy, p, c.config, t);
      EXPECT_EQ(run.failure, "") << c << ' ' << p.str();
      const auto [other, is_new] = first.try_emplace({op, dtype}, c.name(), run.output);
      if (!is_new) {
        EXPECT_EQ(run.output, other->second.second)
            << c << " and " << other->second.first << ' ' << p.str();
      }
    }
  }
}

}  // namespace
}  // namespace tconv
