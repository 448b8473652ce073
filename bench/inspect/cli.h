// The command line of tconv_inspect.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/inspect/report.h"
#include "bench/usage.h"
#include "reference/problem.h"

namespace tconv::inspect {

enum class Format { text, json };

struct Options {
  bool help = false;
  std::vector<Problem> problems;
  Format format = Format::text;
  Question question;
  std::filesystem::path out;  ///< empty: standard output
};

/// Throws UsageError.
Options parse_options(int argc, const char* const* argv);
std::string help_text();

}  // namespace tconv::inspect
