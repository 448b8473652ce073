// Counts by line of PTX and of source, and what the families of instructions add up to.
#include <algorithm>

#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

const LaunchReport::Line& find(const LaunchReport& report, const std::string& instruction) {
  const auto found =
      std::find_if(report.lines.begin(), report.lines.end(),
                   [&](const LaunchReport::Line& l) { return l.instruction == instruction; });
  if (found == report.lines.end()) throw std::runtime_error("no line with " + instruction);
  return *found;
}

uint64_t count(const LaunchReport::Line& line, const std::string& name) {
  const auto found = line.counters.find(name);
  return found == line.counters.end() ? 0 : found->second;
}

const MachineConfig kProfiling{.memory_bytes = 1 << 28, .profile = true};

// One warp; each lane goes round a loop as often as its number says, so that the branch diverges
// 31 times out of 32 and the load is run by 31, 30, ... lanes.
TEST(Profile, LoopOfLanes) {
  const std::string ptx = entry(1, R"(mov.u32 %r0, %tid.x; mov.u32 %r1, 0;
.loc 1 40 3
loop: setp.ge.u32 %p0, %r1, %r0;
.loc 1 41 3
@%p0 bra done;
.loc 1 42 3
ld.global.u32 %r2, [%a0];
add.u32 %r1, %r1, 1;
bra.uni loop;
done:)") + ".file 1 \"there.cu\"\n";
  Runner run(ptx, kProfiling);
  const auto x = run.buffer<uint32_t>(1);
  const LaunchReport report = run.run({}, {32}, {x.address});
  const LaunchReport::Line& load = find(report, "ld.global.u32");
  EXPECT_EQ(load.source, "there.cu");
  EXPECT_EQ(load.source_line, 42u);
  EXPECT_EQ(load.function, "k");
  EXPECT_EQ(count(load, "ptx__warp_instructions"), 31u);
  EXPECT_EQ(count(load, "ptx__lane_instructions"), 31u * 32 / 2);
  EXPECT_EQ(count(load, "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), 31u);
  const LaunchReport::Line& branch = find(report, "bra");
  EXPECT_EQ(branch.source_line, 41u);
  EXPECT_EQ(count(branch, "ptx__branches"), 32u);
  EXPECT_EQ(count(branch, "ptx__branches_divergent"), 31u);
}

TEST(Profile, LinesAddUpToTheLaunch) {
  const std::string body = std::string(kThread) + R"(
add.u64 %d1, %a0, %d0; ld.global.f32 %f0, [%d1]; setp.gt.u32 %p0, %r0, 40;
@%p0 fma.rn.f32 %f0, %f0, %f0, %f0; st.global.f32 [%d1], %f0; red.global.add.f32 [%a1], %f0;)";
  Runner run(entry(2, body), kProfiling);
  const auto x = run.buffer<float>(256), total = run.buffer<float>(1);
  const LaunchReport report = run.run({2}, {128}, {x.address, total.address});
  Counters sum;
  for (const LaunchReport::Line& line : report.lines)
    for (const auto& [name, value] : line.counters) sum[name] += value;
  EXPECT_GE(sum.size(), 10u);
  for (const auto& [name, value] : sum) EXPECT_EQ(report.counters.at(name), value) << name;
  // The guard lets 256 - 41 lanes of 7 of the 8 warps pass.
  const LaunchReport::Line& fma = find(report, "fma.rn.f32");
  EXPECT_EQ(count(fma, "ptx__lane_instructions"), 256u);
  EXPECT_EQ(count(fma, "ptx__lane_instructions_pred_on"), 215u);
}

TEST(Profile, NoLinesUnlessAsked) {
  Runner run(entry(0, ""));
  EXPECT_TRUE(run.run({}, {32}).lines.empty());
}

TEST(Profile, Families) {
  Runner run(entry(0, R"(mov.u32 %r0, %tid.x;
mad.lo.u32 %r1, %r0, %r0, %r0; sub.s32 %r2, %r1, %r0; xor.b32 %r2, %r2, %r1;
cvt.rn.f32.u32 %f0, %r1; add.f32 %f1, %f0, %f0; sqrt.approx.f32 %f1, %f1; ex2.approx.f32 %f1, %f1;
shfl.sync.bfly.b32 %r3, %r2, 1, 31, 0xffffffff;)"));
  const Counters c = run.run({}, {64}).counters;
  EXPECT_EQ(c.at("ptx__integer_operations"), 2u * 64);
  EXPECT_EQ(c.at("ptx__conversion_operations"), 64u);
  EXPECT_EQ(c.at("ptx__special_function_operations"), 2u * 64);
  EXPECT_EQ(c.at("ptx__inter_thread_operations"), 64u);
  EXPECT_EQ(c.at("smsp__sass_thread_inst_executed_op_fadd_pred_on.sum"), 64u);
}

// 32 lanes store word 0 of their local memory, then 16 of them read 8 bytes: a word of 8 lanes is a
// sector, so 4 sectors and 2 * 2.
TEST(Counters, LocalSectors) {
  Runner run(
      entry(0, R"(.local .align 8 .b8 mine[16]; mov.u32 %r0, %tid.x; st.local.u32 [mine], %r0;
setp.lt.u32 %p0, %r0, 16; @%p0 ld.local.u64 %d0, [mine];)"));
  const Counters c = run.run({}, {32}).counters;
  EXPECT_EQ(c.at("l1tex__t_requests_pipe_lsu_mem_local_op_st.sum"), 1u);
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_local_op_st.sum"), 4u);
  EXPECT_EQ(c.at("l1tex__t_sectors_pipe_lsu_mem_local_op_ld.sum"), 4u);
}

}  // namespace
}  // namespace ptxvm::test
