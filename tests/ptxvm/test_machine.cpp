// Modules, symbols, kernels, arguments, device printf.
#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

TEST(Machine, SaxpyWithARaggedEnd) {
  const std::string ptx = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u32 n, .param .f32 a, .param .u64 x, .param .u64 y)
{
.reg .pred %p<2>; .reg .b32 %r<6>; .reg .b64 %d<6>; .reg .f32 %f<5>;
ld.param.u32 %r0, [n]; ld.param.f32 %f0, [a]; ld.param.u64 %d0, [x]; ld.param.u64 %d1, [y];
mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x; mad.lo.u32 %r4, %r1, %r2, %r3;
setp.ge.u32 %p1, %r4, %r0;
@%p1 bra done;
mul.wide.u32 %d2, %r4, 4; add.u64 %d0, %d0, %d2; add.u64 %d1, %d1, %d2;
ld.global.f32 %f1, [%d0]; ld.global.f32 %f2, [%d1]; fma.rn.f32 %f3, %f0, %f1, %f2; st.global.f32 [%d1], %f3;
done: ret;
})";
  Runner run(ptx);
  auto x = run.buffer<float>(1000), y = run.buffer<float>(1000);
  for (int i = 0; i < 1000; ++i) x[i] = float(i), y[i] = 1;
  const float a = 2;
  run.run({4}, {256}, {1000, std::bit_cast<uint32_t>(a), x.address, y.address});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(y[i], 2 * i + 1);
}

TEST(Machine, VariablesAndInitialValues) {
  Runner run(entry(1,
                   "ld.const.u32 %r1, [factors+4]; ld.global.u32 %r2, [counter]; ld.global.u64 "
                   "%d1, [pointer]; ld.u32 %r4, [%d1]; mad.lo.u32 %r3, %r1, %r2, %r4; "
                   "st.global.u32 [%a0], %r3; st.global.u32 [counter], 9;",
                   ".visible .const .align 4 .u32 factors[2] = {5, 7};\n.visible .global .align 4 "
                   ".u32 counter = 3;\n.visible .global .align 8 .u64 pointer = "
                   "generic(counter);\n.visible .global .align 4 .u32 zeros[100];"));
  auto y = run.buffer<uint32_t>(1);
  run.run({1}, {1}, {y.address});
  EXPECT_EQ(y[0], 24u);
  Machine& machine = run.machine();
  const Machine::Symbol counter = machine.symbol(run.module(), "counter"),
                        zeros = machine.symbol(run.module(), "zeros");
  EXPECT_EQ(*reinterpret_cast<uint32_t*>(machine.memory().host(counter.address)), 9u);
  EXPECT_EQ(zeros.size, 400u);
  EXPECT_EQ(machine.symbol(run.module(), "nobody").size, 0u);
  EXPECT_EQ(machine.kernel(run.module(), "nobody"), nullptr);
}

TEST(Machine, UnloadGivesMemoryBack) {
  Machine machine({.memory_bytes = 1 << 20});
  const auto id = machine.load(
      ".version 8.0\n.target sm_80\n.address_size 64\n.global .align 4 .b8 big[4096];", "m");
  EXPECT_EQ(machine.memory().used(), 4096u);
  machine.unload(id);
  EXPECT_EQ(machine.memory().used(), 0u);
  EXPECT_THROW(machine.kernel(id, "k"), PtxError);
}

TEST(Machine, KernelInfo) {
  Runner run(
      ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u32 a, .param .u64 "
      "b, .param .align 4 .b8 c[12])\n.maxntid 64, 2, 1\n{ .shared .align 4 .b8 s[100]; .reg .b32 "
      "%r<3>; mov.u32 %r1, s; st.shared.u32 [%r1], %r1; ret; }");
  const auto info = run.machine().info(run.machine().kernel(run.module(), "k"));
  EXPECT_EQ(info.param_sizes, (std::vector<uint32_t>{4, 8, 12}));
  EXPECT_EQ(info.param_offsets, (std::vector<uint32_t>{0, 8, 16}));
  EXPECT_EQ(info.param_bytes, 28u);
  EXPECT_EQ(info.static_shared, 100u);
  EXPECT_EQ(info.max_threads, 128u);
  EXPECT_EQ(info.target, 80);
}

TEST(Machine, UnknownInstructionIsNamed) {
  Runner run(entry(0, "tcgen05.fence::before_thread_sync;"));
  try {
    run.run({1}, {1});
    FAIL();
  } catch (const PtxError& error) {
    expect_text(error.what(), "tcgen05");
  }
}

TEST(Machine, DynamicSharedMemory) {
  Runner run(entry(1,
                   "mov.u32 %r1, dynamic; ld.shared.u32 %r2, [%r1+96]; mov.u32 %r3, "
                   "%dynamic_smem_size; st.global.u32 [%a0], %r3;",
                   ".extern .shared .align 16 .b8 dynamic[];"));
  auto y = run.buffer<uint32_t>(1);
  run.run({1}, {1}, {y.address}, 100);
  EXPECT_EQ(y[0], 100u);
  expect_text(run.trap(TrapKind::out_of_bounds, {1}, {1}, {y.address}, 96),
              "shared load of 4 bytes at 0x60");
}

TEST(Machine, ThreadAndBlockNumbers) {
  Runner run(entry(1, R"(
    mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z; mov.u32 %r4, %ctaid.x; mov.u32 %r5, %ctaid.y; mov.u32 %r6, %ctaid.z;
    mov.u32 %r7, %ntid.x; mov.u32 %r8, %ntid.y; mov.u32 %r9, %ntid.z; mov.u32 %r10, %nctaid.x; mov.u32 %r11, %nctaid.y;
    mad.lo.u32 %r12, %r3, %r8, %r2; mad.lo.u32 %r12, %r12, %r7, %r1;
    mad.lo.u32 %r13, %r6, %r11, %r5; mad.lo.u32 %r13, %r13, %r10, %r4;
    mul.lo.u32 %r14, %r7, %r8; mul.lo.u32 %r14, %r14, %r9; mad.lo.u32 %r15, %r13, %r14, %r12;
    mov.u32 %r16, %laneid; mov.u32 %r17, %warpid; mad.lo.u32 %r18, %r17, 32, %r16; sub.u32 %r18, %r18, %r12; add.u32 %r18, %r18, %r15;
    mul.wide.u32 %d1, %r15, 4; add.u64 %d1, %d1, %a0; st.global.u32 [%d1], %r18;)"));
  auto y = run.buffer<uint32_t>(2 * 3 * 2 * 5 * 3 * 4);
  run.run({2, 3, 2}, {5, 3, 4}, {y.address});
  for (uint32_t i = 0; i < y.size; ++i) ASSERT_EQ(y[i], i);
}

TEST(Machine, Printf) {
  // "%d %s %5.2f|%llx%%\n" and "abc"
  const char* const globals = R"(
.global .align 1 .b8 format[21] = {37, 100, 32, 37, 115, 32, 37, 53, 46, 50, 102, 124, 37, 108, 108, 120, 37, 37, 10, 0};
.global .align 1 .b8 word[4] = {97, 98, 99, 0};
.extern .func (.param .b32 r) vprintf (.param .b64 f, .param .b64 v);)";
  Runner run(entry(0, R"(.local .align 8 .b8 values[32];
    mov.u32 %r1, %tid.x; mov.u64 %d1, values; st.local.u32 [%d1], %r1; mov.u64 %d2, word; cvta.global.u64 %d2, %d2; st.local.u64 [%d1+8], %d2;
    mov.u64 %d3, 0x400921fb54442d18; st.local.u64 [%d1+16], %d3; mov.u64 %d3, 0x123456789ab; st.local.u64 [%d1+24], %d3;
    mov.u64 %d4, format; cvta.global.u64 %d4, %d4; cvta.local.u64 %d5, %d1;
    { .param .b64 f; .param .b64 v; .param .b32 r; st.param.b64 [f], %d4; st.param.b64 [v], %d5; call.uni (r), vprintf, (f, v); ld.param.b32 %r2, [r]; })",
                   globals));
  std::string printed;
  run.machine().set_printf([&](std::string_view text) { printed += text; });
  run.run({1}, {2});
  EXPECT_EQ(printed, "0 abc  3.14|123456789ab%\n1 abc  3.14|123456789ab%\n");
}

TEST(Machine, GenericAddressesReachEverySpace) {
  // Lane l: 0 global, 1 shared, 2 local, by one generic load and store.
  Runner run(entry(1, R"(.shared .align 8 .b8 s[64]; .local .align 8 .b8 l[64];
    mov.u32 %r1, %tid.x; mov.u64 %d1, s; cvta.shared.u64 %d1, %d1; mov.u64 %d2, l; cvta.local.u64 %d2, %d2;
    setp.eq.u32 %p1, %r1, 1; setp.eq.u32 %p2, %r1, 2; mov.u64 %d3, %a0; selp.b64 %d3, %d1, %d3, %p1; selp.b64 %d3, %d2, %d3, %p2;
    add.u32 %r2, %r1, 70; st.u32 [%d3+8], %r2; st.u8 [%d3+12], %r2; ld.v2.u32 {%r3, %r5}, [%d3+8]; ld.u8 %r6, [%d3+8];
    mul.wide.u32 %d4, %r1, 4; add.u64 %d4, %d4, %a0; add.u32 %r3, %r3, %r6; st.global.u32 [%d4+16], %r3;)"));
  auto y = run.buffer<uint32_t>(16);
  run.run({1}, {3}, {y.address});
  EXPECT_EQ(y[4], 140u);
  EXPECT_EQ(y[5], 142u);
  EXPECT_EQ(y[6], 144u);
}

}  // namespace
}  // namespace ptxvm::test
