#include "bench/ptxvm_loads.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "bench/device_problem.h"
#include "bench/ptxvm_kernels.h"
#include "kernels/detail/device_buffer.h"
#include "kernels/strategy.h"

namespace tconv::bench {
namespace {

using Launch = std::function<void()>;

Launch tiled_sgemm(int n) {
  const std::vector<float> ones(static_cast<size_t>(n) * static_cast<size_t>(n), 1.0F);
  auto a = std::make_shared<DeviceBuffer<float>>(std::span<const float>(ones));
  auto b = std::make_shared<DeviceBuffer<float>>(std::span<const float>(ones));
  auto c = std::make_shared<DeviceBuffer<float>>(a->size());
  return [=] { launch_tiled_sgemm(a->data(), b->data(), c->data(), n, nullptr); };
}

Launch divergent(int threads) {
  auto steps = std::make_shared<DeviceBuffer<int>>(threads);
  return [=] { launch_divergent(steps->data(), threads, nullptr); };
}

/// The suite's own strategy on a layer of middle size: Mask R-CNN's mask head, 0.2 GFLOP.
Launch implicit_gemm() {
  const auto& all = strategies();
  const auto found = std::find_if(all.begin(), all.end(), [](const Strategy& s) {
    return s.op == Op::fprop && s.name == "implicit_gemm";
  });
  if (found == all.end()) throw std::logic_error("there is no strategy implicit_gemm");
  struct State {
    Row row;
    std::unique_ptr<DeviceProblem> device;
  };
  auto state = std::make_shared<State>();
  state->row = {
      1, &*found, {}, Problem::parse("mb1_ic256ih14_oc256oh28_kh2_sh2n\"maskrcnn:mask_head\"")};
  const int64_t workspace = found->workspace(state->row.problem, state->row.config);
  state->device = std::make_unique<DeviceProblem>(state->row, workspace, 0, nullptr);
  Inputs inputs{Op::fprop, state->row.problem, DType::f32, DataMode::normal, 1, {}, {}, {}, {}, {},
                {}};
  inputs.x.assign(static_cast<size_t>(state->row.problem.x_size()), 1.0F);
  inputs.w.assign(static_cast<size_t>(state->row.problem.w_size()), 1.0F);
  state->device->load(inputs);
  state->device->prepare();
  return [state] { state->device->launch(); };
}

Launch mma(int blocks) {
  auto sums = std::make_shared<DeviceBuffer<float>>(int64_t{blocks} * kMmaThreads);
  return [=] { launch_mma(sums->data(), blocks, nullptr); };
}

}  // namespace

const std::vector<Load>& loads() {
  static const std::vector<Load> all = {
      {"tiled_sgemm/256", [] { return tiled_sgemm(256); }},
      {"tiled_sgemm/512", [] { return tiled_sgemm(512); }},
      {"implicit_gemm/maskrcnn:mask_head", implicit_gemm},
      {"divergent/65536", [] { return divergent(65536); }},
      {"mma_f16/64", [] { return mma(64); }},
  };
  return all;
}

const Load& load_named(const std::string& name) {
  const auto found =
      std::find_if(loads().begin(), loads().end(), [&](const Load& l) { return l.name == name; });
  if (found == loads().end()) throw std::logic_error("there is no load " + name);
  return *found;
}

}  // namespace tconv::bench
