// The command line of tconv_inspect.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/inspect/report.h"
#include "reference/problem.h"

namespace tconv::inspect {

/// A command line that cannot be run. what() is one line; exit status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

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

/// `text` with control characters spelled out, so that a message stays one line.
std::string one_line(std::string_view text);

}  // namespace tconv::inspect
