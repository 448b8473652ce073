#include "tests/kernels/fuzz_case.h"

#include <fmt/format.h>

namespace tconv {

std::string arguments_of(const FuzzCase& c) {
  return fmt::format(
      "--problem='{}' --ops={} --strategy='^{}$' --dtypes={} --layouts={} --epilogues={} --mode={} "
      "--seed={} --misalign={}",
      c.problem.str(), to_string(c.strategy->op), c.strategy->name, to_string(c.config.dtype),
      to_string(c.config.layout), to_string(c.config.epilogue),
      c.mode == DataMode::int_exact ? "int" : "real", c.seed, c.misalign);
}

FuzzResult FuzzRunner::run(const FuzzCase& c) {
  const Op op = c.strategy->op;
  if (std::string reason = refusal(*c.strategy, c.problem, c.config); !reason.empty())
    return {Outcome::refused, std::move(reason)};
  const Key key{op, c.config.dtype, c.config.layout, c.config.epilogue, c.mode};
  const auto found = cases_.find(key);
  const Case& data = (found != cases_.end()
                          ? found
                          : cases_.try_emplace(key, op, c.problem, c.mode, c.seed, c.config).first)
                         ->second;
  auto [failure, output, mistrusted] = run_strategy(*c.strategy, data, c.misalign);
  return {mistrusted        ? Outcome::mistrusted
          : failure.empty() ? Outcome::passed
                            : Outcome::failed,
          std::move(failure)};
}

}  // namespace tconv
