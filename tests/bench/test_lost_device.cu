// A fault inside a kernel is sticky: it ends the run, and what was done before is on disk. One test
// only, because after it this process has no device.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "bench/session.h"
#include "tests/bench/misbehaving.h"

namespace tconv::bench {
namespace {

__global__ void write_to_nowhere_kernel(int* nowhere) { *nowhere = 1; }

TEST(LostDevice, EndsTheRunWithEverythingOnDisk) {
  const Strategy good = strategy_with([](const Call&, std::vector<float>&) {});
  const Strategy bad = strategy_with([](const Call& call, std::vector<float>&) {
    write_to_nowhere_kernel<<<1, 1, 0, call.stream>>>(reinterpret_cast<int*>(16));
  });
  const auto row = [](int index, const Strategy& strategy) {
    return Row{index, &strategy, {}, Problem::parse("ic2oc2iw4kw3mb" + std::to_string(index))};
  };
  const auto path = std::filesystem::path(testing::TempDir()) / "tconv_lost_device.json";
  ResultsFile results(path, {{"backend", "test"}});
  RunOptions options;
  options.verify_only = true;
  RowRunner runner(find_backend(), device_profile("h100-sxm"), options);
  Session session(runner, results, 3);

  ASSERT_NE(session.run(row(1, good)), nullptr);
  const RowResult* faulty = session.run(row(2, bad));
  ASSERT_NE(faulty, nullptr);
  EXPECT_EQ(faulty->status, Status::error);
  EXPECT_TRUE(session.lost());
  EXPECT_EQ(session.run(row(3, good)), nullptr);
  EXPECT_EQ(session.summary(), "1 passed, 0 failed, 0 skipped, 1 errors, 0 mistrusted");
  EXPECT_EQ(session.exit_status(), 1);

  const auto document = nlohmann::json::parse(std::ifstream(path));
  ASSERT_EQ(document["results"].size(), 2u);
  EXPECT_EQ(document["results"][0]["status"], "PASSED");
  EXPECT_EQ(document["results"][1]["status"], "ERROR");
}

}  // namespace
}  // namespace tconv::bench
