#include <gtest/gtest.h>

#include "bench/counters.h"

namespace tconv::bench {
namespace {

constexpr std::string_view kTwoLaunches = R"json({"launches":[
  {"kernel":"_Z1av","demangled":"a()","grid":[4,3,2],"block":[32,1,1],"dynamic_shared":0,"static_shared":0,"counters":{
    "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum":100,"l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum":10,
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum":7,"ptx__atomic_lanes":5,
    "ptx__dram_sectors_read_distinct":90,"ptx__dram_sectors_written_distinct":9,"launch__block_size":32}},
  {"kernel":"_Z1bv","demangled":"b()","grid":[1,1,1],"block":[32,1,1],"dynamic_shared":0,"static_shared":0,"counters":{
    "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum":1,"smsp__sass_thread_inst_executed_op_ffma_pred_on.sum":64}}]})json";

TEST(Counters, AreReadLaunchByLaunch) {
  const auto launches = parse_counters(kTwoLaunches);
  ASSERT_EQ(launches.size(), 2u);
  EXPECT_EQ(launches[0].kernel, "_Z1av");
  EXPECT_EQ(launches[0].blocks, 24u);
  const LaunchUse use = use_of(launches[0]);
  EXPECT_EQ(use.blocks, 24u);
  EXPECT_EQ(use.dram_sectors, 99u);
  EXPECT_EQ(use.l1_sectors, 110u);
  EXPECT_EQ(use.shared_wavefronts, 7u);
  EXPECT_EQ(use.atomics, 5u);
  EXPECT_EQ(use.fma_lanes, 0u);
  EXPECT_EQ(use_of(launches[1]).fma_lanes, 64u);
  EXPECT_FALSE(use.model);
}

TEST(Counters, ModelIsReadIfThereIsOne) {
  const LaunchUse use = use_of({"k",
                                1,
                                {{"ptx__model_l2_sectors_read", 5},
                                 {"ptx__model_l2_sectors_written", 6},
                                 {"ptx__model_l2_sectors_atomic", 7},
                                 {"ptx__model_l2_hit_sectors", 4},
                                 {"ptx__model_dram_bytes_read", 64},
                                 {"ptx__model_dram_bytes_written", 96}}});
  ASSERT_TRUE(use.model);
  EXPECT_EQ(use.model->l2_sectors, 18u);
  EXPECT_EQ(use.model->dram_bytes, 160u);
}

TEST(Counters, AddUpByName) {
  const CounterMap totals = sum(parse_counters(kTwoLaunches));
  EXPECT_EQ(totals.at("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 101u);
  EXPECT_EQ(totals.at("ptx__launches"), 2u);
  EXPECT_FALSE(totals.contains("launch__block_size"));
  EXPECT_EQ(sectors(totals), 111u);
  EXPECT_EQ(wavefronts(totals), 7u);
  EXPECT_EQ(atomics(totals), 5u);
}

TEST(Counters, OfAnotherFormAreRefused) {
  for (const char* text : {"", "{}", "[]", R"({"launches":[{"kernel":"k"}]})",
                           R"({"launches":[{"kernel":"k","grid":[1],"counters":{}}]})"}) {
    EXPECT_THROW(parse_counters(text), std::runtime_error) << text;
  }
}

}  // namespace
}  // namespace tconv::bench
