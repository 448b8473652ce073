// The tensor-core kernels with every tile they are built with: right, along vectors and element by
// element, and without a bank conflict in shared memory.
#include <string>

#include <gtest/gtest.h>

#include "tests/kernels/contenders.h"
#include "tests/kernels/run_strategy.h"
#include "tests/kernels/virtual_counters.h"

namespace tconv {
namespace {

struct TileCase {
  const char* strategy;
  int rows, cols;
  const char* descriptor;  ///< of which this tile is chosen
  bool costly = false;     ///< f16 stands for all types

  /// As the kernel's mangled name has it.
  std::string mangled() const {
    return "MmaTileILi" + std::to_string(rows) + "ELi" + std::to_string(cols) + "E";
  }
};
void PrintTo(const TileCase& c, std::ostream* out) { *out << c.mangled() << ' ' << c.descriptor; }

constexpr TileCase kTiles[] = {
    // 264 tiles, which a large GPU is full with
    {"implicit_gemm_mma", 128, 128, "mb1_ic8iw16896_oc128_kw2_sw2", true},
    {"implicit_gemm_mma", 64, 64, "mb1_ic40ih8iw8_oc64_kh4kw4_sh2sw2_ph1pw1"},
    // in parts, some of which are beyond the depth of some phases
    {"implicit_gemm_mma", 16, 128, "mb1_ic264ih4iw4_oc136_kh3kw3_sh2sw2_ph1pw1"},
    {"implicit_gemm_mma", 128, 32, "mb1_ic72ih12iw12_oc24_kh2kw2_sh2sw2"},
    {"implicit_gemm_mma", 128, 16, "mb2_ic16ih8iw8_oc3_kh4kw4_sh2sw2_ph1pw1"},
    {"implicit_gemm_mma_joined", 64, 64, "g2mb1_ic80ih8iw8_oc32_kh3kw3_sh2sw2_ph1pw1"},
    {"implicit_gemm_mma_joined", 128, 32, "mb3_ic9ih8iw8_oc7_kh4kw4_sh2sw2_ph1pw1"},
    {"implicit_gemm_mma_joined", 128, 16, "mb1_ic16iw257_oc1_kw25_sw4_pw10"},
    {"dgrad_implicit_gemm_mma", 64, 64, "mb1_ic64ih8iw8_oc40_kh4kw4_sh2sw2_ph1pw1"},
    {"dgrad_implicit_gemm_mma", 16, 128, "mb1_ic136ih4iw4_oc72_kh3kw3_sh2sw2_ph1pw1"},
    {"wgrad_implicit_gemm_mma", 128, 128, "mb1_ic120ih9iw9_oc32_kh2kw2_sh2sw2"},
    {"wgrad_implicit_gemm_mma", 64, 64, "mb2_ic56ih9iw9_oc64_kh1kw1_sh2sw2"},
    {"wgrad_implicit_gemm_mma", 16, 64, "mb2_ic16ih9iw9_oc8_kh2kw4_sh2sw2"},
};

class MmaTest : public testing::TestWithParam<TileCase> {
 protected:
  void expect_right(const Strategy& strategy, const Case& c, int64_t misalign) {
    if (counters_.exist()) counters_.reset();
    ASSERT_EQ(run_strategy(strategy, c, misalign).failure, "");
    if (!counters_.exist()) return;
    EXPECT_NE(counters_.json().find(GetParam().mangled()), std::string_view::npos);
    EXPECT_EQ(counters_.total("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum") +
                  counters_.total("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum") +
                  counters_.total("ptx__async_copy_shared_wavefronts"),
              counters_.total("ptx__shared_wavefronts_ideal"));
  }

 private:
  VirtualCounters counters_;
};

TEST_P(MmaTest, RightAndWithoutConflicts) {
  for (const auto& [strategy, config, fuses, picky] : contenders()) {
    if (strategy->name != GetParam().strategy) continue;
    if (GetParam().costly && config.dtype != DType::f16) continue;
    const Problem p = Problem::parse(GetParam().descriptor);
    const Case c(strategy->op, p, DataMode::int_exact, 1, config);
    for (const int64_t misalign : {0, 1}) {
      if (GetParam().costly && misalign != 0) continue;
      SCOPED_TRACE(std::string(to_string(config.dtype)) + ' ' +
                   std::string(to_string(config.layout)) + " off by " + std::to_string(misalign));
      expect_right(*strategy, c, misalign);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, MmaTest, testing::ValuesIn(kTiles), [](const auto& row) {
  return row.param.strategy + std::string("_") + std::to_string(row.param.rows) + "x" +
         std::to_string(row.param.cols);
});

}  // namespace
}  // namespace tconv
