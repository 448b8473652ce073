// Tensors of more than 2^31 elements. The virtual GPU's memory is backed only where it is touched,
// so the problems of Sparse are such that a launch touches little: gradients at a stride of 2^29,
// and an fprop whose crop leaves a corner of a 2^30 map. A small problem with the same taps says
// what is right. An output is written from end to end: Dense takes 8.6 GB and minutes, and runs
// only with TCONV_HUGE set.
#include <array>
#include <cstdlib>
#include <tuple>

#include <gtest/gtest.h>

#include "bench/tensor.h"
#include "kernels/detail/device_buffer.h"
#include "tests/kernels/contenders.h"
#include "tests/kernels/run_strategy.h"

namespace tconv {
namespace {

/// A huge problem, the small one with the same answer, and where the small one's positions are in
/// the huge tensor (x for fprop, y for the gradients).
struct Pair {
  const char* name;
  Op op;
  const char* huge;
  const char* small;
  int64_t (*place)(int64_t small_position);
};

/// Outputs 0, 1, 2, 3 of stride 2 are outputs 0, 1, 2^29, 2^29 + 1 of stride 2^29.
int64_t far_apart(int64_t o) { return o % 2 + o / 2 * (int64_t{1} << 29); }

/// The last 3 x 3 positions of a map of 2^15 x 2^15.
int64_t last_corner(int64_t i) {
  constexpr int64_t kSide = int64_t{1} << 15, kFirst = kSide - 3;
  return (kFirst + i / 3) * kSide + kFirst + i % 3;
}

// Several of what comes before the position: samples, channels, groups.
constexpr std::array kPairs = {
    Pair{"dgrad_samples", Op::dgrad, "mb5_ic2iw2_oc1_kw2_sw536870912", "mb5_ic2iw2_oc1_kw2_sw2",
         far_apart},
    Pair{"dgrad_channels", Op::dgrad, "mb1_ic2iw2_oc5_kw2_sw536870912", "mb1_ic2iw2_oc5_kw2_sw2",
         far_apart},
    Pair{"dgrad_groups", Op::dgrad, "g5mb1_ic10iw2_oc5_kw2_sw536870912",
         "g5mb1_ic10iw2_oc5_kw2_sw2", far_apart},
    Pair{"wgrad_samples", Op::wgrad, "mb5_ic2iw2_oc1_kw2_sw536870912", "mb5_ic2iw2_oc1_kw2_sw2",
         far_apart},
    Pair{"wgrad_channels", Op::wgrad, "mb1_ic2iw2_oc5_kw2_sw536870912", "mb1_ic2iw2_oc5_kw2_sw2",
         far_apart},
    Pair{"wgrad_groups", Op::wgrad, "g5mb1_ic10iw2_oc5_kw2_sw536870912",
         "g5mb1_ic10iw2_oc5_kw2_sw2", far_apart},
    Pair{"fprop_samples", Op::fprop, "mb3_ic1ih32768iw32768_oc2oh3ow3_kh2kw2_sh1sw1_ph32766pw32766",
         "mb3_ic1ih3iw3_oc2oh3ow3_kh2kw2_sh1sw1_ph1pw1", last_corner},
    Pair{"fprop_channels", Op::fprop,
         "mb1_ic3ih32768iw32768_oc2oh3ow3_kh2kw2_sh1sw1_ph32766pw32766",
         "mb1_ic3ih3iw3_oc2oh3ow3_kh2kw2_sh1sw1_ph1pw1", last_corner},
    Pair{"fprop_groups", Op::fprop,
         "g3mb1_ic3ih32768iw32768_oc6oh3ow3_kh2kw2_sh1sw1_ph32766pw32766",
         "g3mb1_ic3ih3iw3_oc6oh3ow3_kh2kw2_sh1sw1_ph1pw1", last_corner},
};

void run(const Strategy& s, const Problem& p, const Config& config, float* x, float* w, float* y) {
  const DeviceBuffer<std::byte> workspace(s.workspace(p, config));
  Call call{.problem = p,
            .config = config,
            .x = x,
            .w = w,
            .y = y,
            .bias = nullptr,
            .workspace = workspace.data(),
            .prepared = nullptr,
            .stream = nullptr};
  std::unique_ptr<Prepared> prepared;
  if (s.prepare) prepared = s.prepare(call);
  call.prepared = prepared.get();
  s.launch(call);
  TCONV_CUDA(cudaDeviceSynchronize());
}

std::vector<const Strategy*> fprop_strategies() {
  std::vector<const Strategy*> all = own_strategies();
  std::erase_if(all, [](const Strategy* s) { return s->op != Op::fprop; });
  return all;
}

class HugeTest : public testing::TestWithParam<std::tuple<Pair, Layout>> {
 protected:
  /// The huge tensor on the device with the small one's elements in their places.
  DeviceBuffer<float> scattered(const std::vector<float>& small, int64_t outers, int64_t channels) {
    const int64_t positions = pair_.op == Op::fprop ? huge_.in_spatial() : huge_.out_spatial();
    const auto few = static_cast<int64_t>(small.size()) / outers / channels;
    DeviceBuffer<float> buffer(outers * channels * positions);
    EXPECT_GT(buffer.size(), int64_t{1} << 31);
    size_t next = 0;
    for (int64_t row = 0; row < outers * channels; ++row) {
      for (int64_t i = 0; i < few; ++i, ++next) {
        const int64_t at = pair_.place(i);
        const int64_t to = config_.layout == Layout::nchw
                               ? row * positions + at
                               : (row / channels * positions + at) * channels + row % channels;
        TCONV_CUDA(
            cudaMemcpy(buffer.data() + to, &small[next], sizeof(float), cudaMemcpyHostToDevice));
      }
    }
    return buffer;
  }

  /// True if the strategy takes the problem and touches little of it: no pass over all inputs, no
  /// copy of them.
  bool is_cheap(const Strategy& s) const {
    return s.op == pair_.op && refusal(s, huge_, config_).empty() &&
           s.macs_executed(huge_, config_) < 1'000'000 && s.workspace(huge_, config_) < 1 << 20 &&
           s.name.rfind("scatter", 0) != 0;
  }

  void expect_right(const Strategy& s) {
    const Op op = pair_.op;
    const Case c(op, small_, DataMode::int_exact, 5, config_);
    const auto upload = [&](const std::vector<float>& host, bench::Tensor tensor) {
      const auto stored = encode(host, shape_of(small_, tensor), config_);
      return DeviceBuffer<float>(
          std::span(reinterpret_cast<const float*>(stored.data()), host.size()));
    };
    const auto x = op == Op::fprop ? scattered(c.data.x, huge_.batch, huge_.in_channels)
                                   : upload(c.data.x, bench::Tensor::x);
    const auto w = upload(c.data.w, bench::Tensor::w);
    const auto y = op == Op::fprop ? upload(c.data.y, bench::Tensor::y)
                                   : scattered(c.data.y, huge_.batch, huge_.out_channels);
    run(s, huge_, config_, x.data(), w.data(), y.data());
    const auto stored = (op == Op::fprop ? y : op == Op::dgrad ? x : w).download();
    const auto got =
        decode(std::as_bytes(std::span(stored)), shape_of(small_, bench::output_of(op)), config_);
    ASSERT_EQ(got.size(), c.want.value.size());
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(got[i], c.want.value[i]) << s.name << ' ' << i;
  }

  const Pair pair_ = std::get<0>(GetParam());
  const Config config_{DType::f32, std::get<1>(GetParam())};
  const Problem huge_ = Problem::parse(pair_.huge), small_ = Problem::parse(pair_.small);
};

TEST_P(HugeTest, OffsetsBeyond31BitsAreRight) {
  int taken = 0;
  for (const Strategy* s : own_strategies()) {
    if (!is_cheap(*s)) continue;
    expect_right(*s);
    ++taken;
  }
  if (taken == 0) GTEST_SKIP() << "nobody takes it";
}

INSTANTIATE_TEST_SUITE_P(Sparse, HugeTest,
                         testing::Combine(testing::ValuesIn(kPairs),
                                          testing::Values(Layout::nchw, Layout::nhwc)),
                         [](const auto& row) {
                           return std::get<0>(row.param).name +
                                  ('_' + std::string(to_string(std::get<1>(row.param))));
                         });

/// k = s = 2: each output is one product, y[oc][h][w] = x[h/2][w/2] * w[oc][h%2][w%2].
class HugeOutputTest : public testing::TestWithParam<const Strategy*> {
 protected:
  void SetUp() override {
    if (std::getenv("TCONV_HUGE") == nullptr) GTEST_SKIP() << "TCONV_HUGE is not set";
    const std::string reason = refusal(*GetParam(), problem_, {});
    if (!reason.empty()) GTEST_SKIP() << reason;
  }

  void expect_channel(const DeviceBuffer<float>& y, int64_t oc, const Tensors& data) {
    std::vector<float> channel(static_cast<size_t>(problem_.out_spatial()));
    TCONV_CUDA(cudaMemcpy(channel.data(), y.data() + oc * problem_.out_spatial(),
                          channel.size() * sizeof(float), cudaMemcpyDeviceToHost));
    const auto width = static_cast<size_t>(problem_.axes[2].out);
    size_t wrong = 0;
    for (size_t o = 0; o < channel.size(); ++o) {
      const size_t h = o / width, w = o % width;
      const size_t tap = static_cast<size_t>(oc) * 4 + h % 2 * 2 + w % 2;
      wrong += channel[o] != data.x[h / 2 * (width / 2) + w / 2] * data.w[tap] ? 1 : 0;
    }
    EXPECT_EQ(wrong, 0u) << "channel " << oc;
  }

  const Problem problem_ = Problem::parse("mb1_ic1oc2052_ih512iw512_kh2kw2_sh2sw2");
};

TEST_P(HugeOutputTest, OfMoreThan31BitsIsRight) {
  Tensors data{std::vector<float>(static_cast<size_t>(problem_.x_size())),
               std::vector<float>(static_cast<size_t>(problem_.w_size())),
               {}};
  fill(data.x, DataMode::int_exact, DType::f32, 1, 1);
  fill(data.w, DataMode::int_exact, DType::f32, 2, 1);
  const DeviceBuffer<float> x{std::span<const float>(data.x)}, w{std::span<const float>(data.w)};
  const DeviceBuffer<float> y(problem_.y_size());
  ASSERT_GT(y.size(), int64_t{1} << 31);
  run(*GetParam(), problem_, {}, x.data(), w.data(), y.data());
  for (int64_t oc = 0; oc < problem_.out_channels; ++oc) expect_channel(y, oc, data);
}

INSTANTIATE_TEST_SUITE_P(Dense, HugeOutputTest, testing::ValuesIn(fprop_strategies()),
                         [](const auto& row) { return row.param->name; });

}  // namespace
}  // namespace tconv
