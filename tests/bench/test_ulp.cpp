// Distances in numbers of a type, against stepping from one to the other.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "bench/tensor.h"
#include "bench/ulp.h"

namespace tconv::bench {
namespace {

int64_t distance(float a, float b, DType dtype) {
  const TensorShape one{1, 1, 2, {1, 1, 2}};
  const std::vector<float> left{1, a}, right{1, b};
  return ulp_spread(encode(left, one, {dtype}), encode(right, one, {dtype}), dtype);
}

TEST(UlpSpread, CountsStepsOfF32) {
  for (const float start : {1.0F, -3.5F, 0.0F, 1e-40F, 65504.0F}) {
    float x = start;
    for (int steps = 0; steps < 5; ++steps) {
      EXPECT_EQ(distance(start, x, DType::f32), steps) << start;
      EXPECT_EQ(distance(x, start, DType::tf32), steps) << start;
      x = std::nextafter(x, std::numeric_limits<float>::infinity());
    }
  }
}

TEST(UlpSpread, CountsStepsOfNarrowTypes) {
  EXPECT_EQ(distance(1, 1 + 0x1p-10F, DType::f16), 1);
  EXPECT_EQ(distance(1, 1 + 3 * 0x1p-10F, DType::f16), 3);
  EXPECT_EQ(distance(2, 2 - 0x1p-10F, DType::f16), 1);
  EXPECT_EQ(distance(1, 1 + 0x1p-7F, DType::bf16), 1);
  EXPECT_EQ(distance(-0x1p-24F, 0x1p-24F, DType::f16), 2) << "over zero";
  EXPECT_EQ(distance(0.0F, -0.0F, DType::bf16), 0);
}

TEST(UlpSpread, IsThatOfTheWorstElement) {
  const std::vector<float> a{1, 2, 3}, b{1, std::nextafter(2.0F, 3.0F), 3 + 0x1p-20F};
  const TensorShape three{1, 1, 3, {1, 1, 3}};
  EXPECT_EQ(ulp_spread(encode(a, three, {}), encode(b, three, {}), DType::f32), 4);
  EXPECT_EQ(ulp_spread({}, {}, DType::f32), 0);
}

}  // namespace
}  // namespace tconv::bench
