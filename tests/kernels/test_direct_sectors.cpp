// Sectors of the direct kernels in nhwc, worked out by hand: a warp's lanes share what they read of
// both operands, and its stores join.
#include <gtest/gtest.h>

#include "tests/kernels/contenders.h"
#include "tests/kernels/run_strategy.h"
#include "tests/kernels/virtual_counters.h"

namespace tconv {
namespace {

/// One tap reaches an output: 4 x 16 inputs, 4 phases of as many outputs.
constexpr const char* kProblem = "mb1_ic16oc32_ih4iw16_kh2kw2_sh2sw2";
constexpr int64_t kSector = 32;

/// Loads, and what is stored beside y.
struct Expected {
  const char* strategy;
  int64_t loads_f32, loads_narrow, more_elements;
};

// A warp is 8 positions by 4 tiles of channels. Per tap, in f32 and in narrow types:
// - tiles of 4: 4 reads of 4 channels of x are 8 sectors each, 16 rows of w are 2 sectors or 1
// each:
//   64 or 48, for 256 positions and 8 tiles in 64 warps. gather has a tap per output,
//   scatter_atomic 64 inputs in 16 warps of 4 taps.
// - polyphase has tiles of 8. In f32 again 4 reads of x, and 16 rows of w in two runs of 2 sectors:
//   96; else 2 reads of x, which are 8 sectors each, and 16 rows of 2 sectors: 48. There are 32
//   warps. Before that, the 16*4*32 weights are read and written once as whole sectors.
constexpr Expected kExpected[] = {
    {"gather", 64 * 64, 64 * 48, 0},
    {"scatter_atomic", 64 * 64, 64 * 48, 0},
    {"polyphase", 32 * 96 + 256, 32 * 48 + 128, 16 * 4 * 32},
};

TEST(DirectSectors, LanesShareBothOperandsInNhwc) {
  const VirtualCounters counters;
  if (!counters.exist()) GTEST_SKIP() << "counts need the virtual GPU";
  const Problem p = Problem::parse(kProblem);
  int compared = 0;
  for (const Contender& c : contenders()) {
    for (const Expected& e : kExpected) {
      if (c.strategy->name != e.strategy || c.config.layout != Layout::nhwc) continue;
      const Case data(Op::fprop, p, DataMode::int_exact, 1, c.config);
      counters.reset();
      ASSERT_EQ(run_strategy(*c.strategy, data).failure, "");
      const int64_t size = size_of(c.config.dtype);
      EXPECT_EQ(counters.total("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"),
                size == 4 ? e.loads_f32 : e.loads_narrow)
          << c.name();
      EXPECT_EQ(counters.total("l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"),
                (p.y_size() + e.more_elements) * size / kSector)
          << c.name();
      ++compared;
    }
  }
  EXPECT_EQ(compared, 9);  // three types each
}

}  // namespace
}  // namespace tconv
