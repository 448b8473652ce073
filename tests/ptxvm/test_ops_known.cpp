// Results that can be read in the PTX ISA or done in the head: the oracles of test_ops.cpp cannot
// share a misunderstanding with these.
#include <cstring>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "tests/ptxvm/op_file.h"

namespace ptxvm::test {
namespace {

struct Known {
  const char* mnemonic;
  const char* text;  // of the line in ops/<mnemonic>.ptx
  uint64_t in[4];
  uint64_t result;
};

constexpr uint64_t kAll = ~uint64_t{0};

constexpr Known kKnown[] = {
    // ISA 9.7.1.17, its four examples
    {"fns", "fns.b32 d, a, b, c", {0xaaaaaaaa, 3, 1}, 3},
    {"fns", "fns.b32 d, a, b, c", {0xaaaaaaaa, 3, 0xffffffff}, 3},
    {"fns", "fns.b32 d, a, b, c", {0xaaaaaaaa, 2, 1}, 3},
    {"fns", "fns.b32 d, a, b, c", {0xaaaaaaaa, 2, 0xffffffff}, 1},
    // 9.7.1.21 and .22, examples
    {"szext", "szext.wrap.u32 d, a, b", {0xffffffff, 0}, 0},
    {"szext", "szext.clamp.s32 d, a, b", {0x80, 8}, 0xffffff80},
    {"szext", "szext.clamp.s32 d, a, b", {0x80, 32}, 0x80},
    {"bmsk", "bmsk.wrap.b32 d, a, b", {1, 2}, 6},
    {"bmsk", "bmsk.clamp.b32 d, a, b", {0, 40}, 0xffffffff},
    // 9.7.8.6: (a & b & ~c) is 0x40, a|b|c is 0xfe
    {"lop3", "lop3.b32 d, a, b, c, 64", {0xf0, 0xcc, 0xaa}, 0x40},
    {"lop3", "lop3.b32 d, a, b, c, 254", {0xf0, 0xcc, 0xaa}, 0xfe},
    // fields and shifts at and beyond the width
    {"bfe", "bfe.s32 d, a, b, c", {0x80000000, 31, 1}, 0xffffffff},
    {"bfe", "bfe.s32 d, a, b, c", {0x80000000, 40, 3}, 0xffffffff},
    {"bfe", "bfe.u32 d, a, b, c", {0xffffffff, 0, 0}, 0},
    {"bfe", "bfe.u32 d, a, b, c", {0xabcdef12, 0, 255}, 0xabcdef12},
    {"bfi", "bfi.b32 d, a, b, c, e", {0xf, 0, 30, 8}, 0xc0000000},
    {"shl", "shl.b32 d, a, b", {1, 32}, 0},
    {"shr", "shr.s32 d, a, b", {0x80000000, 99}, 0xffffffff},
    {"shf", "shf.l.clamp.b32 d, a, b, c", {0x11111111, 0x22222222, 99}, 0x11111111},
    {"shf", "shf.r.wrap.b32 d, a, b, c", {0x80000001, 0x80000001, 33}, 0xc0000000},
    {"bfind", "bfind.s32 d, a", {0xffffffff}, 0xffffffff},
    {"bfind", "bfind.shiftamt.u64 d, a", {1}, 63},
    {"prmt", "prmt.b32 d, a, b, c", {0x33221100, 0x77665584, 0x000c}, 0x000000ff},
    // integers at their limits
    {"add", "add.sat.s32 d, a, b", {0x7fffffff, 1}, 0x7fffffff},
    {"sub", "sub.sat.s32 d, a, b", {0x80000000, 1}, 0x80000000},
    {"mul", "mul.hi.s32 d, a, b", {0x80000000, 0x80000000}, 0x40000000},
    {"mul", "mul.wide.s32 d, a, b", {0xffffffff, 2}, kAll - 1},
    {"mul", "mul.hi.u64 d, a, b", {kAll, kAll}, kAll - 1},
    {"div", "div.s32 d, a, b", {0x80000000, 0xffffffff}, 0x80000000},
    {"rem", "rem.s64 d, a, b", {uint64_t{1} << 63, kAll}, 0},
    {"abs", "abs.s32 d, a", {0x80000000}, 0x80000000},
    {"dp4a", "dp4a.s32.s32 d, a, b, c", {0x80808080, 0x80808080, 0}, 65536},
    {"addc", "add.cc.u32 e, a, b; addc.u32 d, c, c", {0xffffffff, 1, 7}, 15},
    // floats: one rounding, signs of zero, subnormals, NaN
    {"fma",
     "fma.rn.f32 d, a, b, c",
     {0x3f800001, 0x3f800001, 0xbf800002},
     0x28800000},  // (1+u)^2 - (1+2u) = u^2
    {"add", "add.rm.f32 d, a, b", {0x3f800000, 0xbf800000}, 0x80000000},
    {"add", "add.f32 d, a, b", {0x3f800000, 0xbf800000}, 0},
    {"add", "add.ftz.f32 d, a, b", {0x80000001, 0x80000001}, 0x80000000},
    {"add", "add.sat.f32 d, a, b", {0x7fc00000, 0}, 0},
    {"add", "add.f32 d, a, b", {0x7f800000, 0xff800000}, 0x7fffffff},
    {"mul", "mul.rz.f32 d, a, b", {0x7f7fffff, 0x7f7fffff}, 0x7f7fffff},
    {"div", "div.rn.f32 d, a, b", {0x3f800000, 0x40400000}, 0x3eaaaaab},
    {"div", "div.rz.f32 d, a, b", {0x3f800000, 0x40400000}, 0x3eaaaaaa},
    {"min", "min.f32 d, a, b", {0, 0x80000000}, 0x80000000},
    {"max", "max.NaN.f32 d, a, b", {0x3f800000, 0x7fc00000}, 0x7fffffff},
    {"max", "max.f32 d, a, b", {0x3f800000, 0x7fc00000}, 0x3f800000},
    {"min", "min.xorsign.abs.f32 d, a, b", {0xc0000000, 0x3f800000}, 0xbf800000},
    {"rcp", "rcp.approx.ftz.f64 d, a", {0x7ff8000000000000}, 0x7fffffff00000000},
    {"fma", "fma.rn.f16 d, a, b, c", {0x3c01, 0x3c01, 0xbc02}, 0x0010},  // 2^-20
    // products halfway between two f16: a c too small for f32 decides
    {"fma", "fma.rn.f16 d, a, b, c", {0x3c01, 0x3e00, 0x8001}, 0x3e01},
    {"fma", "fma.rn.f16 d, a, b, c", {0xbc01, 0x3e00, 0x0001}, 0xbe01},
    {"fma", "fma.rn.f16 d, a, b, c", {0x3c03, 0x3e00, 0x0001}, 0x3e05},
    {"fma", "fma.rn.f16 d, a, b, c", {0x3c03, 0x3e00, 0x0000}, 0x3e04},
    {"add", "add.bf16 d, a, b", {0x3f80, 0x3b80}, 0x3f80},  // 1 + 2^-8: a tie, to even
    // conversions
    {"cvt", "cvt.rzi.s32.f32 d, a", {0x7fc00000}, 0},
    {"cvt", "cvt.rzi.s64.f32 d, a", {0x7fc00000}, uint64_t{1} << 63},
    {"cvt", "cvt.rzi.s32.f64 d, a", {0x7ff8000000000000}, 0x80000000},
    {"cvt", "cvt.rni.s32.f32 d, a", {0x40200000}, 2},  // 2.5
    {"cvt", "cvt.rzi.u32.f32 d, a", {0xbf800000}, 0},
    {"cvt", "cvt.rzi.s32.f32 d, a", {0x4f000000}, 0x7fffffff},
    {"cvt", "cvt.rn.f16x2.f32 d, a, b", {0x3f800000, 0x40000000}, 0x3c004000},
    {"cvt", "cvt.rna.tf32.f32 d, a", {0x3f801000}, 0x3f802000},
    {"cvt", "cvt.rn.tf32.f32 d, a", {0x3f801000}, 0x3f800000},
    {"cvt",
     "cvt.rn.satfinite.e4m3x2.f32 d, a, b",
     {0x43e00000, 0x49742400},
     0x7e7e},  // 448, and 1e6
    {"cvt", "cvt.pack.sat.s16.s32 d, a, b", {70000, 0xfffffffe}, 0x7ffffffe},
    {"cvt", "cvt.pack.sat.u8.s32.b32 d, a, b, c", {300, 7, 0x12345678}, 0x5678ff07},
    {"cvt", "cvt.pack.sat.s4.s32.b32 d, a, b, c", {9, 0xfffffff0, 0x12345678}, 0x34567878},
    {"fma", "fma.rn.oob.f16x2 d, a, b, c", {0x7ff73c00, 0x3c003c00, 0x40004000}, 0x00004200},
    {"cvt", "cvt.s8.s32 d, a", {0x80}, 0xffffff80},  // in a 32-bit register
};

TEST(Ops, KnownResults) {
  std::map<std::string, std::unique_ptr<OpFile>> files;
  for (const Known& known : kKnown) {
    auto& file = files[known.mnemonic];
    if (!file)
      file = std::make_unique<OpFile>(std::string(TCONV_SOURCE_DIR) + "/tests/ptxvm/ops/" +
                                      known.mnemonic + ".ptx");
    Inputs inputs{};
    std::memcpy(inputs.in[5], known.in, sizeof known.in);
    bool found = false;
    for (const Entry& entry : file->entries()) {
      for (const Variant& v : entry.variants) {
        if (v.text != known.text || (v.text == "cvt.s8.s32 d, a" && entry.name != "r_r")) continue;
        found = true;
        const uint64_t mask = v.result_bits[0] == 64 ? kAll : (uint64_t{1} << v.result_bits[0]) - 1;
        EXPECT_EQ(file->run(entry, inputs, 1u << 5)[5][size_t(v.slots[0])] & mask, known.result)
            << std::hex << known.text << " of " << known.in[0] << " " << known.in[1] << " "
            << known.in[2];
      }
    }
    EXPECT_TRUE(found) << "no line for: " << known.text;
  }
}

}  // namespace
}  // namespace ptxvm::test
