// PTX text -> IR. The expected values are read off fixtures/grammar.ptx by hand.
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "reference/ptxvm/ptx.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm::ptx {
namespace {

const std::string kHeader = ".version 8.4\n.target sm_80\n.address_size 64\n";

std::string fixture(const std::string& name) {
  std::ifstream file(TCONV_SOURCE_DIR "/tests/ptxvm/fixtures/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Grammar : public ::testing::Test {
 protected:
  static const Module& module() {
    static const std::unique_ptr<Module> parsed = parse(fixture("grammar.ptx"), "grammar.ptx");
    return *parsed;
  }
  static const Variable& variable(const std::string& name) {
    for (const Variable& v : module().variables) {
      if (v.name == name) return v;
    }
    throw std::runtime_error("no variable " + name);
  }
  static const Function& function(const std::string& name) {
    for (const Function& f : module().functions) {
      if (f.name == name) return f;
    }
    throw std::runtime_error("no function " + name);
  }
  /// The n-th instruction of the kernel with that mnemonic.
  static const Instruction& instruction(const std::string& mnemonic, int n = 0) {
    for (const Statement& s : function("kernel").body) {
      if (s.instruction.mnemonic == mnemonic && n-- == 0) return s.instruction;
    }
    throw std::runtime_error("no " + mnemonic);
  }
};

TEST_F(Grammar, Header) {
  EXPECT_EQ(module().version_major, 8);
  EXPECT_EQ(module().version_minor, 4);
  EXPECT_EQ(module().target, 80);
  EXPECT_EQ(module().target_text, "sm_80");
  ASSERT_EQ(module().files.size(), 3u);
  EXPECT_EQ(module().files[2], "/src/tile.cuh");
}

TEST_F(Grammar, VariablesAndInitialisers) {
  const Variable& weights = variable("weights");
  EXPECT_EQ(weights.space, Space::constant);
  EXPECT_EQ(weights.alignment, 16u);
  EXPECT_EQ(weights.dims, (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(weights.size(), 24u);
  const std::vector<uint8_t> expected = {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0x40,
                                         0, 0, 0x80, 0xbf, 1, 0, 0xc0, 0x7f};
  EXPECT_EQ(weights.initial,
            expected);  // 1, 2.5, -1, then a NaN with its payload; the rest is zero
  EXPECT_EQ(variable("text").size(), 3u);
  EXPECT_EQ(variable("sum").initial, (std::vector<uint8_t>{18, 0, 0, 0}));
  EXPECT_EQ(variable("quad").initial, (std::vector<uint8_t>{1, 0, 2, 0, 3, 0, 127, 0}));
  EXPECT_TRUE(variable("dynamic").is_extern);
  EXPECT_EQ(variable("dynamic").size(), 0u);
  EXPECT_TRUE(variable("weak_one").is_weak);
}

TEST_F(Grammar, RelocationsOfAddresses) {
  const auto& table = variable("table").relocations;
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table[0].symbol, "weights");
  EXPECT_FALSE(table[0].generic);
  EXPECT_EQ(table[1].offset, 8u);
  EXPECT_EQ(table[1].addend, 8);
  EXPECT_TRUE(table[1].generic);
  EXPECT_EQ(table[2].symbol, "helper");
  EXPECT_EQ(table[2].bytes, 8);
  const auto& masked = variable("bytes_of_address").relocations;
  ASSERT_EQ(masked.size(), 2u);
  EXPECT_EQ(masked[1].bytes, 1);
  EXPECT_EQ(masked[1].shift, 8);
}

TEST_F(Grammar, Functions) {
  EXPECT_FALSE(function("vprintf").has_body);
  EXPECT_TRUE(function("helper").has_body);
  EXPECT_TRUE(function("other").has_body) << "an alias";
  const Function& kernel = function("kernel");
  EXPECT_TRUE(kernel.is_entry && kernel.is_visible);
  EXPECT_EQ(kernel.max_threads[0], 256u);
  EXPECT_EQ(kernel.max_threads[1], 2u);
  EXPECT_EQ(kernel.max_threads[2], 1u);
  EXPECT_EQ(kernel.min_ctas_per_sm, 2u);
  ASSERT_EQ(kernel.params.size(), 3u);
  EXPECT_EQ(kernel.params[1].size(), 48u);
  EXPECT_EQ(kernel.params[1].alignment, 8u);
  EXPECT_EQ(function("helper").returns.at(0).size(), 16u);
}

TEST_F(Grammar, Operands) {
  using Kind = Operand::Kind;
  const Instruction& setp = instruction("setp");
  EXPECT_EQ(setp.full_name(), "setp.lt.and.s32");
  EXPECT_EQ(setp.operands[0].second->text, "%p2");
  EXPECT_EQ(int64_t(setp.operands[2].bits), -7);
  EXPECT_TRUE(setp.operands[3].negated);
  const Instruction& ld = instruction("ld", 2);
  EXPECT_EQ(ld.operands[0].kind, Kind::vector);
  EXPECT_EQ(ld.operands[0].elements[1].kind, Kind::none);
  EXPECT_EQ(ld.operands[1].kind, Kind::address);
  EXPECT_EQ(ld.operands[1].offset, 16);
  EXPECT_EQ(instruction("ld", 1).operands[1].offset, -4);
  EXPECT_EQ(instruction("ld", 1).modifiers[0], "param::entry");
  const Instruction& fma = instruction("fma");
  EXPECT_EQ(fma.operands[0].kind, Kind::reg) << "a register without %";
  EXPECT_EQ(fma.operands[2].type, Type::f32);
  EXPECT_EQ(fma.operands[3].bits, 0x3FF0000000000000u);
  EXPECT_EQ(instruction("mov", 0).operands[1].kind, Kind::special);
  EXPECT_EQ(instruction("mov", 0).operands[1].text, "%tid.x");
  EXPECT_EQ(instruction("mov", 1).operands[1].component, 1);
  EXPECT_EQ(instruction("mov", 3).operands[1].offset, 2);
  EXPECT_EQ(instruction("bra").guard.reg, "%p1");
  EXPECT_TRUE(instruction("bra").guard.negated);
  EXPECT_EQ(int64_t(instruction("lop3").operands[3].bits), -2);
  const Instruction& tensor = instruction("tex_like");
  EXPECT_TRUE(tensor.has("shared::cta") && tensor.has("mbarrier::complete_tx::bytes") &&
              tensor.has("2d"));
  EXPECT_EQ(tensor.operands[1].elements.at(0).elements.size(), 2u);
  EXPECT_EQ(instruction("call", 1).operands[1].text, "%rd1");
}

TEST_F(Grammar, SourceLocations) {
  EXPECT_EQ(instruction("ld").source.line, 10u);
  EXPECT_EQ(instruction("setp").source.line, 11u);
  EXPECT_EQ(instruction("setp").source.file, 1u);
  EXPECT_EQ(instruction("ld").ptx_line, 46u);
}

TEST_F(Grammar, NestedScopesAreFlatWithNamesOfTheirOwn) {
  const std::string inner = instruction("mov", 4).operands[0].text;  // %r1 of the first scope
  const std::string innermost = instruction("mov", 5).operands[0].text;
  EXPECT_NE(inner, "%r1");
  EXPECT_NE(inner, innermost);
  EXPECT_EQ(instruction("st", 1).operands[1].text, inner);
  EXPECT_EQ(instruction("st", 1).modifiers[0], "param::func");
  EXPECT_EQ(instruction("setp").operands[1].text, "%r2") << "outer names stay";
  EXPECT_EQ(instruction("call").operands[0].elements[0].text,
            instruction("ld", 3).operands[1].text);
  EXPECT_NE(instruction("bra", 1).operands[0].text, instruction("bra", 2).operands[0].text)
      << "two labels `again`";
}

TEST_F(Grammar, TablesAndPrototypes) {
  const Function& kernel = function("kernel");
  ASSERT_EQ(kernel.branch_targets.size(), 1u);
  EXPECT_EQ(kernel.branch_targets[0].second, (std::vector<std::string>{"$done", "$more"}));
  ASSERT_EQ(kernel.prototypes.size(), 1u);
  EXPECT_EQ(kernel.prototypes[0].params.at(1).size(), 8u);
}

TEST(Initialiser, WideElementsHaveZerosAboveTheirNumber) {
  const auto module =
      parse(".version 8.4\n.target sm_80\n.global .b128 wide[2] = {258, weak};", "wide.ptx");
  std::vector<uint8_t> expected(32);
  expected[0] = 2, expected[1] = 1;
  EXPECT_EQ(module->variables.at(0).initial, expected);
  EXPECT_EQ(module->variables.at(0).relocations.at(0).symbol, "weak");
}

struct Bad {
  const char* text;
  const char* message;
};

class BadText : public ::testing::TestWithParam<Bad> {};

TEST_P(BadText, GivesOneLineThatSaysWhereAndWhat) {
  try {
    parse(kHeader + GetParam().text, "bad.ptx");
    FAIL() << "accepted: " << GetParam().text;
  } catch (const PtxError& error) {
    const std::string what = error.what();
    EXPECT_EQ(what.rfind("bad.ptx:4: ", 0), 0u) << what;
    EXPECT_NE(what.find(GetParam().message), std::string::npos) << what;
    EXPECT_EQ(what.find('\n'), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Parser, BadText,
    ::testing::Values(
        Bad{"garbage", "expected a directive, got 'garbage'"},
        Bad{".entry", "expected a function name, got the end of the text"},
        Bad{".entry k() { add.s32 %r1, %r2 }", "expected ';', got '}'"},
        Bad{".entry k() { ret;", "expected '}', got the end"},
        Bad{".entry k() { mov.u32 %r1, 0f12; }", "expected 8 hexadecimal digits, got '0f12'"},
        Bad{".entry k() { mov.u32 %r1, 99999999999999999999; }", "64 bits"},
        Bad{".entry k() { mov.u32 %r1, 09; }", "stray digit, got '09'"},
        Bad{".entry k() { mov.u32 %r1, [%r2; }", "expected ']', got ';'"},
        Bad{".entry k() { mov.u32 %r1, %tid.q; }", "component"},
        Bad{".global .align 3 .u32 x;", "power of two, got '3'"},
        Bad{".global .u32 x[4294967296][4294967296];", "x is too large"},
        Bad{".global .u32 x[2] = {1,2,3};", "larger than the variable"},
        Bad{".global .u32 x = {{1}};", "more braces"}, Bad{".global .u32 x[-1];", "negative"},
        Bad{".global .foo x;", "expected a type"},
        Bad{".func f() { } .func f() { }", "defined twice"},
        Bad{".entry (.param .b32 o) k() { }", "a kernel returns nothing"},
        Bad{".alias a, b;", "'b', which has no body"},
        Bad{".entry k() { .reg .b32 %r<99999999>; }", "at most 65536"},
        Bad{".entry k() { .reg .b32 %r<40000>, %s<40000>; }",
            "more registers than the text can use"},
        Bad{"/* never closed", "comment without an end"},
        Bad{".file 1 \"never closed", "string without an end"},
        Bad{".entry k() { \x01 }", "a character that PTX does not have"},
        Bad{".entry k() .maxtid 3 { }", ".maxtid"},
        Bad{".address_size 32", "only .address_size 64"},
        Bad{".entry k() { .callprototype x; }", "a directive that bodies do not have"}));

TEST(Parser, NamesTextThatIsNotPtx) {
  EXPECT_THROW(parse("", "empty"), PtxError);
  EXPECT_THROW(parse("int main() {}", "c"), PtxError);
}

TEST(Parser, DeepNestingIsRefusedNotFatal) {
  const std::string deep(100000, '(');
  EXPECT_THROW(parse(kHeader + ".global .u32 x = " + deep, "deep"), PtxError);
  EXPECT_THROW(parse(kHeader + ".global .u32 x = " + std::string(100000, '-'), "deep"), PtxError);
  EXPECT_THROW(parse(kHeader + ".entry k() { call " + deep, "deep"), PtxError);
  EXPECT_THROW(parse(kHeader + ".entry k() {" + std::string(100000, '{'), "deep"), PtxError);
  EXPECT_THROW(parse(kHeader + ".global .u32 x[1] = " + std::string(100000, '{'), "deep"),
               PtxError);
}

/// Every prefix and many mutations of good text either parse or throw PtxError.
TEST(Parser, SurvivesDamagedText) {
  const std::string good = fixture("grammar.ptx");
  const auto survives = [](const std::string& text) {
    try {
      parse(text, "damaged");
    } catch (const PtxError&) {
    }
  };
  for (size_t n = 0; n < good.size(); n += 3) survives(good.substr(0, n));
  std::mt19937 random(1);
  const std::string alphabet = "{}()[]<>,;:.@%!|+-\"x0f9_ \n";
  for (int round = 0; round < 2000; ++round) {
    std::string text = good;
    for (int k = 0; k < 4; ++k) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.erase(at, random() % 20);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
      }
    }
    survives(text);
  }
}

}  // namespace
}  // namespace ptxvm::ptx
