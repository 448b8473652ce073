// The command line of tconv_bench, apart from Google Benchmark's own flags.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "bench/usage.h"
#include "reference/compare.h"
#include "reference/problem.h"

namespace tconv::bench {

struct Options {
  std::vector<Problem> problems;  ///< of --problem, or else of --layers; with the next two applied
  std::optional<int64_t> batch, crop_macs;
  std::string strategy;  ///< --strategy as typed; empty: all
  std::vector<Op> ops{Op::fprop};
  std::vector<DType> dtypes{DType::f32};
  std::vector<Layout> layouts{Layout::nchw};
  std::vector<Epilogue> epilogues{Epilogue::none};
  std::optional<DataMode> data;  ///< empty: int for checks, normal for measuring
  uint64_t seed = 1;
  bool list = false, list_problems = false, support_matrix = false;
  bool verify_only = false, profile = false, resume = false;
  bool model = true;  ///< the virtual GPU's cache model
  std::filesystem::path out, dump;
  std::string device_profile;  ///< empty: the device that the program runs on

  bool has_epilogue() const;  ///< any but none
  bool selects(const std::string& strategy_name) const;

 private:
  friend Options parse_options(int argc, const char* const* argv);
  std::optional<std::regex> pattern_;
};

/// Throws UsageError.
Options parse_options(int argc, const char* const* argv);

/// Our flags, with examples. Google Benchmark's follow by its own function.
std::string help_text();

/// "int", "normal", "uniform"
std::string_view to_string(DataMode);

}  // namespace tconv::bench
