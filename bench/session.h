// Session: one run of the program over its rows. Keeps the results file current, reports progress,
// counts outcomes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/results.h"
#include "bench/row.h"
#include "bench/row_runner.h"

namespace tconv::bench {

class Session {
 public:
  Session(RowRunner&, ResultsFile&, size_t selected);

  /// Runs the row, puts it into the results file, says so on stderr. After the device is lost: does
  /// nothing and returns null.
  const RowResult* run(const Row&);
  /// Counts a row that an earlier run left in the results file.
  void keep(const Row&);

  /// Results since the last call, oldest first.
  std::vector<RowResult> take_finished();
  bool lost() const { return lost_; }
  /// "12 passed, 0 failed, 3 skipped, 0 errors, 0 mistrusted"
  std::string summary() const;
  /// 1 if any row failed or ended in an error, else 0.
  int exit_status() const;

 private:
  int64_t count(Status) const;

  RowRunner& runner_;
  ResultsFile& results_;
  size_t selected_;
  bool lost_ = false;
  std::map<int, Status> outcomes_;  ///< by row index: a row that is repeated counts once
  std::vector<RowResult> finished_;
};

}  // namespace tconv::bench
