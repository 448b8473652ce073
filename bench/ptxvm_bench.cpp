// ptxvm_bench: the speed of the virtual GPU's interpreter. Here, and only here, the CPU's clock is
// what is asked for: instructions that the interpreter runs per second of wall time. It says
// nothing of any GPU.
//
// Without arguments it prints a table of the figures that matter (ptxvm_table.h); with arguments it
// is a Google Benchmark program.
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/backend.h"
#include "bench/counters.h"
#include "bench/ptxvm_loads.h"
#include "bench/ptxvm_table.h"
#include "kernels/detail/cuda_check.h"

namespace tconv::bench {
namespace {

void run(benchmark::State& state, const Backend& backend, const Load& load) {
  try {
    const std::function<void()> launch = load.make();
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

void add(const Load& load, const Backend& backend) {
  benchmark::RegisterBenchmark(load.name.c_str(),
                               [=](benchmark::State& state) { run(state, backend, load); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace tconv::bench

int main(int argc, char** argv) try {
  namespace tb = tconv::bench;
  constexpr int kCannotRun = 2;
  const tb::Backend backend = tb::find_backend();
  if (!backend.is_virtual) {
    std::fputs(
        "ptxvm_bench: measures the virtual GPU, which is not loaded: set "
        "LD_LIBRARY_PATH=build/virtual\n",
        stderr);
    return kCannotRun;
  }
  if (argc == 1) {
    tb::print_table(backend, argv[0]);
    return 0;
  }
  if (argc >= 3 && std::string(argv[1]) == tb::kProbeFlag)
    return tb::probe(backend, {argv + 2, argv + argc});
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return kCannotRun;
  benchmark::AddCustomContext("meaning", "speed of the interpreter on this CPU, not of any GPU");
  for (const tb::Load& load : tb::loads()) tb::add(load, backend);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "ptxvm_bench: %s\n", error.what());
  return 1;
}
