// Loads and stores: types, vectors, spaces, and address patterns that change from one execution to
// the next.
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

TEST(Access, NarrowTypesExtend) {
  Runner run(entry(
      1,
      R"(ld.global.s8 %r1, [%a0]; ld.global.u8 %r2, [%a0]; ld.global.s16 %r3, [%a0]; ld.global.u16 %r4, [%a0]; ld.global.s32 %d5, [%a0+4];
    st.global.u32 [%a0+8], %r1; st.global.u32 [%a0+12], %r2; st.global.u32 [%a0+16], %r3; st.global.u32 [%a0+20], %r4; st.global.u64 [%a0+24], %d5;
    st.global.u8 [%a0+32], %r3; st.global.u16 [%a0+34], %r3;)"));
  auto x = run.buffer<uint32_t>(12);
  x[0] = 0x1234f2f1;
  x[1] = 0x80000001;
  run.run({1}, {1}, {x.address});
  EXPECT_EQ(x[2], 0xfffffff1u);
  EXPECT_EQ(x[3], 0xf1u);
  EXPECT_EQ(x[4], 0xfffff2f1u);
  EXPECT_EQ(x[5], 0xf2f1u);
  EXPECT_EQ(x[6], 0x80000001u);
  EXPECT_EQ(x[7], 0xffffffffu);
  EXPECT_EQ(x[8], 0xf2f100f1u);
}

// y[l] = x[f(l, round)] for many f, with all lanes and with some: whatever the pattern cache makes
// of it.
class Patterns : public testing::TestWithParam<std::string> {};

TEST_P(Patterns, GlobalAndShared) {
  const std::string body =
      R"(.shared .align 16 .b8 s[16384];
    mov.u32 %r1, %tid.x; mov.u32 %r9, s; mov.u32 %r2, %r1;
fill: mul.wide.u32 %d1, %r2, 4; add.u64 %d1, %d1, %a0; ld.global.u32 %r3, [%d1]; shl.b32 %r4, %r2, 2; add.u32 %r4, %r4, %r9; st.shared.u32 [%r4], %r3;
    add.u32 %r2, %r2, 32; setp.lt.u32 %p1, %r2, 4096; @%p1 bra fill;
    mov.u32 %r5, 0;
round: mov.u32 %r6, 0; mov.u32 %r7, 0; mov.u32 %r8, %r1; )" +
      GetParam() +
      R"( shl.b32 %r6, %r6, 2; cvt.u64.u32 %d2, %r6; add.u64 %d2, %d2, %a0; add.u32 %r6, %r6, %r9;
    and.b32 %r12, %r5, 3; setp.eq.u32 %p2, %r12, 3; setp.gt.u32 %p3, %r1, 9; and.pred %p2, %p2, %p3; @%p2 bra skip;
    ld.global.u32 %r10, [%d2]; ld.shared.u32 %r11, [%r6]; sub.u32 %r13, %r10, %r11; mad.lo.u32 %r13, %r13, 1000000, %r10;
    mad.lo.u32 %r14, %r5, 32, %r1; mul.wide.u32 %d3, %r14, 4; add.u64 %d3, %d3, %a1; st.global.u32 [%d3], %r13;
skip: add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, 40; @%p1 bra round;)";
  Runner run(entry(2, body));
  auto x = run.buffer<uint32_t>(4096), y = run.buffer<uint32_t>(32 * 40);
  for (uint32_t i = 0; i < 4096; ++i) x[i] = i;
  run.run({1}, {32}, {x.address, y.address});
  for (uint32_t round = 0; round < 40; ++round)
    for (uint32_t lane = 0; lane < 32; ++lane) {
      const bool skipped = round % 4 == 3 && lane > 9;
      const std::string f = GetParam();
      uint32_t index = 0;
      if (f.starts_with("mad.lo.u32 %r6, %r5, 7, %r1"))
        index = round * 7 + lane;
      else if (f.starts_with("mov.u32 %r6, %r5"))
        index = round;
      else if (f.starts_with("and"))
        index = lane ^ (round & 31);
      else if (f.starts_with("shr"))
        index = lane >> 2;
      else if (f.starts_with("mul"))
        index = lane * round % 4096;
      ASSERT_EQ(y[round * 32 + lane], skipped ? 0u : index)
          << f << " round " << round << " lane " << lane;
    }
}
INSTANTIATE_TEST_SUITE_P(, Patterns,
                         testing::Values("mad.lo.u32 %r6, %r5, 7, %r1;", "mov.u32 %r6, %r5;",
                                         "and.b32 %r7, %r5, 31; xor.b32 %r6, %r1, %r7;",
                                         "shr.u32 %r6, %r1, 2;",
                                         "mul.lo.u32 %r6, %r1, %r5; and.b32 %r6, %r6, 4095;"),
                         [](const auto& param) { return "pattern" + std::to_string(param.index); });

// 2 and 4 elements a lane, global to shared to global, lanes contiguous and lanes reversed.
TEST(Access, Vectors) {
  for (const bool reversed : {false, true}) {
    Runner run(entry(
        2, std::string(".shared .align 16 .b8 s[1024]; mov.u32 %r1, %tid.x; mov.u32 %r9, s;") +
               (reversed ? "sub.u32 %r1, 31, %r1;" : "") + R"(
      mul.wide.u32 %d1, %r1, 16; add.u64 %d2, %a0, %d1; add.u64 %d3, %a1, %d1; shl.b32 %r2, %r1, 4; add.u32 %r2, %r2, %r9;
      ld.global.v4.u32 {%r3, %r4, %r5, %r6}, [%d2]; st.shared.v4.u32 [%r2], {%r6, %r5, %r4, %r3}; ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [%r2];
      st.global.v2.u32 [%d3], {%r3, %r4}; st.global.v2.u32 [%d3+8], {%r5, %r6}; ld.global.v2.u64 {%d4, %d5}, [%d3]; st.global.v2.u64 [%d2], {%d5, %d4};)"));
    auto x = run.buffer<uint32_t>(128), y = run.buffer<uint32_t>(128);
    for (uint32_t i = 0; i < 128; ++i) x[i] = i;
    run.run({1}, {32}, {x.address, y.address});
    for (uint32_t i = 0; i < 128; ++i) {
      ASSERT_EQ(y[i], i / 4 * 4 + 3 - i % 4);
      ASSERT_EQ(x[i], y[i / 4 * 4 + (i + 2) % 4]);
    }
  }
}

// Lanes side by side, elements narrower than their registers.
TEST(Access, NarrowVectorsOfNeighbours) {
  Runner run(entry(3, R"(mov.u32 %r1, %tid.x; mul.wide.u32 %d1, %r1, 4; add.u64 %d2, %d1, %a0;
    ld.global.v2.u16 {%r2, %r3}, [%d2]; add.u64 %d3, %d1, %a1; st.global.v2.u16 [%d3], {%r3, %r2};
    ld.global.v4.u8 {%r2, %r3, %r4, %r5}, [%d2]; add.u64 %d3, %d1, %a2; st.global.v4.u8 [%d3], {%r5, %r4, %r3, %r2};)"));
  auto x = run.buffer<uint32_t>(32), y = run.buffer<uint32_t>(32), z = run.buffer<uint32_t>(32);
  for (uint32_t l = 0; l < 32; ++l) x[l] = (l + 1) * 0x04030201;
  run.run({1}, {32}, {x.address, y.address, z.address});
  for (uint32_t l = 0; l < 32; ++l) {
    EXPECT_EQ(y[l], x[l] >> 16 | x[l] << 16) << l;
    EXPECT_EQ(z[l], __builtin_bswap32(x[l])) << l;
  }
}

TEST(Access, ParametersByAddress) {
  const std::string ptx = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 out, .param .u64 values)
{
.reg .b32 %r<6>; .reg .b64 %d<6>;
ld.param.u64 %d0, [out]; mov.b64 %d1, values; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2;
ld.param.u32 %r2, [%d1]; add.u64 %d0, %d0, %d2; st.global.u32 [%d0], %r2;
ret;
})";
  Runner run(ptx);
  auto y = run.buffer<uint32_t>(2);
  run.run({1}, {2}, {y.address, 0x0000000500000003});
  EXPECT_EQ(y.all(), (std::vector<uint32_t>{3, 5}));
}

// Shared addresses have 32 bits: a negative index and a positive displacement meet at the start.
TEST(Access, SharedAddressesWrapAround) {
  Runner run(entry(1, R"(.shared .align 4 .b32 tile[32];
mov.u32 %r0, %tid.x; shl.b32 %r1, %r0, 2; mov.u32 %r2, tile; add.u32 %r2, %r2, %r1;
st.shared.u32 [%r2], %r0;
sub.u32 %r3, %r2, 64; ld.shared.u32 %r4, [%r3+64];
mul.wide.u32 %d0, %r0, 4; add.u64 %d0, %d0, %a0; st.global.u32 [%d0], %r4;)"));
  auto y = run.buffer<uint32_t>(32);
  run.run({1}, {32}, {y.address});
  for (uint32_t i = 0; i < 32; ++i) EXPECT_EQ(y[i], i);
}

TEST(Access, ConstantsAreASpaceOfTheirOwn) {
  Runner run(entry(1,
                   "mov.u64 %d1, c; cvta.const.u64 %d1, %d1; mov.u64 %d2, g; cvta.global.u64 %d2, "
                   "%d2; isspacep.const %p1, %d1; isspacep.global %p2, %d1; isspacep.const %p3, "
                   "%d2; isspacep.global %p4, %d2; selp.u32 %r1, 1, 0, %p1; selp.u32 %r2, 2, 0, "
                   "%p2; selp.u32 %r3, 4, 0, %p3; selp.u32 %r4, 8, 0, %p4; add.u32 %r1, %r1, %r2;"
                   "add.u32 %r1, %r1, %r3; add.u32 %r1, %r1, %r4; st.global.u32 [%a0], %r1;",
                   ".const .b32 c[4] = {1}; .global .b32 g[4];"));
  auto x = run.buffer<uint32_t>(1);
  run.run({1}, {1}, {x.address});
  EXPECT_EQ(x[0], 9u);
}

}  // namespace
}  // namespace ptxvm::test
