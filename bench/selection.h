// Selection: which rows a command line asks for.
#pragma once

#include <string>
#include <vector>

#include "bench/cli.h"
#include "bench/row.h"

namespace tconv::bench {

/// Every selected strategy on every selected problem, problem by problem, so that inputs and
/// oracles are made once. Rows that a strategy refuses are part of it. Throws UsageError, saying
/// what exists, if nothing is selected.
std::vector<Row> select_rows(const Options&, const std::vector<Strategy>&);

/// One line per strategy: op, name, summary.
std::string strategy_table(const std::vector<Strategy>&);

/// One line per problem, each a line that a .layers file could hold.
std::string problem_table(const std::vector<Problem>&);

}  // namespace tconv::bench
