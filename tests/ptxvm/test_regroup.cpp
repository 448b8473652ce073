// Counts where lanes of a warp come to an instruction with a member mask in parts, and go on
// together, or the other way round. Every number here is counted by hand.
#include <map>

#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

/// Executions of each instruction by its PTX line, and in all.
struct Counted {
  std::map<std::string, uint64_t> groups, lanes;
  uint64_t all = 0;
};

/// Lines that begin with "// name" before an instruction are its name.
Counted run(const std::string& body, uint32_t blocks = 1, int workers = 1) {
  const std::string ptx = entry(0, body);
  std::vector<std::string> lines(1);
  for (const char c : ptx) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += c;
  }
  Runner runner(
      ptx, MachineConfig{.memory_bytes = uint64_t{64} << 20, .workers = workers, .profile = true});
  const LaunchReport report = runner.run({blocks}, {32});
  Counted counted;
  counted.all = report.counters.at("ptx__warp_instructions");
  for (const LaunchReport::Line& line : report.lines) {
    const std::string& text = lines.at(line.ptx_line - 1);
    const size_t name = text.find("// ");
    if (name == std::string::npos) continue;
    const auto value = [&](const char* counter) {
      const auto found = line.counters.find(counter);
      return found == line.counters.end() ? 0 : found->second;
    };
    counted.groups[text.substr(name + 3)] += value("ptx__warp_instructions");
    counted.lanes[text.substr(name + 3)] += value("ptx__lane_instructions");
  }
  return counted;
}

/// Lanes 0 to 15 come to `before` later than the others.
const std::string kLateHalf = R"(
setp.gt.u32 %p1, %r0, 15;
@%p1 bra MEET;
nanosleep.u32 100;
mov.u32 %r4, 0;
MEET:
add.u32 %r1, %r0, 1; // before
)";

// Lanes 0 to 15 sleep on their way, so the others are at the shuffle first and wait there: two
// groups come, one goes on.
TEST(Regroup, TwoComeOneGoesOn) {
  for (const int workers : {1, 3}) {
    const Counted c = run("mov.u32 %r0, %laneid;\n" + kLateHalf +
                              R"(shfl.sync.bfly.b32 %r2, %r1, 16, 31, -1; // shuffle
add.u32 %r1, %r2, 1; // behind
vote.sync.ballot.b32 %r2, %p1, -1; // vote
)",
                          3, workers);
    EXPECT_EQ(c.groups.at("before"), 3 * 2u);
    EXPECT_EQ(c.groups.at("shuffle"), 3 * 1u);
    EXPECT_EQ(c.groups.at("behind"), 3 * 1u);
    EXPECT_EQ(c.groups.at("vote"), 3 * 1u);
    for (const auto& [name, lanes] : c.lanes) EXPECT_EQ(lanes, 3 * 32u) << name;
    // mov, setp, bra; nanosleep, mov; add twice; shfl, add, vote, ret
    EXPECT_EQ(c.all, 3 * (3 + 2 + 2 + 4u));
  }
}

// One group comes, with a member mask for each half: each is a group from there on.
TEST(Regroup, OneComesTwoGoOn) {
  const Counted c = run(R"(
mov.u32 %r0, %laneid;
setp.gt.u32 %p1, %r0, 15;
selp.b32 %r3, 0xffff0000, 0x0000ffff, %p1; // before
shfl.sync.bfly.b32 %r2, %r0, 1, 31, %r3; // shuffle
add.u32 %r1, %r2, 1; // behind
)");
  EXPECT_EQ(c.groups.at("before"), 1u);
  EXPECT_EQ(c.groups.at("shuffle"), 2u);
  EXPECT_EQ(c.groups.at("behind"), 2u);
  EXPECT_EQ(c.lanes.at("behind"), 32u);
  // mov, setp, selp; shfl, add and ret twice
  EXPECT_EQ(c.all, 3 + 2 * 3u);
}

// Three groups come; two member masks of which one takes lanes of two of them.
TEST(Regroup, PartsOfGroups) {
  const Counted c = run(R"(
mov.u32 %r0, %laneid;
setp.lt.u32 %p1, %r0, 8;
selp.b32 %r3, 0x000000ff, 0xffffff00, %p1;
setp.lt.u32 %p1, %r0, 16;
@%p1 bra MEET;
nanosleep.u32 100;
mov.u32 %r4, 0;
setp.lt.u32 %p1, %r0, 24;
@%p1 bra MEET;
nanosleep.u32 100;
mov.u32 %r4, 0;
MEET:
add.u32 %r1, %r0, 1; // before
match.any.sync.b32 %r2, %r1, %r3; // match
add.u32 %r1, %r2, 1; // behind
)");
  // Lanes 0-15 come first: 0-7 match and go on, 8-15 wait for 16-31, which come in two groups.
  EXPECT_EQ(c.groups.at("before"), 3u);
  EXPECT_EQ(c.groups.at("match"), 2u);
  EXPECT_EQ(c.groups.at("behind"), 2u);
  EXPECT_EQ(c.lanes.at("behind"), 32u);
}

// A guard keeps half of the lanes out: they go on by themselves while the others wait.
TEST(Regroup, GuardedShuffle) {
  const Counted c = run(R"(
mov.u32 %r0, %laneid;
and.b32 %r1, %r0, 1;
setp.eq.u32 %p2, %r1, 1;
)" + kLateHalf + R"(@%p2 shfl.sync.bfly.b32 %r2, %r1, 16, 31, 0xaaaaaaaa; // shuffle
add.u32 %r1, %r2, 1; // behind
)");
  // Lanes 16-31 come; the even ones go on, the odd ones wait. Lanes 0-15 come: their odd ones
  // wait too, and all odd ones shuffle. Each of three groups goes on.
  EXPECT_EQ(c.groups.at("before"), 2u);
  EXPECT_EQ(c.groups.at("shuffle"), 3u);
  EXPECT_EQ(c.groups.at("behind"), 3u);
  EXPECT_EQ(c.lanes.at("shuffle"), 32u);
}

}  // namespace
}  // namespace ptxvm::test
