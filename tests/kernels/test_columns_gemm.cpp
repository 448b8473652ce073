// What cuBLAS is asked for, without cuBLAS: the plan, carried out by three loops, must give the
// columns that the operator's definition gives.
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/vendor/columns_gemm.h"
#include "tests/kernels/nasty_problems.h"

namespace tconv::cublas {
namespace {

using Values = std::vector<float>;

/// Small integers without a pattern that a wrong stride could share: every sum is exact.
Values numbers(int64_t size, unsigned seed) {
  Values values(static_cast<size_t>(size));
  for (float& value : values) {
    seed = seed * 1664525U + 1013904223U;
    value = static_cast<float>(seed >> 28) - 7;
  }
  return values;
}

/// op(matrix)[row][col] of a matrix stored column by column.
float element(const Values& from, const Operand& operand, int64_t start, int64_t row, int64_t col) {
  return from.at(static_cast<size_t>(
      start + (operand.transposed ? row * operand.leading + col : col * operand.leading + row)));
}

/// As BLAS defines a strided batched product; what it does not write stays NaN.
Values carry_out(const ColumnsGemm& gemm, const Values& x, const Values& w, int64_t size) {
  const Values &a = gemm.weights_first ? w : x, &b = gemm.weights_first ? x : w;
  const Operand &at_a = gemm.weights_first ? gemm.w : gemm.x,
                &at_b = gemm.weights_first ? gemm.x : gemm.w;
  Values c(static_cast<size_t>(size), std::numeric_limits<float>::quiet_NaN());
  for (int64_t loop = 0; loop < gemm.loops; ++loop) {
    for (int64_t item = 0; item < gemm.items; ++item) {
      const auto start = [&](const Operand& o) {
        return loop * o.loop_stride + item * o.item_stride;
      };
      for (int64_t col = 0; col < gemm.n; ++col) {
        for (int64_t row = 0; row < gemm.m; ++row) {
          float sum = 0;
          for (int64_t k = 0; k < gemm.k; ++k) {
            sum += element(a, at_a, start(at_a), row, k) * element(b, at_b, start(at_b), k, col);
          }
          c.at(static_cast<size_t>(start(gemm.columns) + col * gemm.columns.leading + row)) = sum;
        }
      }
    }
  }
  return c;
}

/// columns[sample][group] as detail/col2im.h says: what input i contributes to channel oc through
/// tap t.
Values defined(const Problem& p, Layout layout, int64_t samples, const Values& x, const Values& w) {
  const int64_t positions = p.in_spatial(), taps = p.taps();
  const int64_t ic = p.ic_per_group(), oc = p.oc_per_group();
  const bool last = layout == Layout::nhwc;
  Values columns;
  const auto contribution = [&](int64_t n, int64_t g, int64_t c, int64_t t, int64_t i) {
    float sum = 0;
    for (int64_t q = g * ic; q < (g + 1) * ic; ++q) {
      const int64_t at_x =
          last ? (n * positions + i) * p.in_channels + q : (n * p.in_channels + q) * positions + i;
      const int64_t at_w = last ? (q * taps + t) * oc + c : (q * oc + c) * taps + t;
      sum += x.at(static_cast<size_t>(at_x)) * w.at(static_cast<size_t>(at_w));
    }
    columns.push_back(sum);
  };
  for (int64_t n = 0; n < samples; ++n) {
    for (int64_t g = 0; g < p.groups; ++g) {
      if (last) {
        for (int64_t i = 0; i < positions; ++i)
          for (int64_t t = 0; t < taps; ++t)
            for (int64_t c = 0; c < oc; ++c) contribution(n, g, c, t, i);
      } else {
        for (int64_t c = 0; c < oc; ++c)
          for (int64_t t = 0; t < taps; ++t)
            for (int64_t i = 0; i < positions; ++i) contribution(n, g, c, t, i);
      }
    }
  }
  return columns;
}

class ColumnsGemmTest : public testing::TestWithParam<Layout> {
 protected:
  static void expect_columns(const Problem& p, int64_t samples) {
    const Values x = numbers(samples * p.in_channels * p.in_spatial(), 1);
    const Values w = numbers(p.w_size(), 2);
    const Values want = defined(p, GetParam(), samples, x, w);
    const ColumnsGemm gemm = plan_columns(p, GetParam(), samples);
    EXPECT_EQ(carry_out(gemm, x, w, static_cast<int64_t>(want.size())), want)
        << p.str() << ", samples " << samples;
  }
};

// Every rank, groups fewer and more than samples, depthwise, one position, one channel.
TEST_P(ColumnsGemmTest, GivesTheColumnsOfTheDefinition) {
  for (const NastyProblem& n : kNastyProblems) {
    SCOPED_TRACE(n.why);
    const Problem p = Problem::parse(n.descriptor);
    for (const int64_t samples : {1, 2, 5}) expect_columns(p, samples);
  }
}

// BLAS: columns may not be shorter than what is stored in them.
TEST_P(ColumnsGemmTest, LeadingDimensionsHoldAColumn) {
  for (const NastyProblem& n : kNastyProblems) {
    const ColumnsGemm gemm = plan_columns(Problem::parse(n.descriptor), GetParam(), 2);
    const Operand &a = gemm.weights_first ? gemm.w : gemm.x,
                  &b = gemm.weights_first ? gemm.x : gemm.w;
    EXPECT_GE(a.leading, a.transposed ? gemm.k : gemm.m) << n.descriptor;
    EXPECT_GE(b.leading, b.transposed ? gemm.n : gemm.k) << n.descriptor;
    EXPECT_GE(gemm.columns.leading, gemm.m) << n.descriptor;
  }
}

TEST_P(ColumnsGemmTest, TheLongerOfSamplesAndGroupsIsTheBatch) {
  const Problem depthwise = Problem::parse("g13mb2_ic13oc13_ih5iw4_kh4kw4_sh2sw2_ph1pw1");
  const Problem dense = Problem::parse("mb4_ic13oc13_ih5iw4_kh4kw4_sh2sw2_ph1pw1");
  EXPECT_EQ(plan_columns(depthwise, GetParam(), 2).items, 13);
  EXPECT_EQ(plan_columns(depthwise, GetParam(), 2).loops, 2);
  EXPECT_EQ(plan_columns(depthwise, GetParam(), 64).items, 64);
  EXPECT_EQ(plan_columns(depthwise, GetParam(), 64).loops, 13);
  EXPECT_EQ(plan_columns(dense, GetParam(), 4).loops, 1);
}

INSTANTIATE_TEST_SUITE_P(All, ColumnsGemmTest, testing::Values(Layout::nchw, Layout::nhwc),
                         [](const auto& row) { return std::string(to_string(row.param)); });

}  // namespace
}  // namespace tconv::cublas
