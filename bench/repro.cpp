#include "bench/repro.h"

#include <fmt/format.h>

namespace tconv::bench {

std::string repro_command(const std::string& program, const Row& row, const Options& options,
                          const Backend& backend) {
  std::string command;
  if (backend.is_virtual) command += fmt::format("LD_LIBRARY_PATH={} ", cudart_folder());
  // A descriptor's name is in double quotes, so that single quotes keep it whole.
  const std::string name =
      row.problem.name.empty() ? "" : fmt::format("_n\"{}\"", row.problem.name);
  command +=
      fmt::format("{} --problem='{}{}' --strategy='^{}$' --op={} --dtype={} --layout={}", program,
                  row.problem.str(), name, row.strategy->name, to_string(row.strategy->op),
                  to_string(row.config.dtype), to_string(row.config.layout));
  if (row.config.epilogue != Epilogue::none)
    command += fmt::format(" --epilogue={}", to_string(row.config.epilogue));
  if (options.data) command += fmt::format(" --data={}", to_string(*options.data));
  command += fmt::format(" --seed={}", options.seed);
  if (options.verify_only) command += " --verify-only";
  return command;
}

std::string profiler_commands(const std::string& program, const Row& row, const Options& options,
                              const Backend& backend) {
  const std::string command = repro_command(program, row, options, backend) + " --profile";
  const std::string report = fmt::format("{}_{}", to_string(row.strategy->op), row.strategy->name);
  return fmt::format(
      "ncu --profile-from-start off --set full -o {0} {1}\n"
      "nsys profile -t cuda,nvtx --capture-range=cudaProfilerApi --capture-range-end=stop -o {0} "
      "{1}\n",
      report, command);
}

}  // namespace tconv::bench
