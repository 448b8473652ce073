#include "bench/session.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "bench/backend.h"

namespace tconv::bench {
namespace {

int& count(std::array<int, 5>& tally, Status status) { return tally[static_cast<size_t>(status)]; }

}  // namespace

Session::Session(RowRunner& runner, ResultsFile& results, size_t selected)
    : runner_(runner), results_(results), selected_(selected) {}

const RowResult* Session::run(const Row& row) {
  if (lost_) return nullptr;
  fmt::print(stderr, "[{}/{}] {} ", row.index, selected_, row.name());
  std::fflush(stderr);
  RowResult result = runner_.run(row);
  fmt::print(stderr, "{}\n", to_string(result.status));
  results_.add(result);
  ++count(tally_, result.status);
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
    if (word == to_string(status)) ++count(tally_, status);
  }
  fmt::print(stderr, "[{}/{}] {} {} (kept)\n", row.index, selected_, row.name(), word);
}

std::vector<RowResult> Session::take_finished() { return std::exchange(finished_, {}); }

std::string Session::summary() const {
  const auto n = [&](Status status) { return tally_[static_cast<size_t>(status)]; };
  return fmt::format("{} passed, {} failed, {} skipped, {} errors, {} mistrusted",
                     n(Status::passed), n(Status::failed), n(Status::skipped), n(Status::error),
                     n(Status::mistrusted));
}

int Session::exit_status() const {
  const bool bad =
      tally_[static_cast<size_t>(Status::failed)] + tally_[static_cast<size_t>(Status::error)] > 0;
  return bad || lost_ ? 1 : 0;
}

}  // namespace tconv::bench
