// ptxvm_bench: the speed of the virtual GPU's interpreter. Here, and only here, the CPU's clock is
// what is asked for: instructions that the interpreter runs per second of wall time. It says
// nothing of any GPU.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/backend.h"
#include "bench/counters.h"
#include "bench/device_problem.h"
#include "bench/ptxvm_kernels.h"
#include "kernels/detail/device_buffer.h"
#include "kernels/strategy.h"

namespace tconv::bench {
namespace {

/// A kernel that is ready to go, with its memory.
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
  Inputs inputs{Op::fprop, state->row.problem, DType::f32, DataMode::normal, 1, {}, {}, {}, {}};
  inputs.x.assign(static_cast<size_t>(state->row.problem.x_size()), 1.0F);
  inputs.w.assign(static_cast<size_t>(state->row.problem.w_size()), 1.0F);
  state->device->load(inputs);
  state->device->prepare();
  return [state] { state->device->launch(); };
}

void run(benchmark::State& state, const Backend& backend, const std::function<Launch()>& make) {
  try {
    const Launch launch = make();
    launch();  // decodes the kernel
    TCONV_CUDA(cudaDeviceSynchronize());
    uint64_t warp_instructions = 0;
    uint64_t lane_instructions = 0;
    for ([[maybe_unused]] auto _ : state) {
      backend.reset_counters();
      launch();
      TCONV_CUDA(cudaDeviceSynchronize());
      state.PauseTiming();
      const CounterMap counters = sum(read_counters(backend));
      warp_instructions += counters.at("ptx__warp_instructions");
      lane_instructions += counters.at("ptx__lane_instructions");
      state.ResumeTiming();
    }
    using benchmark::Counter;
    state.counters["warp_instructions_per_second"] =
        Counter(static_cast<double>(warp_instructions), Counter::kIsRate);
    state.counters["lane_instructions_per_second"] =
        Counter(static_cast<double>(lane_instructions), Counter::kIsRate);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}

void add(const std::string& name, const Backend& backend, const std::function<Launch()>& make) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) { run(state, backend, make); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace tconv::bench

int main(int argc, char** argv) {
  namespace tb = tconv::bench;
  constexpr int kCannotRun = 2;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return kCannotRun;
  const tb::Backend backend = tb::find_backend();
  if (!backend.is_virtual) {
    std::fputs(
        "ptxvm_bench: measures the virtual GPU, which is not loaded: set "
        "LD_LIBRARY_PATH=build/virtual\n",
        stderr);
    return kCannotRun;
  }
  benchmark::AddCustomContext("meaning", "speed of the interpreter on this CPU, not of any GPU");
  tb::add("tiled_sgemm/256", backend, [] { return tb::tiled_sgemm(256); });
  tb::add("tiled_sgemm/512", backend, [] { return tb::tiled_sgemm(512); });
  tb::add("implicit_gemm/maskrcnn:mask_head", backend, tb::implicit_gemm);
  tb::add("divergent/65536", backend, [] { return tb::divergent(65536); });
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
