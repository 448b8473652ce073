// Between Google Benchmark and a session: each row is one registered benchmark, and our table takes
// the place of its console.
#pragma once

#include <vector>

#include <benchmark/benchmark.h>

#include "bench/session.h"
#include "bench/table.h"

namespace tconv::bench {

/// Registers one benchmark per row. Rows on a GPU report the median cold time by hand, in one
/// explicit iteration: how many launches a row needs is decided by its own precision, not by Google
/// Benchmark. Rows on the virtual GPU have no time: they end by SkipWithError, which puts zeros,
/// the status as label and a message into --benchmark_out where times would stand.
void register_rows(const std::vector<Row>&, Session&, bool is_virtual);

/// Prints our table to stdout, row by row as they finish.
class TableReporter : public benchmark::BenchmarkReporter {
 public:
  TableReporter(Session& session, Table table) : session_(session), table_(std::move(table)) {}
  bool ReportContext(const Context&) override;
  void ReportRuns(const std::vector<Run>&) override;

 private:
  Session& session_;
  Table table_;
};

}  // namespace tconv::bench
