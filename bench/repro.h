// The command lines that a reader copies: one that runs a row again, and those for Nsight.
#pragma once

#include <string>

#include "bench/backend.h"
#include "bench/cli.h"
#include "bench/row.h"

namespace tconv::bench {

/// One shell command that runs exactly this row, with the same data, on the same backend.
std::string repro_command(const std::string& program, const Row&, const Options&, const Backend&);

/// Two lines, ncu and nsys, that run `repro` with --profile and capture exactly the bracketed
/// launch.
std::string profiler_commands(const std::string& program, const Row&, const Options&,
                              const Backend&);

}  // namespace tconv::bench
