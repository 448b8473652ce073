// scatter_nooverlap's stores: where k = s, no sector of the output is written twice, as it would be
// element by element.
#include <gtest/gtest.h>

#include "tests/kernels/contenders.h"
#include "tests/kernels/run_strategy.h"
#include "tests/kernels/virtual_counters.h"

namespace tconv {
namespace {

/// One channel and several per thread, two and four taps per store.
constexpr const char* kProblems[] = {
    "mb1_ic4oc3_ih4iw32_kh2kw2_sh2sw2", "mb1_ic4oc4_ih4iw32_kh2kw2_sh2sw2",
    "mb1_ic4oc3_ih4iw32_kh4kw4_sh4sw4", "mb1_ic4oc4_ih4iw32_kh4kw4_sh4sw4"};

TEST(ScatterNooverlap, WritesEverySectorOnce) {
  const VirtualCounters counters;
  if (!counters.exist()) GTEST_SKIP() << "counts need the virtual GPU";
  for (const Contender& c : contenders()) {
    if (c.strategy->name != "scatter_nooverlap") continue;
    for (const char* descriptor : kProblems) {
      const Problem p = Problem::parse(descriptor);
      const Case data(Op::fprop, p, DataMode::int_exact, 1, c.config);
      counters.reset();
      ASSERT_EQ(run_strategy(*c.strategy, data).failure, "");
      constexpr int64_t kSector = 32;
      EXPECT_EQ(counters.total("l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum"),
                p.y_size() * size_of(c.config.dtype) / kSector)
          << c.name() << ' ' << descriptor;
    }
  }
}

}  // namespace
}  // namespace tconv
