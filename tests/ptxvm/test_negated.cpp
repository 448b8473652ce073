// `!` before a source predicate, wherever the ISA takes one.
#include <bit>

#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

constexpr uint32_t kOdd = 0xaaaaaaaa;  // lanes where %p1 is true

struct Case {
  const char* text;  // %r9 = a function of !%p1, lane in %r0
  uint32_t (*expected)(uint32_t lane, bool p);
};

const Case kCases[] = {
    {"selp.u32 %r9, 7, 9, !%p1;", [](uint32_t, bool p) { return p ? 9u : 7u; }},
    {"mov.pred %p2, !%p1; selp.u32 %r9, 7, 9, %p2;", [](uint32_t, bool p) { return p ? 9u : 7u; }},
    {"not.pred %p2, !%p1; selp.u32 %r9, 7, 9, %p2;", [](uint32_t, bool p) { return p ? 7u : 9u; }},
    {"setp.gt.u32 %p3, %r0, 15; and.pred %p2, !%p1, %p3; selp.u32 %r9, 7, 9, %p2;",
     [](uint32_t l, bool p) { return !p && l > 15 ? 7u : 9u; }},
    {"setp.gt.u32 %p3, %r0, 15; or.pred %p2, %p3, !%p1; selp.u32 %r9, 7, 9, %p2;",
     [](uint32_t l, bool p) { return !p || l > 15 ? 7u : 9u; }},
    {"setp.gt.u32 %p3, %r0, 15; xor.pred %p2, !%p3, !%p1; selp.u32 %r9, 7, 9, %p2;",
     [](uint32_t l, bool p) { return (l <= 15) != !p ? 7u : 9u; }},
    {"setp.gt.and.u32 %p2|%p3, %r0, 15, !%p1; selp.u32 %r9, 4, 0, %p2; @%p3 add.u32 %r9, %r9, 1;",
     [](uint32_t l, bool p) { return (l > 15 && !p ? 4u : 0u) + (l <= 15 && !p ? 1u : 0u); }},
    {"set.gt.or.u32.u32 %r9, %r0, 15, !%p1;",
     [](uint32_t l, bool p) { return l > 15 || !p ? ~0u : 0u; }},
    {"lop3.and.b32 %r9|%p2, %r0, 1, 0, 0xc0, !%p1; @%p2 add.u32 %r9, %r9, 10;",
     [](uint32_t l, bool) { return l & 1; }},
    {"lop3.or.b32 %r9|%p2, %r0, 1, 0, 0xc0, !%p1; @%p2 add.u32 %r9, %r9, 10;",
     [](uint32_t l, bool) { return (l & 1) + 10; }},
    {"vote.sync.ballot.b32 %r9, !%p1, -1;", [](uint32_t, bool) { return ~kOdd; }},
    {"setp.lt.u32 %p3, %r0, 0; vote.sync.all.pred %p2, !%p3, -1; selp.u32 %r9, 7, 9, %p2;",
     [](uint32_t, bool) { return 7u; }},
    {"barrier.red.popc.u32 %r9, 0, !%p1;", [](uint32_t, bool) { return 16u; }},
    {"@%p1 selp.u32 %r9, 7, 9, !%p1;", [](uint32_t, bool p) { return p ? 9u : 3u; }},
};

TEST(Negated, SourcePredicatesEverywhere) {
  for (const Case& c : kCases) {
    Runner run(entry(1,
                     "mov.u32 %r0, %laneid; and.b32 %r1, %r0, 1; setp.eq.u32 %p1, %r1, 1; "
                     "mov.u32 %r9, 3;" +
                         std::string(c.text) +
                         "mul.wide.u32 %d0, %r0, 4; add.u64 %d0, %d0, %a0; st.global.u32 "
                         "[%d0], %r9;"));
    auto out = run.buffer<uint32_t>(32);
    run.run({1}, {32}, {out.address});
    for (uint32_t lane = 0; lane < 32; ++lane)
      ASSERT_EQ(out[lane], c.expected(lane, kOdd >> lane & 1)) << c.text << " lane " << lane;
  }
}

// The op that negates is none of the program's instructions.
TEST(Negated, CountsAsOneInstruction) {
  for (const char* predicate : {"%p1", "!%p1"}) {
    Runner run(entry(0, "setp.eq.u32 %p1, %r0, 0; selp.u32 %r1, 7, 9, " + std::string(predicate) +
                            "; @%p1 selp.u32 %r1, 7, 9, " + predicate + ";"));
    EXPECT_EQ(run.run({1}, {32}).counters.at("ptx__warp_instructions"), 4u) << predicate;
  }
}

TEST(Negated, NothingElseMayBe) {
  for (const char* text : {"add.u32 %r1, !%r2, 1;", "add.u32 !%r1, %r2, 1;",
                           "setp.eq.u32 !%p1, %r1, 1;", "mov.b64 %d1, {!%r1, %r2};"}) {
    try {
      Runner run(entry(0, text));
      run.run({1}, {1});
      ADD_FAILURE() << text;
    } catch (const PtxError& error) {
      EXPECT_TRUE(std::string(error.what()).find("predicate") != std::string::npos ||
                  std::string(error.what()).find("destination") != std::string::npos)
          << error.what();
    }
  }
}

}  // namespace
}  // namespace ptxvm::test
