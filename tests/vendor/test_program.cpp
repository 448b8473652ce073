// The measuring program with doubles of the vendors' libraries: rows that pass and say on whom, a
// library that cannot start, and the runtime's calls failing one by one below a vendor's row.
#include <string>

#include "tests/bench/fault_runs.h"

namespace tconv::bench {
namespace {

constexpr const char* kProblem = " --problem=mb1ic4oc4ih4kh3sh2ph1 --verify-only ";

class VendorProgram : public testing::Test, protected FaultRuns {
 protected:
  Json run(const std::string& selection, const std::string& environment = "") {
    outcome_ = run_program(kProblem + selection + " --out=" + file_, kLeaksShow + environment);
    EXPECT_EQ(outcome_.err.find("leak:"), std::string::npos) << outcome_.err;
    return rows();
  }
  Outcome outcome_;
};

TEST_F(VendorProgram, RowsPassAndNameALibraryThatDoesNotExist) {
  const Json rows = run("--op=fprop,dgrad,wgrad --strategy=^cudnn\\|cublas$");
  EXPECT_EQ(outcome_.status, 0) << outcome_.err;
  ASSERT_EQ(rows.size(), 10U);
  for (const Json& row : rows) {
    EXPECT_EQ(row["status"], "PASSED") << row["reason"];
    const std::string note = row["note"];
    EXPECT_NE(note.find(" 99.99.99"), std::string::npos) << note;
    EXPECT_TRUE(row["time"].is_null());
  }
  std::ifstream stream(file_);
  EXPECT_EQ(Json::parse(stream)["context"]["cudnn"], "99.99.99");
}

TEST_F(VendorProgram, ALibraryThatCannotStartIsARefusalOfItsRowsOnly) {
  for (const auto& [function, library] :
       {std::pair<std::string, std::string>{"cudnnCreate", "cuDNN"}, {"cublasCreate", "cuBLAS"}}) {
    SCOPED_TRACE(function);
    const Json rows =
        run("--strategy=^cudnn$\\|cublas$\\|^gather$", "TCONV_DOUBLE_FAIL=" + function + ":1");
    EXPECT_EQ(outcome_.status, 0) << outcome_.err;
    EXPECT_EQ(count(rows, "PASSED"), 2);
    EXPECT_EQ(count(rows, "SKIPPED"), 1);
    for (const Json& row : rows) {
      if (row["status"] == "PASSED") continue;
      const std::string reason = row["reason"];
      EXPECT_TRUE(reason.starts_with(library + " cannot start: ")) << reason;
    }
  }
}

struct FaultBelow {
  const char* call;
  const char* strategies;
  size_t rows;
};

class Below : public testing::TestWithParam<FaultBelow>, protected FaultRuns {};

TEST_P(Below, AFaultCostsItsRowAndNothingElse) {
  const auto& [call, strategies, rows] = GetParam();
  expect_each_fault_costs_one_row(call, std::string(kProblem) + "--strategy=" + strategies, rows);
}

// A failing copy costs cudnn_best one of its plans, as a failing plan does, hence no row.
INSTANTIATE_TEST_SUITE_P(Calls, Below,
                         testing::Values(FaultBelow{"malloc", "'^cudnn|cublas$'", 4},
                                         FaultBelow{"memcpy",
                                                    "'^cudnn$|^cudnn_deterministic$|cublas$'", 3}),
                         [](const auto& row) { return std::string(row.param.call); });

}  // namespace
}  // namespace tconv::bench
