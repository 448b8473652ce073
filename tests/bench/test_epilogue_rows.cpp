// Rows with an epilogue pass through the same net: the unfused launch in every type and layout, and
// fused answers that are wrong in one way each.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bench/row_runner.h"
#include "bench/selection.h"
#include "kernels/detail/unfused.h"
#include "tests/bench/misbehaving.h"

namespace tconv::bench {
namespace {

constexpr const char* kOdd = "g2mb2_ic6oc6_ih3iw5_kh3kw2_sh2sw2_ph1pw0";

std::vector<float> widened(const void* device, const TensorShape& shape, const Config& config) {
  std::vector<std::byte> bytes(static_cast<size_t>(shape.size() * size_of(config.dtype)));
  TCONV_CUDA(cudaMemcpy(bytes.data(), device, bytes.size(), cudaMemcpyDeviceToHost));
  return decode(bytes, shape, config);
}

void store(void* device, const std::vector<float>& logical, const TensorShape& shape,
           const Config& config) {
  const std::vector<std::byte> bytes = encode(logical, shape, config);
  TCONV_CUDA(cudaMemcpy(device, bytes.data(), bytes.size(), cudaMemcpyHostToDevice));
}

/// Sums without an epilogue, in any type and layout.
std::vector<float> sums(const Call& call) {
  const Problem& p = call.problem;
  const OracleResult y = gather_oracle(p, widened(call.x, x_shape(p), call.config),
                                       widened(call.w, w_shape(p), call.config));
  return {y.value.begin(), y.value.end()};
}

Strategy host_strategy(std::function<void(const Call&)> launch) {
  Strategy s = strategy_with([](const Call&, std::vector<float>&) {});
  s.launch = std::move(launch);
  return s;
}

/// Fuses the epilogue with an activation and a choice of bias of the test's own.
using Activation = std::function<float(float)>;
using BiasIndex = std::function<int64_t(int64_t channel)>;
Strategy fused(
    Activation activation, BiasIndex index = [](int64_t c) { return c; }) {
  return host_strategy([=](const Call& call) {
    const Problem& p = call.problem;
    std::vector<float> y = sums(call);
    const std::vector<float> bias = from_device(call.bias, p.out_channels);
    for (size_t i = 0; i < y.size(); ++i) {
      const int64_t channel = static_cast<int64_t>(i) / p.out_spatial() % p.out_channels;
      y[i] = activation(y[i] + bias[static_cast<size_t>(index(channel))]);
    }
    store(call.y, y, y_shape(p), call.config);
  });
}

float same(float v) { return v; }
float leaky(float v) { return v < 0 ? 0.2F * v : v; }

RowResult run(const Strategy& strategy, const Config& config, DataMode data = DataMode::int_exact,
              const std::string& problem = kOdd) {
  RunOptions options;
  options.verify_only = true;
  options.check_data = data;
  RowRunner runner(find_backend(), device_profile("h100-sxm"), std::move(options));
  RowResult result = runner.run({1, &strategy, config, Problem::parse(problem)});
  result.row.strategy = nullptr;
  return result;
}

constexpr Epilogue kAll[] = {Epilogue::bias, Epilogue::bias_relu, Epilogue::bias_leaky_relu,
                             Epilogue::bias_tanh};

TEST(UnfusedRow, IsRightInEveryTypeAndLayout) {
  const Strategy unfused = detail::unfused(host_strategy([](const Call& call) {
    EXPECT_EQ(call.config.epilogue, Epilogue::none);
    EXPECT_EQ(call.bias, nullptr);
    store(call.y, sums(call), y_shape(call.problem), call.config);
  }));
  for (const DType dtype : {DType::f32, DType::tf32, DType::f16, DType::bf16}) {
    for (const Layout layout : {Layout::nchw, Layout::nhwc}) {
      for (const Epilogue epilogue : kAll) {
        for (const DataMode data : {DataMode::int_exact, DataMode::normal}) {
          const RowResult result = run(unfused, {dtype, layout, epilogue}, data);
          EXPECT_EQ(result.status, Status::passed)
              << to_string(dtype) << ' ' << to_string(layout) << ' ' << to_string(epilogue) << ": "
              << result.reason;
        }
      }
    }
  }
}

TEST(UnfusedRow, TakesSizesThatAreNoMultipleOfItsVectors) {
  const Strategy unfused = detail::unfused(host_strategy(
      [](const Call& call) { store(call.y, sums(call), y_shape(call.problem), call.config); }));
  for (const char* problem : {"mb1ic3oc1iw1kw7", "mb3ic2oc5iw1kw1", "mb0ic2oc3iw4kw2",
                              "mb1ic2oc3id2kd2", "mb1ic2oc1ih16oh32kh4sh2ph1"}) {
    const RowResult result =
        run(unfused, {DType::f32, Layout::nchw, Epilogue::bias}, DataMode::int_exact, problem);
    EXPECT_EQ(result.status, Status::passed) << problem << ": " << result.reason;
  }
}

TEST(UnfusedRow, NeverStandsForNoEpilogue) {
  const RowResult result = run(detail::unfused(fused(same)), {});
  EXPECT_EQ(result.status, Status::skipped);
  EXPECT_EQ(result.reason, "epilogue none: nothing to leave to a second launch");
}

TEST(FusedRow, PassesTheRightAnswer) {
  EXPECT_EQ(run(fused(same), {.epilogue = Epilogue::bias}).reason, "");
  EXPECT_EQ(run(fused(leaky), {.epilogue = Epilogue::bias_leaky_relu}).reason, "");
  EXPECT_EQ(
      run(fused([](float v) { return std::tanh(v); }), {.epilogue = Epilogue::bias_tanh}).reason,
      "");
}

TEST(FusedRow, CatchesWhatIsWrong) {
  struct Fault {
    const char* what;
    Epilogue epilogue;
    Strategy strategy;
  };
  const std::vector<Fault> faults = {
      {"another slope", Epilogue::bias_leaky_relu,
       fused([](float v) { return v < 0 ? 0.01F * v : v; })},
      {"the slope on the wrong side", Epilogue::bias_leaky_relu,
       fused([](float v) { return v > 0 ? 0.2F * v : v; })},
      {"no activation", Epilogue::bias_relu, fused(same)},
      {"NaN", Epilogue::bias_relu, fused([](float v) { return v < 0 ? std::nanf("") : v; })},
      {"the bias of the first group", Epilogue::bias, fused(same, [](int64_t c) { return c % 3; })},
      {"the neighbour's bias", Epilogue::bias,
       fused(same, [](int64_t c) { return std::min<int64_t>(c + 1, 5); })},
      {"a coarse tanh", Epilogue::bias_tanh,
       fused([](float v) { return std::tanh(v) * (1 + 0x1p-11F); })},
      {"no epilogue at all", Epilogue::bias, host_strategy([](const Call& call) {
         store(call.y, sums(call), y_shape(call.problem), call.config);
       })},
  };
  for (const auto& [what, epilogue, strategy] : faults) {
    for (const DataMode data : {DataMode::int_exact, DataMode::normal}) {
      EXPECT_EQ(run(strategy, {.epilogue = epilogue}, data).status, Status::failed) << what;
    }
  }
}

TEST(FusedRow, CatchesAChangedBias) {
  const Strategy s = host_strategy([](const Call& call) {
    store(call.y, sums(call), y_shape(call.problem), call.config);
    TCONV_CUDA(cudaMemset(const_cast<float*>(call.bias) + 4, 0x11, 4));
  });
  EXPECT_EQ(run(s, {.epilogue = Epilogue::bias}).reason, "changed its input bias at element 4");
}

TEST(EpilogueRow, IsOfFpropOnly) {
  Strategy s = fused(same);
  s.op = Op::dgrad;
  const RowResult result = run(s, {.epilogue = Epilogue::bias});
  EXPECT_EQ(result.status, Status::skipped);
  EXPECT_EQ(result.reason, "epilogue bias: of fprop only");
}

TEST(EpilogueRow, UnfusedTwinsAreSelectedWithAnEpilogueOnly) {
  const std::vector<Strategy> both{fused(same), detail::unfused(fused(same))};
  Options options;
  options.problems = {Problem::parse(kOdd)};
  options.epilogues = {Epilogue::none, Epilogue::bias_relu};
  std::vector<std::string> names;
  for (const Row& row : select_rows(options, both)) names.push_back(row.name());
  const std::string tail = "/f32/nchw/" + Problem::parse(kOdd).str();
  EXPECT_EQ(names, (std::vector<std::string>{"fprop/fake" + tail, "fprop+bias_relu/fake" + tail,
                                             "fprop+bias_relu/fake_unfused" + tail}));
}

}  // namespace
}  // namespace tconv::bench
