#include "bench/reporter.h"

#include <cctype>
#include <ostream>

namespace tconv::bench {
namespace {

/// Google Benchmark 1.7 writes labels and messages into its JSON without escaping control
/// characters.
std::string printable(std::string text) {
  for (char& c : text) {
    if (std::iscntrl(static_cast<unsigned char>(c)) != 0) c = ' ';
  }
  return text;
}

void report_untimed(benchmark::State& state, const RowResult& result) {
  std::string message{to_string(result.status)};
  message += result.reason.empty() ? ": not timed" : ": " + result.reason;
  state.SetLabel(std::string(to_string(result.status)));
  state.SkipWithError(printable(std::move(message)).c_str());
}

void run_row(benchmark::State& state, const Row& row, Session& session) {
  const RowResult* result = session.run(row);
  if (result == nullptr) {
    state.SkipWithError("not run: the device is lost");
    return;
  }
  if (result->status != Status::passed || !result->time) {
    report_untimed(state, *result);
    return;
  }
  const double seconds = result->time->cold->median * 1e-6;
  for ([[maybe_unused]] auto _ : state) state.SetIterationTime(seconds);
  state.SetLabel("PASSED");
  state.counters["hot_us"] = result->time->hot->median;
  state.counters["flops"] = static_cast<double>(result->work->flops_needed) / seconds;
}

}  // namespace

void register_rows(const std::vector<Row>& rows, Session& session, bool is_virtual) {
  for (const Row& row : rows) {
    auto* registered = benchmark::RegisterBenchmark(
        row.name().c_str(),
        [&row, &session](benchmark::State& state) { run_row(state, row, session); });
    if (!is_virtual) registered->UseManualTime()->Iterations(1)->Unit(benchmark::kMicrosecond);
  }
}

bool TableReporter::ReportContext(const Context&) {
  GetOutputStream() << table_.header() << std::flush;
  return true;
}

void TableReporter::ReportRuns(const std::vector<Run>&) {
  for (const RowResult& result : session_.take_finished()) GetOutputStream() << table_.line(result);
  GetOutputStream() << std::flush;
}

}  // namespace tconv::bench
