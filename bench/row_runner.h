// RowRunner: one row from `supports` to its result: check, then count or measure, then check again.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include <cuda_runtime_api.h>

#include "bench/backend.h"
#include "bench/inputs.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "reference/device_profile.h"

namespace tconv::bench {

class DeviceProblem;

struct RunOptions {
  DataMode check_data = DataMode::int_exact;
  DataMode measure_data = DataMode::normal;
  uint64_t seed = 1;
  bool verify_only = false;
  std::filesystem::path dump;  ///< empty: none
  std::function<std::string(const Row&)>
      repro;                   ///< the command that runs one row again; empty: none
  int64_t guard_bytes = 4096;  ///< bands around every buffer; see GuardedBuffer
  MeasureLimits limits;
  /// A second launch on the virtual GPU, to compare bits, only below this many multiply-adds: it
  /// costs as much as the first.
  int64_t repeat_below_macs = 500'000'000;
};

class RowRunner {
 public:
  RowRunner(const Backend&, const DeviceProfile&, RunOptions);
  ~RowRunner();
  RowRunner(const RowRunner&) = delete;
  RowRunner& operator=(const RowRunner&) = delete;

  /// Never throws for what the row does: an exception or a CUDA error becomes Status::error with
  /// its text.
  RowResult run(const Row&);

  /// For Nsight: warms up, then exactly one launch between cudaProfilerStart and cudaProfilerStop.
  /// Nothing is checked. Throws.
  void profile(const Row&);

 private:
  const Inputs& inputs_of(const Row&, DataMode);
  void run_supported(const Row&, RowResult&);
  void check_result(const DeviceProblem&, const Inputs&, RowResult&) const;
  void check_determinism(DeviceProblem&, RowResult&) const;
  void measure_row(DeviceProblem&, RowResult&);
  void count_row(RowResult&, const Row&) const;
  void dump_row(const Inputs&, const std::vector<float>& output, const RowResult&) const;

  Backend backend_;
  const DeviceProfile& profile_;
  RunOptions options_;
  InputCache inputs_;
  std::optional<L2Flush> flush_;  ///< allocated when the first row is measured
  cudaStream_t stream_ = nullptr;
};

}  // namespace tconv::bench
