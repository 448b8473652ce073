// Ops that run as one: the same values and counts as one by one.
#include <cmath>

#include "reference/ptxvm/fuse.h"
#include "reference/ptxvm/lower.h"
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

// A chain in which each fma needs the one before; a label in the middle; lanes that skip its first
// part; a guarded fma, which stands alone.
const char* const kChain = R"(
setp.eq.u32 %p0, %r2, 3;
cvt.rn.f32.u32 %f0, %r0;
mov.f32 %f1, 0f3F000000;
@%p0 bra MIDDLE;
fma.rn.f32 %f1, %f0, %f0, %f1;
fma.rn.f32 %f2, %f1, %f0, %f0;
fma.rn.f32 %f1, %f2, %f1, %f2;
MIDDLE:
fma.rn.f32 %f1, %f1, %f1, %f0;
fma.rn.f32 %f1, %f1, %f0, %f1;
@%p0 fma.rn.f32 %f1, %f1, %f1, %f1;
fma.rn.f32 %f1, %f1, %f1, %f0;
add.u64 %d1, %a0, %d0;
st.global.f32 [%d1], %f1;
)";

float chain(uint32_t thread, uint32_t in_block) {
  const auto x = float(thread);
  const bool skips = in_block == 3;
  float f = 0.5f;
  if (!skips) {
    f = std::fma(x, x, f);
    const float g = std::fma(f, x, x);
    f = std::fma(g, f, g);
  }
  f = std::fma(f, f, x);
  f = std::fma(f, x, f);
  if (skips) f = std::fma(f, f, f);
  return std::fma(f, f, x);
}

// 4 blocks of 40 threads: a full warp and one of 8 lanes, both with a lane that takes the other
// way.
TEST(Fuse, SameValuesAndCounts) {
  Runner run(entry(1, std::string(kThread) + kChain));
  auto y = run.buffer<float>(160);
  const Counters c = run.run({4}, {40}, {y.address}).counters;
  for (uint32_t i = 0; i < 160; ++i) EXPECT_EQ(y[i], chain(i, i % 40)) << i;
  const uint64_t skipping = 4, others = 156;
  EXPECT_EQ(c.at("smsp__sass_thread_inst_executed_op_ffma_pred_on.sum"), others * 6 + skipping * 4);
}

std::vector<uint32_t> rows(const std::string& body) {
  struct None final : SymbolResolver {
    std::optional<uint64_t> address(std::string_view) const override { return std::nullopt; }
  };
  const auto module = ptx::parse(entry(1, body), "test.ptx");
  const auto program = lower_program(*module, module->functions.front(), None());
  std::vector<uint32_t> lengths;
  for (const Op& op : program->entry().ops)
    if (const uint32_t n = fused_ops(op); n > 1) lengths.push_back(n);
  return lengths;
}

TEST(Fuse, RowsEndAtLabelsGuardsAndOtherOps) {
  EXPECT_EQ(rows(std::string(kThread) + kChain), (std::vector<uint32_t>{3, 2}));
  EXPECT_EQ(rows("fma.rn.f32 %f1, %f0, %f0, %f1; fma.rn.ftz.f32 %f1, %f0, %f0, %f1;"),
            (std::vector<uint32_t>{}));
  EXPECT_EQ(rows("fma.rn.f32 %f1, %f0, %f0, %f1; fma.rn.f32 %f1, %f0, %f0, %f1;"),
            (std::vector<uint32_t>{2}));
}

// NaN becomes the one NaN of the GPU in fused rows, too, and subnormal results stay unless .ftz.
TEST(Fuse, RowsKeepTheRulesOfOneFma) {
  for (const char* ftz : {"", ".ftz"}) {
    const std::string fma = std::string("fma.rn") + ftz + ".f32 ";
    Runner run(
        entry(1,
              "mov.f32 %f0, 0f7F800000; mov.f32 %f1, 0f00000000; mov.f32 %f2, 0f00000001;"
              "mov.f32 %f6, 0f3F800000;" +
                  fma + "%f3, %f0, %f1, %f1;" + fma +
                  "%f4, %f2, %f6, %f1; st.global.f32 [%a0], %f3; st.global.f32 [%a0+4], %f4;"));
    auto y = run.buffer<uint32_t>(2);
    run.run({1}, {32}, {y.address});
    EXPECT_EQ(y[0], 0x7fffffffu);
    EXPECT_EQ(y[1], *ftz ? 0u : 1u);
  }
}

}  // namespace
}  // namespace ptxvm::test
