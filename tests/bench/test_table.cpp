#include <gtest/gtest.h>

#include "bench/table.h"
#include "tests/bench/made_up_row.h"

namespace tconv::bench {
namespace {

RowResult counted() {
  RowResult result = passed(made_up_row());
  result.counters = std::map<std::string, uint64_t>{
      {"l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum", 1234567}, {"ptx__atomic_lanes", 42}};
  return result;
}

TEST(Table, ShowsCountsAndNoTimeOnTheVirtualGpu) {
  Table table({made_up_row()}, true);
  EXPECT_EQ(table.header(),
            "status     strategy layer exec/need    sectors wavefronts    atomics\n");
  EXPECT_EQ(table.line(counted()),
            "PASSED     made_up  net:1      1.25    1.235 M          0         42\n");
}

TEST(Table, ShowsTimesOnAGpu) {
  RowResult result = passed(made_up_row());
  result.time.emplace().cold = summarise({2, 2, 2, 2, 2, 2}, 0, "samples");
  result.time->hot = summarise({1}, 0, "samples");
  Table table({made_up_row()}, false);
  EXPECT_EQ(table.header(),
            "status     strategy layer exec/need    cold us    +-%     hot us   GFLOP/s\n");
  // 200 floating-point operations in 2 us.
  EXPECT_EQ(table.line(result),
            "PASSED     made_up  net:1      1.25       2.00    0.0       1.00       0.1\n");
}

TEST(Table, ShowsTheReasonWhereThereAreNoFiguresOnce) {
  RowResult result;
  result.row = made_up_row();
  result.status = Status::skipped;
  result.reason = "cannot";
  Table table({made_up_row()}, true);
  EXPECT_EQ(table.line(result), "SKIPPED    made_up  net:1 cannot\n");
  EXPECT_EQ(table.line(result), "SKIPPED    made_up  net:1 as above\n");
}

TEST(Table, NamesTheConfigurationWhereThereAreSeveral) {
  Row half = made_up_row();
  half.config.dtype = DType::f16;
  Table table({made_up_row(), half}, true);
  EXPECT_NE(table.line(counted()).find(" fprop/made_up/f32/nchw "), std::string::npos);
}

TEST(ShortCount, IsExactBelowAMillion) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(999999), "999999");
  EXPECT_EQ(short_count(1000000), "1 M");
  EXPECT_EQ(short_count(12345678901), "12.35 G");
}

}  // namespace
}  // namespace tconv::bench
