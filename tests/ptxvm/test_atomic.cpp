// Each atomic operation, type and space against its definition, and sums that many workers make.
#include <bit>
#include <cmath>
#include <functional>

#include "tests/ptxvm/run_ptx.h"

namespace ptxvm::test {
namespace {

using Change = std::function<uint64_t(uint64_t old, uint64_t b, uint64_t c)>;

struct Case {
  const char* name;  // "add.u32"
  int bytes;
  Change change;
};

float f32(uint64_t bits) { return std::bit_cast<float>(uint32_t(bits)); }
double f64(uint64_t bits) { return std::bit_cast<double>(bits); }

const Case kCases[] = {
    {"add.u32", 4, [](uint64_t a, uint64_t b, uint64_t) { return uint64_t(uint32_t(a + b)); }},
    {"add.s32", 4, [](uint64_t a, uint64_t b, uint64_t) { return uint64_t(uint32_t(a + b)); }},
    {"add.u64", 8, [](uint64_t a, uint64_t b, uint64_t) { return a + b; }},
    {"add.f32", 4,
     [](uint64_t a, uint64_t b, uint64_t) {
       return uint64_t(std::bit_cast<uint32_t>(f32(a) + f32(b)));
     }},
    {"add.f64", 8,
     [](uint64_t a, uint64_t b, uint64_t) { return std::bit_cast<uint64_t>(f64(a) + f64(b)); }},
    {"min.u32", 4, [](uint64_t a, uint64_t b, uint64_t) { return a < b ? a : b; }},
    {"max.u32", 4, [](uint64_t a, uint64_t b, uint64_t) { return a > b ? a : b; }},
    {"min.s32", 4,
     [](uint64_t a, uint64_t b, uint64_t) { return int32_t(a) < int32_t(b) ? a : b; }},
    {"max.s32", 4,
     [](uint64_t a, uint64_t b, uint64_t) { return int32_t(a) > int32_t(b) ? a : b; }},
    {"min.u64", 8, [](uint64_t a, uint64_t b, uint64_t) { return a < b ? a : b; }},
    {"max.u64", 8, [](uint64_t a, uint64_t b, uint64_t) { return a > b ? a : b; }},
    {"min.s64", 8,
     [](uint64_t a, uint64_t b, uint64_t) { return int64_t(a) < int64_t(b) ? a : b; }},
    {"max.s64", 8,
     [](uint64_t a, uint64_t b, uint64_t) { return int64_t(a) > int64_t(b) ? a : b; }},
    {"and.b32", 4, [](uint64_t a, uint64_t b, uint64_t) { return a & b; }},
    {"or.b32", 4, [](uint64_t a, uint64_t b, uint64_t) { return a | b; }},
    {"xor.b32", 4, [](uint64_t a, uint64_t b, uint64_t) { return a ^ b; }},
    {"and.b64", 8, [](uint64_t a, uint64_t b, uint64_t) { return a & b; }},
    {"or.b64", 8, [](uint64_t a, uint64_t b, uint64_t) { return a | b; }},
    {"xor.b64", 8, [](uint64_t a, uint64_t b, uint64_t) { return a ^ b; }},
    {"exch.b32", 4, [](uint64_t, uint64_t b, uint64_t) { return b; }},
    {"exch.b64", 8, [](uint64_t, uint64_t b, uint64_t) { return b; }},
    {"cas.b32", 4, [](uint64_t a, uint64_t b, uint64_t c) { return a == b ? c : a; }},
    {"cas.b64", 8, [](uint64_t a, uint64_t b, uint64_t c) { return a == b ? c : a; }},
    {"inc.u32", 4, [](uint64_t a, uint64_t b, uint64_t) { return a >= b ? 0 : a + 1; }},
    {"dec.u32", 4, [](uint64_t a, uint64_t b, uint64_t) { return a == 0 || a > b ? b : a - 1; }},
};

// Values that matter to integers and are ordinary floats too: 1.5, 2.5, -3.0 in either width, 0,
// small and all ones for the others.
std::vector<uint64_t> values(const Case& c) {
  const std::string name = c.name;
  if (name == "add.f32") return {0, 0x3fc00000, 0x40200000, 0xc0400000, 0x7f7fffff};
  if (name == "add.f64") return {0, 0x3ff8000000000000, 0x4004000000000000, 0xc008000000000000};
  if (c.bytes == 4) return {0, 1, 5, 0x7fffffff, 0x80000000, 0xffffffff};
  return {0, 1, 5, 0x7fffffffffffffff, 0x8000000000000000, ~uint64_t{0}};
}

std::string program(const Case& c, const std::string& space) {
  const std::string type = c.bytes == 4 ? "%r" : "%d", size = c.bytes == 4 ? "u32" : "u64";
  const bool cas = std::string(c.name).starts_with("cas"), shared = space == ".shared",
             generic_shared = space == "shared, generic";
  const std::string operand = type + "21" + (cas ? ", " + type + "22" : "");
  const std::string dot = generic_shared ? "" : space;
  std::string text = ".shared .align 8 .b8 s[8]; mov.u64 %d8, %a0;";
  if (shared || generic_shared) {
    text += "ld.global." + size + " " + type + "20, [%a0]; st.shared." + size + " [s], " + type +
            "20; mov.u64 %d8, s;";
    if (generic_shared) text += "cvta.shared.u64 %d8, %d8;";
  }
  text += "ld.global." + size + " " + type + "21, [%a0+8]; ld.global." + size + " " + type +
          "22, [%a0+16];";
  text += "atom" + dot + "." + c.name + " " + type + "23, [%d8], " + operand + "; st.global." +
          size + " [%a0+24], " + type + "23;";
  if (shared || generic_shared)
    text +=
        "ld.shared." + size + " " + type + "20, [s]; st.global." + size + " [%a0], " + type + "20;";
  return entry(1, text);
}

TEST(Atomic, EveryOperationInEverySpace) {
  for (const Case& c : kCases) {
    for (const char* space : {".global", ".shared", "", "shared, generic"}) {
      Runner run(program(c, space));
      auto x = run.buffer<uint64_t>(4);
      for (uint64_t old : values(c))
        for (uint64_t b : values(c)) {
          x[0] = old, x[1] = b, x[2] = 77, x[3] = 0;
          run.run({1}, {1}, {x.address});
          EXPECT_EQ(x[0], c.change(old, b, 77)) << c.name << " " << space << " " << old << " " << b;
          EXPECT_EQ(x[3], old) << c.name << " " << space;
        }
    }
  }
}

// PTX ISA: global f32 additions flush subnormals, shared ones keep them.
TEST(Atomic, SubnormalsOfF32Add) {
  for (const bool shared : {false, true}) {
    Runner run(program(kCases[3], shared ? ".shared" : ".global"));
    auto x = run.buffer<uint64_t>(4);
    x[0] = 1, x[1] = 2;
    run.run({1}, {1}, {x.address});
    EXPECT_EQ(x[0], shared ? 3u : 0u);
  }
}

// 1.5 + 0.25 and -2 + 1 in halves; 3 + 1 in bfloat16.
TEST(Atomic, HalfPrecision) {
  Runner run(entry(1,
                   "mov.b32 %r1, 0x3c003400; atom.global.add.noftz.f16x2 %r2, [%a0], %r1; mov.b16 "
                   "%h1, 0x3f80; atom.global.add.noftz.bf16 %h2, [%a0+4], %h1;"));
  auto x = run.buffer<uint32_t>(2);
  x[0] = 0xc0003e00;
  x[1] = 0x4040;
  run.run({1}, {1}, {x.address});
  EXPECT_EQ(x[0], 0xbc003f00);
  EXPECT_EQ(x[1], 0x4080u);
}

TEST(Atomic, ManyWorkersLoseNothing) {
  Runner run(entry(1,
                   "red.global.add.u32 [%a0], 1; mov.f32 %f1, 0f3f800000; red.global.add.f32 "
                   "[%a0+4], %f1; atom.global.max.u32 %r2, [%a0+8], 7;"),
             4);
  auto x = run.buffer<uint32_t>(3);
  run.run({400}, {128}, {x.address});
  EXPECT_EQ(x[0], 51200u);
  EXPECT_EQ(std::bit_cast<float>(x[1]), 51200.0f);
  EXPECT_EQ(x[2], 7u);
}

// Block 0 stores pairs of equal halves until block 1 has loaded as many; no pair may be of two.
TEST(Atomic, NobodySeesHalfOfARelaxedStore) {
  const std::string common =
      ".reg .b128 %q; mov.u32 %r1, %ctaid.x; setp.eq.u32 %p1, %r1, 0; mov.u32 %r2, 0; mov.u64 %d1, "
      "0; @!%p1 bra LOAD;\n";
  const std::string stores =
      "STORE: add.u64 %d1, %d1, 1; mov.b128 %q, {%d1, %d1}; st.relaxed.gpu.global.b128 [%a0], %q;"
      "add.u32 %r2, %r2, 1; setp.lt.u32 %p2, %r2, 100000; @%p2 bra STORE; ret;\n";
  const std::string loads =
      "LOAD: ld.relaxed.gpu.global.b128 %q, [%a0]; mov.b128 {%d2, %d3}, %q; setp.ne.u64 %p3, %d2, "
      "%d3; @%p3 add.u64 %d1, %d1, 1; add.u32 %r2, %r2, 1; setp.lt.u32 %p2, %r2, 100000;"
      "@%p2 bra LOAD; st.global.u64 [%a0+16], %d1;";
  Runner run(entry(1, common + stores + loads), 2);
  auto x = run.buffer<uint64_t>(3);
  x[2] = 1;
  run.run({2}, {1}, {x.address});
  EXPECT_EQ(x[0], 100000u);
  EXPECT_EQ(x[1], 100000u);
  EXPECT_EQ(x[2], 0u);
}

}  // namespace
}  // namespace ptxvm::test
