// No modifier is ever ignored: what a mnemonic does not have is refused by name.
#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/modifiers.h"
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

std::string refusal(const std::string& body) {
  try {
    Runner run(entry(1, body));
    run.run({1}, {1}, {0});
  } catch (const PtxError& error) {
    return error.what();
  }
  return "it was not refused";
}

TEST(Modifiers, EveryInstructionHasItsList) {
  for (const Opcode& row : std::span(isa().opcodes, isa().count))
    EXPECT_TRUE(has_modifier_list(row.mnemonic)) << row.mnemonic;
}

TEST(Modifiers, WhatIsNotListedIsNamed) {
  expect_text(refusal("add.wrap.s32 %r1, %r2, %r3;"), ".wrap is no modifier of add");
  expect_text(refusal("ld.global.L3::cache_hint.u32 %r1, [%a0];"),
              ".L3::cache_hint is no modifier of ld");
  expect_text(refusal("mma.sync.aligned.m16n8.row.col.f32.f16.f16.f32 {%f0}, {%r1}, {%r1}, {%f0};"),
              ".m16n8 is no modifier of mma");
  expect_text(refusal("bar.sync.now 0;"), ".now is no modifier of bar");
}

// Forms that the ISA has for later targets or other types, and forms that it does not have.
TEST(Modifiers, WhatDoesNotGoTogetherIsRefused) {
  for (const char* text : {
           "atom.shared.add.v2.f32 {%f1, %f2}, [%r1], {%f1, %f2};",
           "atom.global.min.noftz.f16 %h1, [%a0], %h2;",
           "atom.global.add.v8.f32 {%f1, %f2, %f3, %f4, %f5, %f6, %f7, %f8}, [%a0], {%f1, %f2, "
           "%f3, %f4, %f5, %f6, %f7, %f8};",
           "st.async.shared::cluster.u32 [%r1], %r2, [%r3];",
           "st.async.shared::cta.mbarrier::complete_tx::bytes.u32 [%r1], %r2, [%r3];",
           "st.global.u32 [%a0], %r2, [%a0];",
           "red.global.add.u32 [%a0], %r2, [%a0];",
           "red.async.shared::cluster.mbarrier::complete_tx::bytes.exch.b64 [%r1], %d2, [%r3];",
           "mma.sp.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1, "
           "%r2, %r3}, {%r4, %r5, %r6, %r7}, {%f0, %f1, %f2, %f3}, %r8, 2;",
           "mma.sp.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1, "
           "%r2, %r3}, {%r4, %r5}, {%f0, %f1, %f2, %f3}, %r8, 0;",
           "mma.sp.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3, %f4, %f5, %f6, "
           "%f7}, {%r0, %r1}, {%r2, %r3}, {%f0, %f1, %f2, %f3, %f4, %f5, %f6, %f7};",
           "cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.multicast::"
           "cluster [%r1], [%r2], %r3, [%r4], %h1;",
           "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.cp_mask [%r1], "
           "[%a0], "
           "%r3, [%r4], %h1;",
           "cp.async.bulk.global.shared::cta [%a0], [%r2], %r3;",
           "cp.reduce.async.bulk.tensor.1d.shared::cluster.global.add.tile.mbarrier::complete_tx::"
           "bytes [%r1], [%a0, {%r2}], [%r3];",
           "{ .reg .b128 q<2>; ld.relaxed.gpu.global.v2.b128 {q0, q1}, [%a0]; }",
           "alloca.u64 %d1, %d2, 24;",
           "fma.rz.bf16x2 %r0, %r1, %r2, %r3;",
           "fma.rn.ftz.oob.f16x2 %r0, %r1, %r2, %r3;",
           "cvt.pack.sat.u16.s32.b32 %r0, %r1, %r2, %r3;",
           "cvt.pack.sat.s8.s32 %r0, %r1, %r2;",
           "cvt.pack.u8.s32.b32 %r0, %r1, %r2, %r3;",
           "cvt.sat.s4.s32 %r0, %r1;",
       })
    expect_text(refusal(text), "this instruction is not supported");
}

}  // namespace
}  // namespace ptxvm::test
