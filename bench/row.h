// Row: one strategy on one problem, and what came of it. A results file is a list of these (schema
// tconv-results/1).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/bound.h"
#include "bench/counters.h"
#include "bench/statistics.h"
#include "kernels/strategy.h"
#include "reference/compare.h"
#include "reference/problem.h"

namespace tconv::bench {

/// One cell of the strategy x problem matrix. `strategy` points into a registry that outlives the
/// row.
struct Row {
  int index =
      0;  ///< 1-based position in the selection: the row number of --dump and of the progress lines
  const Strategy* strategy = nullptr;
  Config config;
  Problem problem;

  /// "fprop", or with its epilogue "fprop+bias_relu"
  std::string op_text() const;
  /// "<op_text>/<strategy>/<dtype>/<layout>/<name or descriptor>"
  std::string name() const;
};

enum class Status { passed, failed, mistrusted, skipped, error };
std::string_view to_string(Status);  ///< "PASSED" ...

/// What the comparison with the oracles said. max_rel_to_bound is 0 in int mode, where equality is
/// demanded.
struct Check {
  DataMode data = DataMode::int_exact;
  double max_abs = 0;
  double max_rel_to_bound = 0;
  double rms = 0;
  int64_t mismatches = 0;
  std::optional<bool>
      deterministic;  ///< empty: not examined, or no difference seen where none was promised
  std::optional<int64_t>
      ulp_spread;  ///< of two runs (ulp.h); empty: not examined. Integers add up alike in any order
};

struct Work {
  int64_t flops_needed = 0;
  int64_t flops_dense_input = 0;
  int64_t flops_dense_output = 0;
  int64_t bytes_compulsory = 0;
  int64_t workspace_bytes = 0;
  int64_t macs_executed = -1;  ///< -1: the strategy does not know
};

/// Times of one row, in microseconds. Only ever measured on a GPU.
struct Times {
  std::optional<Summary> cold, hot, graph;
  std::optional<double> prepare_us;
};

struct RowResult {
  Row row;
  Status status = Status::error;
  std::string reason;  ///< empty when passed
  std::string repro;   ///< one command that runs this row again
  std::string note;    ///< what `prepare` has to say: engine, tile
  std::optional<Check> check;
  std::optional<Work> work;
  std::optional<std::map<std::string, uint64_t>>
      counters;                          ///< summed over the launches of one `launch` call
  std::vector<LaunchCounters> launches;  ///< those that `counters` sum up; empty if there are none
  std::optional<Bound> bound;
  std::optional<Times> time;
};

}  // namespace tconv::bench
