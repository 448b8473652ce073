#include <cstring>
#include <numeric>

#include <gtest/gtest.h>

#include "bench/tensor.h"

namespace tconv::bench {
namespace {

TEST(TensorShape, FollowsTheProblemsRankAndGroups) {
  const Problem p = Problem::parse("g2mb3ic4oc6iw5kw3sw2");
  EXPECT_EQ(x_shape(p).dims, (std::vector<int64_t>{3, 4, 5}));
  EXPECT_EQ(w_shape(p).dims, (std::vector<int64_t>{4, 3, 3}));  // oc per group
  EXPECT_EQ(y_shape(p).dims, (std::vector<int64_t>{3, 6, 11}));
  EXPECT_EQ(y_shape(p).size(), p.y_size());
}

TEST(Encoding, PutsChannelsLastForNhwc) {
  const TensorShape shape{1, 2, 3, {1, 2, 3}};
  const std::vector<float> logical{1, 2, 3, 4, 5, 6};  // channel 0: 1 2 3, channel 1: 4 5 6
  const auto bytes = encode(logical, shape, {DType::f32, Layout::nhwc});
  std::vector<float> stored(6);
  std::memcpy(stored.data(), bytes.data(), bytes.size());
  EXPECT_EQ(stored, (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST(Encoding, UsesTheBitPatternsOfEachType) {
  const TensorShape one{1, 1, 1, {1}};
  const std::vector<float> value{-1.5F};
  const auto bits = [&](DType dtype) {
    const auto bytes = encode(value, one, {dtype, Layout::nchw});
    uint32_t pattern = 0;
    std::memcpy(&pattern, bytes.data(), bytes.size());
    return pattern;
  };
  EXPECT_EQ(bits(DType::f32), 0xBFC00000u);
  EXPECT_EQ(bits(DType::tf32), 0xBFC00000u);
  EXPECT_EQ(bits(DType::f16), 0xBE00u);   // sign, exponent 15, mantissa 0x200
  EXPECT_EQ(bits(DType::bf16), 0xBFC0u);  // upper half of the float
}

TEST(Encoding, ComesBackUnchanged) {
  const Problem p = Problem::parse("mb2ic3oc4ih3iw5kh3kw2sh2sw1");
  const TensorShape shape = x_shape(p);
  std::vector<float> logical(static_cast<size_t>(shape.size()));
  std::iota(logical.begin(), logical.end(), -20.0F);
  for (const DType dtype : {DType::f32, DType::tf32, DType::f16, DType::bf16}) {
    for (const Layout layout : {Layout::nchw, Layout::nhwc}) {
      const auto bytes = encode(logical, shape, {dtype, layout});
      EXPECT_EQ(bytes.size(), logical.size() * static_cast<size_t>(size_of(dtype)));
      EXPECT_EQ(decode(bytes, shape, {dtype, layout}), logical);
    }
  }
}

}  // namespace
}  // namespace tconv::bench
