// A row and a result with nothing special about them.
#pragma once

#include "bench/row.h"

namespace tconv::bench {

inline const Strategy& made_up_strategy() {
  static const Strategy strategy = [] {
    Strategy s;
    s.name = "made_up";
    s.summary = "does not exist";
    return s;
  }();
  return strategy;
}

inline Row made_up_row(const std::string& problem = "mb1ic3oc4ih5kh3sh2n\"net:1\"") {
  return {1, &made_up_strategy(), {}, Problem::parse(problem)};
}

inline RowResult passed(const Row& row) {
  RowResult result;
  result.row = row;
  result.status = Status::passed;
  result.repro = "tconv_bench";
  result.check.emplace();
  result.work = Work{.flops_needed = 200,
                     .flops_dense_input = 400,
                     .flops_dense_output = 800,
                     .bytes_compulsory = 96,
                     .workspace_bytes = 0,
                     .macs_executed = 125};
  return result;
}

}  // namespace tconv::bench
