// Every instruction of the arithmetic families against oracle.h: edge values and random ones, full
// and partial warps, in whatever instruction set PTXVM_ISA names.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <regex>

#include <gtest/gtest.h>

#include "reference/ptxvm/isa.h"
#include "tests/ptxvm/oracle.h"

namespace ptxvm::test {

Expected expect(const Case& c, int k, bool* known) {
  Expected e;
  for (const auto family :
       {expect_warp, expect_compare, expect_convert, expect_bits, expect_integer, expect_float}) {
    e = {};
    if (family(c, k, &e)) return *known = true, e;
  }
  *known = false;
  return unspecified();
}

namespace {

const std::string kFolder = std::string(TCONV_SOURCE_DIR) + "/tests/ptxvm/ops/";

// Limits, signs, powers of two, small counts; as f16, bf16, f32 and f64: zeros, subnormals, ones,
// halves, largest, infinities, NaNs.
constexpr uint64_t kEdges[] = {
    0,
    0,
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    15,
    16,
    17,
    24,
    30,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    255,
    256,
    0x1f1f,
    0x1c03,
    0x3210,
    0xfedc,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7fffff,
    0x800000,
    0xffffff,
    0x7fffffff,
    0x80000000,
    0x80000001,
    0xffffffff,
    0xfffffffe,
    0x100000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffffff,
    0xfffffffffffffffe,
    0x0123456789abcdef,
    0x3c00,
    0xbc00,
    0x3800,
    0x0400,
    0x03ff,
    0x8001,
    0x7bff,
    0xfbff,
    0x7c00,
    0xfc00,
    0x7e00,
    0x7c01,
    0x3c01,
    0x4248,
    0x7ff7,
    0x7ff73c00,
    0x40007ff7,  // f16, NaN of tensor copies
    0x3f80,
    0xbf80,
    0x3f00,
    0x0080,
    0x007f,
    0x7f7f,
    0x7f80,
    0xff80,
    0x7fc0,
    0x4049,  // bf16
    0x3f800000,
    0xbf800000,
    0x3f000000,
    0x3f7fffff,
    0x3f800001,
    0x00800000,
    0x007fffff,
    0x807fffff,
    0x7f7fffff,
    0xff7fffff,  // f32
    0x7f800000,
    0xff800000,
    0x7fc00000,
    0x7f800001,
    0xffc12345,
    0x4f000000,
    0xcf000000,
    0x4f800000,
    0x5f000000,
    0x3fc00000,
    0xbfc00000,
    0x40200000,
    0x477fe000,
    0x477ff000,
    0x477fefff,
    0x33000000,
    0x33000001,
    0x387fffff,
    0x7e800000,
    0x7f000000,
    0x3f008000,
    0x3f018000,
    0x3f808000,
    0x3f801000,
    0x3f803000,
    0x43e80000,
    0x43e00001,
    0x00400000,
    0x42480000,
    0xc2c80000,
    0x3ff0000000000000,
    0xbff0000000000000,
    0x3fe0000000000000,
    0x0010000000000000,
    0x000fffffffffffff,
    0x800fffffffffffff,  // f64
    0x7fefffffffffffff,
    0x7ff0000000000000,
    0xfff0000000000000,
    0x7ff8000000000000,
    0x7ff0000000000001,
    0xfff8000000012345,
    0x41e0000000000000,
    0xc1e0000000000000,
    0x43e0000000000000,
    0xc3e0000000000000,
    0x43f0000000000000,
    0x4004000000000000,
    0x3ff8000000000000,
    0x47efffffe0000000,
    0x47efffffefffffff,
    0x47effffff0000000,
    0x3810000000000000,
    0x380fffffffffffff,
    0x40effdffffffffff,
    0x3e70000000000001,
    0x36a0000000000000,
    0x3690000000000000,
    0x3690000000000001,
    0x7fdfffffffffffff,
    0x0001000000000000,
    0x0001000012345678,
    0x0001100012345678,
    0x0001200012345678,  // around the shared, local and param windows
};

Inputs make_inputs(std::mt19937_64& random) {
  const auto draw = [&]() -> uint64_t {
    const uint64_t pick = random() % 16;
    if (pick < 9) return kEdges[random() % std::size(kEdges)];
    if (pick < 11)
      return (random() % 512 + 0x3c00 - 256) << 16 |
             (random() % 512 + 0x3c00 - 256);  // f16 and f32 near one
    if (pick < 13)
      return (0x3ff0000000000000 & ~uint64_t{0}) +
             (int64_t(random()) >> 5);  // f64 of moderate size
    if (pick < 14) return (random() % 100 - 50) << (random() % 3 * 16);
    return random();
  };
  Inputs x;
  for (auto& lane : x.in) {
    for (uint64_t& v : lane) v = draw();
    if (random() % 8 == 0) lane[1] = lane[0];
    if (random() % 16 == 0) lane[2] = lane[0] ^ 0x8000000080008000;
    if (random() % 4 == 0) lane[2] = 0;
    if (random() % 4 == 0) lane[3] = 0;
  }
  return x;
}

/// Warps whose lanes agree, so that all, uni and match see their cases.
void make_uniform(Inputs& x, std::mt19937_64& random) {
  const uint64_t a = random() % 2 ? x.in[0][0] : 0;
  const bool except_one = random() % 2;
  for (int l = 0; l < 32; ++l) x.in[l][0] = except_one && l == 9 ? ~a : a;
}

bool within(const Expected& e, uint64_t got) {
  const Real x = decode(got, e.layout);
  if (x.kind == Real::nan) return std::isnan(e.value);
  long double value =
      x.kind == Real::infinite ? HUGE_VALL : std::ldexp((long double)(uint64_t)x.m, x.e);
  if (x.negative) value = -value;
  if (value == e.value) return true;
  // A magnitude that rounds to infinity may be reported as infinity.
  const long double largest = std::ldexp(2.0L, 1 << (e.layout.exponent_bits - 1)) / 2;
  if (x.kind == Real::infinite)
    return std::fabs(e.value) >= largest * 0.999L && (value < 0) == (e.value < 0);
  const long double magnitude = std::fabs(e.value);
  const int exponent = magnitude == 0 || std::isinf(magnitude)
                           ? e.layout.emin
                           : std::max(std::ilogb(magnitude), e.layout.emin);
  const long double ulp = std::ldexp(1.0L, exponent - (e.layout.p - 1));
  // The result itself is rounded: half an ulp more than the bound.
  const long double allowed =
      std::max({e.absolute, e.relative * magnitude, e.ulps * ulp}) + ulp / 2;
  return std::fabs(value - e.value) <= allowed;
}

std::string hex(uint64_t x) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(x));
  return text;
}

bool agrees(const Expected& e, uint64_t got, int bits) {
  if (e.kind == Expected::unspecified) return true;
  return e.kind == Expected::approximate ? within(e, got)
                                         : (e.bits & low_mask(bits)) == (got & low_mask(bits));
}
std::string to_text(const Expected& e, int bits) {
  if (e.kind == Expected::unspecified) return "anything";
  return e.kind == Expected::approximate ? std::to_string(double(e.value))
                                         : hex(e.bits & low_mask(bits));
}

/// True if all is as expected; else reports the first difference of this line.
bool check_result(const Case& c, size_t k, uint64_t got) {
  bool known = false;
  const Expected e = expect(c, int(k), &known);
  if (!known) {
    ADD_FAILURE() << "no oracle for: " << c.v.text;
    return false;
  }
  const int bits = c.v.result_bits[k];
  if (e.halves.empty() ? agrees(e, got, bits)
                       : agrees(e.halves[0], got, 16) && agrees(e.halves[1], got >> 16, 16))
    return true;
  ADD_FAILURE() << c.v.text << " result " << k << ", lane " << c.lane << " of " << hex(c.active)
                << ": a " << hex(c.in(0)) << " b " << hex(c.in(1)) << " c " << hex(c.in(2)) << " e "
                << hex(c.in(3)) << " gave " << hex(got & low_mask(bits)) << ", expected "
                << (e.halves.empty()
                        ? to_text(e, bits)
                        : to_text(e.halves[1], 16) + " and " + to_text(e.halves[0], 16));
  return false;
}

void check_warp(const Entry& entry, const Inputs& inputs, uint32_t active, const Outputs& outputs,
                std::vector<bool>& failed) {
  for (size_t i = 0; i < entry.variants.size(); ++i) {
    const Variant& v = entry.variants[i];
    for (int lane = 0; lane < 32 && !failed[i]; ++lane) {
      for (size_t k = 0; k < v.slots.size() && !failed[i]; ++k) {
        const uint64_t got = outputs[size_t(lane)][size_t(v.slots[k])];
        if (active >> lane & 1) {
          failed[i] = !check_result({v, inputs, active, lane}, k, got);
        } else if (got != kUntouched) {
          failed[i] = true;
          ADD_FAILURE() << v.text << ": lane " << lane << " is not in " << hex(active)
                        << " but was written";
        }
      }
    }
  }
}

/// The rows of opcodes.def under the headings that are tested here.
std::vector<std::string> arithmetic_mnemonics() {
  std::ifstream table(std::string(TCONV_SOURCE_DIR) + "/reference/ptxvm/opcodes.def");
  std::vector<std::string> names;
  bool ours = false;
  for (std::string line; std::getline(table, line);) {
    std::smatch m;
    if (std::regex_search(line, m, std::regex("^// --- (\\w+)")))
      ours = std::string("integer bits float compare move warp").find(m[1]) != std::string::npos;
    if (ours && std::regex_search(line, m, std::regex("^PTX_OPCODE\\((\\w+),")))
      names.push_back(m[1]);
  }
  return names;
}

class Ops : public testing::TestWithParam<std::string> {};

TEST_P(Ops, GivesWhatTheIsaSays) {
  OpFile file(kFolder + GetParam() + ".ptx");
  std::mt19937_64 random(20);
  constexpr uint32_t kMasks[] = {0xffffffff, 0xffffffff, 0xffffffff, 0xaaaaaaaa,
                                 0x00010000, 0x7ffffffe, 0x0000ffff};
  for (const Entry& entry : file.entries()) {
    std::vector<bool> failed(entry.variants.size());
    for (int round = 0; round < 42; ++round) {
      const uint32_t active = kMasks[size_t(round) % std::size(kMasks)];
      Inputs inputs = make_inputs(random);
      if (round % 5 == 4) make_uniform(inputs, random);
      check_warp(entry, inputs, active, file.run(entry, inputs, active), failed);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Ops, testing::ValuesIn(arithmetic_mnemonics()),
                         [](const auto& name) { return name.param; });

TEST(OpTable, EveryArithmeticRowHasASelectorHere) {
  const std::vector<std::string> rows = arithmetic_mnemonics();
  EXPECT_GT(rows.size(), 50u);
  for (const std::string& name : rows)
    EXPECT_TRUE(find_opcode(name)->selector) << name << " in " << isa_name();
}

}  // namespace
}  // namespace ptxvm::test
