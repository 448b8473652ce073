#include "bench/session.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "bench/backend.h"

namespace tconv::bench {

Session::Session(RowRunner& runner, ResultsFile& results, size_t selected)
    : runner_(runner), results_(results), selected_(selected) {}

const RowResult* Session::run(const Row& row) {
  if (lost_) return nullptr;
  fmt::print(stderr, "[{}/{}] {} ", row.index, selected_, row.name());
  std::fflush(stderr);
  RowResult result = runner_.run(row);
  fmt::print(stderr, "{}\n", to_string(result.status));
  results_.add(result);
  outcomes_[row.index] = result.status;
  if (result.status == Status::error && device_is_lost()) {
    lost_ = true;
    fmt::print(stderr, "tconv_bench: this row lost the device; the remaining rows cannot run\n");
  }
  finished_.push_back(std::move(result));
  return &finished_.back();
}

void Session::keep(const Row& row) {
  const std::string word = results_.find(row)->value("status", "");
  for (const Status status :
       {Status::passed, Status::failed, Status::mistrusted, Status::skipped}) {
    if (word == to_string(status)) outcomes_[row.index] = status;
  }
  fmt::print(stderr, "[{}/{}] {} {} (kept)\n", row.index, selected_, row.name(), word);
}

std::vector<RowResult> Session::take_finished() { return std::exchange(finished_, {}); }

int64_t Session::count(Status status) const {
  return std::count_if(outcomes_.begin(), outcomes_.end(),
                       [&](const auto& outcome) { return outcome.second == status; });
}

std::string Session::summary() const {
  return fmt::format("{} passed, {} failed, {} skipped, {} errors, {} mistrusted",
                     count(Status::passed), count(Status::failed), count(Status::skipped),
                     count(Status::error), count(Status::mistrusted));
}

int Session::exit_status() const {
  return lost_ || count(Status::failed) + count(Status::error) > 0 ? 1 : 0;
}

}  // namespace tconv::bench
