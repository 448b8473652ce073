// PTX -> ops. Expected places follow from the rules in lower.h and op.h.
#include <algorithm>

#include <gtest/gtest.h>

#include "reference/ptxvm/disassemble.h"
#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {
namespace {

constexpr uint64_t kVariables = 0x700000000000, kFunctions = 0x600000000000;

/// Variable k lies at kVariables + 0x1000 k, function k has address kFunctions + 16 k.
struct Symbols final : SymbolResolver {
  const ptx::Module* module = nullptr;
  std::optional<uint64_t> address(std::string_view name) const override {
    for (size_t i = 0; i < module->variables.size(); ++i) {
      if (module->variables[i].name == name) return kVariables + 0x1000 * i;
    }
    for (size_t i = 0; i < module->functions.size(); ++i) {
      if (module->functions[i].name == name) return kFunctions + 16 * i;
    }
    return std::nullopt;
  }
};

struct Lowered {
  explicit Lowered(const std::string& text) {
    module = ptx::parse(".version 8.0\n.target sm_80\n.address_size 64\n" + text, "test.ptx");
    Symbols symbols;
    symbols.module = module.get();
    for (const ptx::Function& f : module->functions) {
      if (f.is_entry) program = lower_program(*module, f, symbols);
    }
  }
  const Code& code() const { return program->entry(); }
  const Code& code(const std::string& name) const {
    for (const auto& c : program->codes) {
      if (c->name == name) return *c;
    }
    throw std::runtime_error("no code " + name);
  }
  /// The n-th op of that mnemonic.
  const Op& op(const std::string& mnemonic, int n = 0, const Code* in = nullptr) const {
    const Code& c = in ? *in : code();
    for (size_t i = 0, block = 0; i < c.ops.size(); ++i) {
      if (block < c.blocks.size() && c.blocks[block].first_op == i) {
        ++block;
        continue;
      }
      if (c.instructions[c.ops[i].instruction]->mnemonic == mnemonic && n-- == 0) return c.ops[i];
    }
    throw std::runtime_error("no op " + mnemonic);
  }
  const ConstantSlot& constant(uint32_t offset) const {
    for (const ConstantSlot& c : code().constants) {
      if (c.offset == offset) return c;
    }
    throw std::runtime_error("no constant there");
  }
  const SpecialSlot& special(uint32_t offset) const {
    for (const SpecialSlot& s : code().specials) {
      if (s.offset == offset) return s;
    }
    throw std::runtime_error("no special register there");
  }
  std::unique_ptr<ptx::Module> module;
  std::unique_ptr<Program> program;
};

std::string entry(const std::string& body) {
  return ".visible .entry k(.param .u32 n, .param .u64 p) {"
         ".reg .pred %p<4>; .reg .b16 %rs<4>; .reg .b32 %r<8>; .reg .b64 %rd<8>; .reg .f32 %f<4>; "
         ".reg .f64 %fd<4>;" +
         body + "}";
}

TEST(Lower, ConstantsAreAsWideAsTheirOperandSays) {
  const Lowered l(
      entry("add.s32 %r1, %r2, -1; add.s64 %rd1, %rd2, -1; shl.b64 %rd3, %rd1, 3; mul.wide.s32 "
            "%rd4, %r1, -2;"
            "add.s16 %rs1, %rs2, -1; fma.rn.f64 %fd1, %fd2, 1.5, 0d4000000000000000; add.f32 %f1, "
            "%f2, 0f40000000;"
            "selp.b32 %r3, 1, 2, %p1; ret;"));
  const auto bits = [&](uint32_t offset) { return l.constant(offset).bits; };
  EXPECT_EQ(bits(l.op("add", 0).b), 0xffffffffu);
  EXPECT_EQ(bits(l.op("add", 1).b), ~uint64_t{0});
  EXPECT_TRUE(l.constant(l.op("add", 1).b).wide);
  EXPECT_EQ(bits(l.op("shl").b), 3u);
  EXPECT_FALSE(l.constant(l.op("shl").b).wide) << "shift counts are 32 bits";
  EXPECT_EQ(bits(l.op("mul").b), 0xfffffffeu);
  EXPECT_FALSE(l.constant(l.op("mul").b).wide)
      << "sources of mul.wide are half as wide as its result";
  EXPECT_EQ(bits(l.op("add", 2).b), 0xffffu) << "16-bit values are zero-extended";
  EXPECT_EQ(bits(l.op("fma").b), 0x3FF8000000000000u);
  EXPECT_EQ(bits(l.op("fma").c), 0x4000000000000000u);
  EXPECT_EQ(bits(l.op("add", 3).b), 0x40000000u);
  EXPECT_EQ(l.op("selp").a, [&] {
    for (const ConstantSlot& c : l.code().constants) {
      if (c.bits == 1) return c.offset;
    }
    return 0u;
  }());
}

TEST(Lower, EqualConstantsShareASlotBelowTheRegisters) {
  const Lowered l(entry("add.s32 %r1, %r2, 7; add.s32 %r3, %r1, 7; add.s64 %rd1, %rd2, 7; ret;"));
  EXPECT_EQ(l.op("add", 0).b, l.op("add", 1).b);
  EXPECT_NE(l.op("add", 0).b, l.op("add", 2).b);
  EXPECT_EQ(l.code().constants.size(), 2u);
  EXPECT_EQ(l.code().template_bytes, 128u + 256u);
  EXPECT_GE(l.op("add", 0).dst, l.code().template_bytes);
  EXPECT_LE(l.op("add", 2).dst + 256, l.code().frame_bytes);
}

TEST(Lower, SpecialRegistersAreSlotsThatTheMachineFills) {
  const Lowered l(
      entry("mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.z; mov.u32 %r3, %tid.x; mov.u64 %rd1, "
            "%gridid; ret;"));
  EXPECT_EQ(l.special(l.op("mov", 0).a).name, "%tid.x");
  EXPECT_EQ(l.special(l.op("mov", 1).a).name, "%ctaid.z");
  EXPECT_EQ(l.op("mov", 0).a, l.op("mov", 2).a);
  EXPECT_TRUE(l.special(l.op("mov", 3).a).wide);
}

TEST(Lower, AddressesAreABaseAndADisplacement) {
  const Lowered l(
      ".global .u32 unused; .global .u32 g[8]; .shared .align 8 .b8 s[40]; .extern .shared .align "
      "64 .b8 dynamic[];" +
      entry(".local .align 8 .b8 depot[24]; .shared .u32 own;"
            "ld.global.u32 %r1, [%rd1+12]; ld.global.u32 %r1, [g+8]; ld.shared.u32 %r1, [s+4]; "
            "ld.shared.u32 %r1, [own];"
            "ld.shared.u32 %r1, [dynamic+4]; ld.shared.u32 %r1, [%r2-4]; ld.param.u64 %rd2, [p]; "
            "ld.local.u32 %r1, [depot+8];"
            "mov.u64 %rd3, depot; mov.u64 %rd4, g+4; mov.u32 %r3, s; ret;"));
  EXPECT_NE(l.op("ld", 0).a, kNoOperand);
  EXPECT_EQ(l.op("ld", 0).imm, 12);
  EXPECT_EQ(l.op("ld", 0).narrow_address, 0);
  EXPECT_EQ(l.op("ld", 1).a, kNoOperand);
  EXPECT_EQ(l.op("ld", 1).imm, int64_t(kVariables + 0x1000 + 8));
  EXPECT_EQ(l.op("ld", 2).imm, 4);
  EXPECT_EQ(l.op("ld", 3).imm, 40);
  EXPECT_EQ(l.program->static_shared, 44u);
  EXPECT_EQ(l.program->dynamic_shared, 64u) << "the extern array's alignment";
  EXPECT_EQ(l.op("ld", 4).imm, 68);
  EXPECT_EQ(l.op("ld", 5).imm, -4);
  EXPECT_EQ(l.op("ld", 5).narrow_address, 1);
  EXPECT_EQ(l.op("ld", 6).a, kNoOperand);
  EXPECT_EQ(l.op("ld", 6).imm, 8) << "after the 4-byte n, aligned";
  EXPECT_EQ(l.special(l.op("ld", 7).a).name, "%local_base");
  EXPECT_EQ(l.op("ld", 7).imm, 8);
  EXPECT_EQ(l.op("mov", 0).a, l.op("ld", 7).a);
  EXPECT_EQ(l.constant(l.op("mov", 1).a).bits, kVariables + 0x1000 + 4);
  EXPECT_EQ(l.constant(l.op("mov", 2).a).bits, 0u);
  EXPECT_EQ(l.code().local_bytes, 32u);
  EXPECT_EQ(l.code().param_bytes, 16u);
}

TEST(Lower, VectorsAndExtraOperandsAreInMore) {
  const Lowered l(
      entry("ld.global.v4.u32 {%r1, _, %r3, %r4}, [%rd1]; st.global.v2.u32 [%rd1+8], {%r3, %r4};"
            "mov.b64 {%r5, %r6}, %rd1; mov.b64 %rd2, {%r1, %r5}; shfl.sync.bfly.b32 %r7|%p1, %r6, "
            "1, 31, -1;"
            "st.global.u32 [%rd2], %r7; "
            "ret;"));
  const Op& load = l.op("ld");
  ASSERT_EQ(load.count, 4);
  EXPECT_EQ(load.dst, kNoOperand);
  EXPECT_EQ(load.more[1], kNoOperand);
  EXPECT_EQ(load.more[2], l.op("st", 0).more[0]);
  EXPECT_EQ(load.more[3], l.op("st", 0).more[1]);
  for (int i : {0, 2, 3}) EXPECT_NE(load.more[i], load.a);
  EXPECT_EQ(l.op("st", 0).imm, 8);
  EXPECT_EQ(l.op("st", 1).count, 1) << "scalars: width 1";
  EXPECT_EQ(l.op("mov", 0).count, 2);
  EXPECT_EQ(l.op("mov", 0).more[0], l.op("mov", 1).more[1]);
  const Op& shuffle = l.op("shfl");
  EXPECT_NE(shuffle.second, kNoOperand);
  EXPECT_EQ(shuffle.a, l.op("mov", 0).more[1]);
  EXPECT_EQ(l.constant(shuffle.d).bits, 0xffffffffu);
}

TEST(Lower, SecondAddressesKeepTheirDisplacement) {
  if (!find_opcode("cp")->selector) GTEST_SKIP() << "no cp.async yet";
  const Lowered l(entry("cp.async.ca.shared.global [%r1+16], [%rd2+4294967296], 16; ret;"));
  const Op& copy = l.op("cp");
  EXPECT_EQ(copy.narrow_address, 1);
  EXPECT_EQ(copy.imm, 16);
  EXPECT_NE(copy.b, kNoOperand);
  ASSERT_EQ(copy.count, 2);
  EXPECT_EQ(copy.more[0], 0u);
  EXPECT_EQ(copy.more[1], 1u) << "the second displacement's high word";
}

TEST(Lower, BranchesPointAtTheEntryOfTheirBlock) {
  const Lowered l(
      entry("loop: add.s32 %r1, %r1, 1; setp.lt.s32 %p1, %r1, 4; @%p1 bra loop; @!%p1 exit; t: "
            ".branchtargets loop, done;"
            "brx.idx %r1, t; done: ret;"));
  const Code& code = l.code();
  ASSERT_EQ(code.blocks.size(), 5u) << disassemble(code);
  const auto block = [&](const Op* op) {
    const auto first = uint32_t(op - code.ops.data());
    return std::find_if(code.blocks.begin(), code.blocks.end(),
                        [&](const BasicBlock& b) { return b.first_op == first; }) -
           code.blocks.begin();
  };
  EXPECT_EQ(block(l.op("bra").target), 1);
  ASSERT_EQ(code.tables.size(), 1u);
  EXPECT_EQ(block(code.tables[0][0]), 1);
  EXPECT_EQ(block(code.tables[0][1]), 4);
  EXPECT_EQ(code.blocks[1].instructions, 3u);
  EXPECT_TRUE(l.op("exit").guard_negated);
  EXPECT_EQ(l.op("exit").guard, l.op("bra").guard);
}

TEST(Lower, KernelsAreNoCallees) {
  EXPECT_THROW(Lowered(entry("call k; ret;")), PtxError);
  EXPECT_TRUE(Lowered(entry("mov.u64 %rd2, k; call %rd2; ret;")).program->by_address.empty());
}

TEST(Lower, FunctionsAreReachedThroughCallsAndAddresses) {
  const Lowered l(
      ".shared .u32 counter;"
      ".func (.param .b64 out) leaf(.param .b32 x, .param .align 8 .b8 s[12]) { .reg .b32 %r<3>; "
      ".reg .b64 %rd<2>;"
      " ld.param.u32 %r1, [s+8]; st.shared.u32 [counter], %r1; st.param.b64 [out], %rd1; ret; }"
      ".func (.reg .u32 o) add1(.reg .u32 i) { add.u32 o, i, 1; ret; }"
      ".func unused() { ret; }  .func pointed() { call pointed; ret; }" +
      entry("{ .param .b32 a; .param .align 8 .b8 b[12]; .param .b64 c; st.param.b32 [a], %r1; "
            "st.param.b32 [b+8], %r2;"
            " call (c), leaf, (a, b); ld.param.b64 %rd1, [c]; }"
            "call (%r3), add1, (%r1); mov.u64 %rd2, pointed; call %rd2; ret;"));
  EXPECT_EQ(l.program->codes.size(), 4u);
  EXPECT_THROW(l.code("unused"), std::runtime_error);
  ASSERT_EQ(l.program->by_address.size(), 1u);
  EXPECT_EQ(l.program->by_address.begin()->second, &l.code("pointed"));
  EXPECT_EQ(l.program->static_shared, 4u) << "used by a callee only";
  const CallSite& site = l.code().calls.at(0);
  EXPECT_EQ(site.code, &l.code("leaf"));
  ASSERT_EQ(site.arguments.size(), 2u);
  EXPECT_EQ(site.arguments[0].offset, l.op("st", 0).a);
  EXPECT_EQ(site.arguments[1].offset, l.op("st", 1).a);
  EXPECT_EQ(site.arguments[1].bytes, 12u);
  EXPECT_EQ(l.op("st", 1).imm, 8);
  EXPECT_EQ(site.results.at(0).offset, l.op("ld", 0).a);
  const Code& leaf = l.code("leaf");
  EXPECT_EQ(leaf.params.at(1).offset, l.op("ld", 0, &leaf).a);
  EXPECT_EQ(leaf.returns.at(0).offset, l.op("st", 1, &leaf).a);
  EXPECT_TRUE(l.code().calls.at(1).arguments.at(0).is_register);
  EXPECT_TRUE(l.code("add1").params.at(0).is_register);
  EXPECT_TRUE(l.code().calls.at(2).callee.empty());
  EXPECT_EQ(l.code().calls.at(2).code, nullptr);
  EXPECT_EQ(l.op("call", 2).a, l.op("mov", 0).dst);
}

TEST(Lower, WiderRegistersAreNarrowedAndWidened) {
  const Lowered l(
      entry("ld.global.s32 %rd1, [%rd2]; st.global.u8 [%rd2], %rd1; cvt.u16.u8 %rs1, %rd1; add.s64 "
            "%rd3, %rd1, %rd2; ret;"));
  EXPECT_EQ(l.op("ld").dst_bytes, 4);
  EXPECT_EQ(l.code().blocks[0].instructions, 5u)
      << "conversions that lowering adds are not counted";
  EXPECT_EQ(l.code().ops.size(), 1 + 5 + 3u) << disassemble(l.code());
  EXPECT_NE(l.op("ld").dst, l.op("add").a);
}

struct Bad {
  const char* body;
  const char* message;
};
class BadCode : public ::testing::TestWithParam<Bad> {};

TEST_P(BadCode, IsRefusedWithItsLine) {
  try {
    const Lowered l(entry(GetParam().body));
    FAIL() << "accepted: " << GetParam().body;
  } catch (const PtxError& error) {
    const std::string what = error.what();
    EXPECT_EQ(what.rfind("test.ptx:4: ", 0), 0u) << what;
    EXPECT_NE(what.find(GetParam().message), std::string::npos) << what;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Lower, BadCode,
    ::testing::Values(Bad{"frobnicate.s32 %r1, %r2;", "frobnicate.s32: no such instruction"},
                      Bad{"add.s32 %r1, %r99, 1;", "%r99 is not declared"},
                      Bad{"add.s32 %r1, %r2;", "takes 3 operands, not 2"},
                      Bad{"add.s32 %r1, %r2, %r3, %r4;", "takes 3 operands, not 4"},
                      Bad{"add.s64 %rd1, %r2, 1;", "does not fit .s64"},
                      Bad{"add.s32 %r1, %rd1, 1;", "declared .b64"},
                      Bad{"add.s32 5, %r1, 1;", "must be a register"},
                      Bad{"ld.global.u32 %r1, [nowhere];", "nowhere is not defined"},
                      Bad{"bra away;", "label away is not in this function"},
                      Bad{"x: x: ret;", "label x is defined twice"},
                      Bad{"ld.global.u32 %rs1, [%rd1];", "narrower than .u32"},
                      Bad{"brx.idx %r1, none;", "no .branchtargets label"},
                      Bad{"add.f32 %f1, %f2, 1;", "an integer where .f32"},
                      Bad{"ld.global.u32 %r1, [%p1];", "cannot hold an address"},
                      Bad{"mov.u64 %rd1, %clock64; add.u32 %r1, %r1, [%rd1];",
                          "an address where a single value"},
                      Bad{"add.u32 {%r1}, %r1, 1;", "a vector where"},
                      Bad{"ld.global.u32 %r1, %rd1;", "where an address"},
                      Bad{"add.u32 %r1, _, 1;", "_ is not a value"},
                      Bad{"call;", "without a callee"},
                      Bad{"@%r1 bra x; x: ret;", "does not fit .pred"}));

}  // namespace
}  // namespace ptxvm
