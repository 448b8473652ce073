#include "bench/row_runner.h"

#include <algorithm>
#include <chrono>
#include <regex>

#include <cuda_profiler_api.h>
#include <fmt/format.h>

#include "bench/counters.h"
#include "bench/device_problem.h"
#include "bench/dump.h"
#include "bench/nvtx.h"
#include "bench/ulp.h"

namespace tconv::bench {
namespace {

int64_t workspace_of(const Row& row) { return row.strategy->workspace(row.problem, row.config); }

/// Needed multiply-adds; 0 for what the op does not apply to.
int64_t macs_of(const Row& row) {
  const Op op = row.strategy->op;
  return inapplicable(op, row.problem).empty() ? macs_needed(op, row.problem) : 0;
}

Work work_of(const Row& row) {
  const Problem& p = row.problem;
  return {.flops_needed = 2 * macs_needed(row.strategy->op, p),
          .flops_dense_input = p.flops_dense_input(),
          .flops_dense_output = p.flops_dense_output(),
          .bytes_compulsory = p.bytes_compulsory(row.config.dtype),
          .workspace_bytes = workspace_of(row),
          .macs_executed =
              row.strategy->macs_executed ? row.strategy->macs_executed(p, row.config) : -1};
}

/// Empty, or why the row's tensors do not fit.
std::string memory_reason(const Row& row) {
  const int64_t needed = row.problem.bytes_compulsory(row.config.dtype) + workspace_of(row);
  size_t available = 0;
  size_t total = 0;
  TCONV_CUDA(cudaMemGetInfo(&available, &total));
  if (needed <= static_cast<int64_t>(available)) return {};
  return fmt::format("needs {} MiB of device memory, {} MiB are free", needed >> 20,
                     available >> 20);
}

Status status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return Status::passed;
    case Verdict::failed:
      return Status::failed;
    case Verdict::mistrusted:
      return Status::mistrusted;
  }
  return Status::error;
}

/// A later check can only make it worse.
void worsen(RowResult& result, Status status, const std::string& reason) {
  if (status == Status::passed || result.status == Status::failed) return;
  result.status = status;
  result.reason = reason;
}

/// The virtual GPU's report of a fault, on one line: it knows the kernel, the source line and the
/// thread, the error code does not.
std::string fault_report(const Backend& backend) {
  if (backend.last_report == nullptr) return {};
  const std::string report = backend.last_report();
  if (report.empty()) return {};
  return "; " + std::regex_replace(report, std::regex("\\s*\n\\s*"), "; ");
}

int64_t macs_to_run(const RowResult& result) {
  return std::max(result.work->macs_executed, result.work->flops_needed / 2);
}

}  // namespace

RowRunner::RowRunner(const Backend& backend, const DeviceProfile& profile, RunOptions options)
    : backend_(backend), profile_(profile), options_(std::move(options)) {
  TCONV_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
}

RowRunner::~RowRunner() { TCONV_CUDA_NOEXCEPT(cudaStreamDestroy(stream_)); }

RowResult RowRunner::run(const Row& row) {
  RowResult result;
  result.row = row;
  if (options_.repro) result.repro = options_.repro(row);
  try {
    const NvtxRange range(row.name(), row.strategy->op, macs_of(row));
    std::string refusal = tconv::refusal(*row.strategy, row.problem, row.config);
    if (refusal.empty()) refusal = memory_reason(row);
    if (!refusal.empty()) {
      result.status = Status::skipped;
      result.reason = refusal;
      return result;
    }
    result.work = work_of(row);
    run_supported(row, result);
  } catch (const std::exception& error) {
    result.status = Status::error;
    result.reason = error.what() + fault_report(backend_);
  }
  return result;
}

const Inputs& RowRunner::inputs_of(const Row& row, DataMode data) {
  const Op op = row.strategy->op;
  return inputs_.get(op, row.problem, row.config.dtype, checkable(op, data), options_.seed,
                     row.config.epilogue);
}

void RowRunner::run_supported(const Row& row, RowResult& result) {
  // Stays valid below: the cache holds both kinds of data that a row asks for.
  const Inputs& inputs = inputs_of(row, options_.check_data);
  DeviceProblem device(row, result.work->workspace_bytes, options_.guard_bytes, stream_);
  device.load(inputs);
  {
    const NvtxRange range("prepare", row.strategy->op, 0);
    device.prepare();
    device.synchronise();
  }
  if (backend_.is_virtual) backend_.reset_counters();
  {
    const NvtxRange range("launch", row.strategy->op, 1);
    device.launch();
    device.synchronise();
  }
  result.note = device.note();
  if (backend_.is_virtual && !options_.verify_only) count_row(result, row);

  result.status = Status::passed;
  result.check.emplace().data = inputs.data;
  check_result(device, inputs, result);
  const std::vector<float> output = options_.dump.empty() ? std::vector<float>() : device.output();
  check_determinism(device, result);
  // A wrong result has no speed.
  if (!backend_.is_virtual && !options_.verify_only && result.status == Status::passed)
    measure_row(device, result);
  if (!options_.dump.empty()) dump_row(inputs, output, result);
}

void RowRunner::check_result(const DeviceProblem& device, const Inputs& inputs,
                             RowResult& result) const {
  const NvtxRange range("check", result.row.strategy->op, 0);
  const std::string damage = device.damage();
  if (!damage.empty()) worsen(result, Status::failed, damage);

  const std::vector<float> got = device.output();
  const std::vector<int64_t> dims = device.output_shape().dims;
  Check& check = *result.check;
  for (const OracleResult& oracle : inputs.oracles) {
    const Comparison comparison = compare(got, oracle, dims, inputs.dtype, inputs.data);
    worsen(result, status_of(comparison.verdict), comparison.reason);
    check.max_abs = std::max(check.max_abs, comparison.max_abs);
    check.max_rel_to_bound = std::max(check.max_rel_to_bound, comparison.max_rel_to_bound);
    check.rms = std::max(check.rms, comparison.rms);
    check.mismatches = std::max(check.mismatches, comparison.mismatches);
  }
}

void RowRunner::check_determinism(DeviceProblem& device, RowResult& result) const {
  if (backend_.is_virtual && macs_to_run(result) >= options_.repeat_below_macs) return;
  const Row& row = result.row;
  const bool promised = row.strategy->deterministic(row.problem, row.config);
  const std::vector<std::byte> first = device.output_bytes();
  device.poison();
  device.launch();
  device.synchronise();
  const std::vector<std::byte> second = device.output_bytes();
  const auto [a, b] = std::mismatch(first.begin(), first.end(), second.begin());
  const bool same = a == first.end();
  // Two equal runs prove nothing of a strategy that does not promise it.
  if (promised || !same) result.check->deterministic = same;
  result.check->ulp_spread = ulp_spread(first, second, row.config.dtype);
  if (promised && !same) {
    worsen(result, Status::failed,
           fmt::format("two runs differ at stored element {}, though the strategy is deterministic",
                       (a - first.begin()) / size_of(row.config.dtype)));
  }
}

void RowRunner::count_row(RowResult& result, const Row& row) const {
  const std::vector<LaunchCounters> launches = read_counters(backend_);
  result.counters = sum(launches);
  result.launches = launches;
  std::vector<LaunchUse> uses;
  std::transform(launches.begin(), launches.end(), std::back_inserter(uses), use_of);
  result.bound =
      bound(uses, row.config.dtype,
            floor_us(row.problem, row.config.dtype, profile_, row.strategy->op), profile_);
}

void RowRunner::measure_row(DeviceProblem& device, RowResult& result) {
  const Row& row = result.row;
  const Inputs& inputs = inputs_of(row, options_.measure_data);
  device.load(inputs);
  Times times;
  if (row.strategy->prepare) {
    const auto begin = std::chrono::steady_clock::now();
    device.prepare();
    device.synchronise();
    times.prepare_us =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
  }
  if (!flush_) flush_.emplace();
  const auto launch = [&] { device.launch(); };
  times.cold = measure(
      launch, [&] { (*flush_)(stream_); }, stream_, options_.limits);
  times.hot = measure(
      launch, [] {}, stream_, options_.limits);
  result.time = std::move(times);
  // What the measured launches left behind must be right as well.
  check_result(device, inputs, result);
}

void RowRunner::dump_row(const Inputs& inputs, const std::vector<float>& output,
                         const RowResult& result) const {
  const auto tensor = [&](Tensor which) {
    return which == output_of(inputs.op) ? std::span<const float>(output) : inputs.host(which);
  };
  dump(options_.dump, result, tensor(Tensor::x), tensor(Tensor::w), tensor(Tensor::y), inputs.bias);
}

void RowRunner::profile(const Row& row) {
  const Inputs& inputs = inputs_of(row, options_.measure_data);
  DeviceProblem device(row, workspace_of(row), options_.guard_bytes, stream_);
  device.load(inputs);
  device.prepare();
  device.launch();  // warm-up: module loading, caches of the strategy
  device.synchronise();
  TCONV_CUDA(cudaProfilerStart());
  {
    const NvtxRange range(row.name(), row.strategy->op, macs_of(row));
    device.launch();
    device.synchronise();
  }
  TCONV_CUDA(cudaProfilerStop());
}

}  // namespace tconv::bench
