#include "bench/ptxvm_table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>

#include <fmt/core.h>

#include "bench/counters.h"
#include "bench/ptxvm_kernels.h"
#include "bench/ptxvm_loads.h"
#include "kernels/detail/device_buffer.h"

namespace tconv::bench {
namespace {

constexpr int kRounds = 5;  // the best one counts: other programs only ever slow one down
constexpr int kStarts = 20;
constexpr double kMilli = 1e3;
constexpr double kMega = 1e6;
constexpr double kGiga = 1e9;
constexpr int64_t kMemoryBytes = int64_t{512} << 20;
const char* const kThreads = "PTXVM_THREADS";

double seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / kGiga;
}

struct Measured {
  double cpu = 0;   // seconds of this process's CPU time, all threads
  double wall = 0;  // seconds
  CounterMap counters;
};

/// The fastest of a few launches, each clock for itself.
Measured measure(const Backend& backend, const std::function<void()>& launch) {
  launch();  // decodes the kernel
  TCONV_CUDA(cudaDeviceSynchronize());
  Measured best;
  for (int round = 0; round < kRounds; ++round) {
    backend.reset_counters();
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double wall = seconds(CLOCK_MONOTONIC);
    launch();
    TCONV_CUDA(cudaDeviceSynchronize());
    const double cpu_used = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    const double wall_used = seconds(CLOCK_MONOTONIC) - wall;
    if (round == 0) best.counters = sum(read_counters(backend));
    best.cpu = round == 0 ? cpu_used : std::min(best.cpu, cpu_used);
    best.wall = round == 0 ? wall_used : std::min(best.wall, wall_used);
  }
  return best;
}

Measured measure_with(const Backend& backend, const std::function<void()>& launch, int threads) {
  setenv(kThreads, std::to_string(threads).c_str(), 1);
  return measure(backend, launch);
}

/// Standard output of this binary as a child.
std::string child(const std::string& environment, const std::string& program,
                  const std::string& arguments) {
  const std::string command =
      "exec env " + environment + " '" + program + "' " + kProbeFlag + " " + arguments;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  char line[256];
  while (pipe && std::fgets(line, sizeof line, pipe.get()) != nullptr) text += line;
  if (text.empty()) throw std::runtime_error("no answer from: " + command);
  return text;
}

void row(const std::string& what, const std::string& figure, const std::string& aim) {
  fmt::print("{:<70} {:>10}   {}\n", what, figure, aim);
}

void speed_rows(const Backend& backend) {
  for (const Load& load : loads()) {
    const auto launch = load.make();
    const Measured one = measure_with(backend, launch, 1);
    const auto per_second = [&](const char* counter) {
      return static_cast<double>(one.counters.at(counter)) / one.cpu;
    };
    if (const double macs = per_second("ptx__tensor_macs"); macs > 0) {
      row(load.name + ": tensor multiply-adds, one worker", fmt::format("{:.2f} G/s", macs / kGiga),
          ">= 1 G/s");
      continue;
    }
    row(load.name + ": warp instructions, one worker",
        fmt::format("{:.0f} M/s", per_second("ptx__warp_instructions") / kMega),
        ">= 60 M/s (AVX-512), 15 (AVX2)");
    const Measured two = measure_with(backend, launch, 2);
    unsetenv(kThreads);
    row(load.name + ": two workers over one, wall clock",
        fmt::format("{:.2f} times", one.wall / two.wall), ">= 1.8 on two idle cores");
  }
}

/// Children, because the checks are chosen when the virtual GPU starts.
void check_row(const std::string& program, const std::string& load) {
  const auto cpu = [&](const std::string& environment) {
    return std::stod(child("PTXVM_THREADS=1" + environment, program, "load " + load));
  };
  row(load + ": CPU time, PTXVM_CHECK=all over none",
      fmt::format("{:.2f} times", cpu(" PTXVM_CHECK=all") / cpu("")), "<= 4");
}

void start_row(const std::string& program) {
  double best = 0;
  for (int i = 0; i < kStarts; ++i) {
    const double begin = seconds(CLOCK_MONOTONIC);
    child("", program, "start");
    const double ms = (seconds(CLOCK_MONOTONIC) - begin) * kMilli;
    best = i == 0 ? ms : std::min(best, ms);
  }
  row("an empty kernel, from starting the process to its end", fmt::format("{:.1f} ms", best),
      "< 20 ms");
}

void memory_row(const std::string& program) {
  constexpr double kMiB = 1 << 20;
  const double resident = std::stod(child("", program, fmt::format("memory {}", kMemoryBytes)));
  const double aim = 1.5 * static_cast<double>(kMemoryBytes) / kMiB + 200;
  row(fmt::format("peak resident memory, {} MiB allocated and written", kMemoryBytes >> 20),
      fmt::format("{:.0f} MiB", resident / kMiB), fmt::format("<= {:.0f} MiB", aim));
}

/// Bytes after `key` in this process's status.
int64_t status_bytes(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return std::stoll(line.substr(key.size())) << 10;
  throw std::runtime_error("/proc/self/status has no " + key);
}

int probe_memory(int64_t bytes) {
  const DeviceBuffer<char> buffer(bytes);
  TCONV_CUDA(cudaMemset(buffer.data(), 1, static_cast<size_t>(bytes)));
  load_named("tiled_sgemm/256").make()();
  TCONV_CUDA(cudaDeviceSynchronize());
  fmt::print("{}\n", status_bytes("VmHWM:"));
  return 0;
}

}  // namespace

int probe(const Backend& backend, const std::vector<std::string>& what) {
  if (what[0] == "start") {
    launch_empty(nullptr);
    TCONV_CUDA(cudaDeviceSynchronize());
    fmt::print("done\n");
    return 0;
  }
  if (what.size() != 2) throw std::runtime_error("a probe takes: start, memory BYTES, load NAME");
  if (what[0] == "memory") return probe_memory(std::stoll(what[1]));
  fmt::print("{}\n", measure(backend, load_named(what[1]).make()).cpu);
  return 0;
}

void print_table(const Backend& backend, const std::string& program) {
  fmt::print(
      "Virtual GPU: quantities of this CPU, none is a time of any GPU. Speeds are per second of "
      "CPU "
      "time, counters and\nbounds checks on, the best of {} launches.\n\n",
      kRounds);
  row("what", "here", "aim");
  speed_rows(backend);
  check_row(program, "tiled_sgemm/256");
  check_row(program, "implicit_gemm/maskrcnn:mask_head");
  start_row(program);
  memory_row(program);
}

}  // namespace tconv::bench
