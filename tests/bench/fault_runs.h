// Runs of the program in which one call after the other fails, planned through the virtual GPU.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/bench/run_program.h"

namespace tconv::bench {

using Json = nlohmann::json;

inline constexpr const char* kLeaksShow = "LD_LIBRARY_PATH=" TCONV_VIRTUAL " PTXVM_CHECK=leak ";

inline int64_t count(const Json& rows, const char* status) {
  return std::count_if(rows.begin(), rows.end(),
                       [&](const Json& row) { return row["status"] == status; });
}

/// A results file of this test's own.
class FaultRuns {
 protected:
  FaultRuns() {
    std::filesystem::remove_all(folder_), std::filesystem::create_directories(folder_);
  }
  ~FaultRuns() { std::filesystem::remove_all(folder_); }

  /// Empty if there is no file yet.
  Json rows() const {
    std::ifstream stream(file_);
    if (!stream) return Json::array();
    const Json document = Json::parse(stream, nullptr, /*allow_exceptions=*/false);
    EXPECT_FALSE(document.is_discarded()) << "no valid JSON";
    return document.is_discarded() ? Json::array() : document["results"];
  }

  /// With `selection`, `row_count` rows: each call of `kind`, from the first to the last one that
  /// there is, costs one row when it fails, and nothing leaks.
  void expect_each_fault_costs_one_row(const std::string& kind, const std::string& selection,
                                       size_t row_count) {
    constexpr int kMany = 200;
    int hits = 0;
    for (int n = 1; n < kMany; ++n) {
      SCOPED_TRACE(kind + std::to_string(n));
      std::filesystem::remove(file_);
      const Outcome outcome =
          run_program(selection + " --out=" + file_,
                      kLeaksShow + ("PTXVM_FAIL=" + kind + ':' + std::to_string(n)));
      EXPECT_EQ(outcome.err.find("leak:"), std::string::npos) << outcome.err;
      const Json results = rows();
      ASSERT_EQ(results.size(), row_count) << outcome.err;
      const auto passed = static_cast<size_t>(count(results, "PASSED"));
      if (outcome.err.find("fails as planned") == std::string::npos) {
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_EQ(passed, row_count);
        break;  // there are fewer than n such calls
      }
      ++hits;
      EXPECT_EQ(outcome.status, 1);
      EXPECT_EQ(count(results, "ERROR"), 1);
      EXPECT_EQ(passed, row_count - 1);
      for (const Json& row : results)
        EXPECT_EQ(row["status"] == "ERROR", row["reason"].is_string());
    }
    EXPECT_GE(hits, 3);
    EXPECT_LT(hits, kMany - 1) << "never a run without the fault";
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("tconv_faults_" + std::to_string(getpid()));
  const std::string file_ = folder_ / "run.json";
};

}  // namespace tconv::bench
