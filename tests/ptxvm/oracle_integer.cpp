// Integer arithmetic, carries, dot products.
#include <algorithm>

#include "tests/ptxvm/oracle.h"

namespace ptxvm::test {
namespace {

using i128 = __int128;

i128 clamp(i128 x, i128 low, i128 high) { return x < low ? low : x > high ? high : x; }

/// floor(a * b / 2^shift) where the product may need 128 bits and a sign.
i128 product(uint64_t a, uint64_t b, const std::string& type) {
  return integer_value(a, type) * integer_value(b, type);
}
uint64_t high_half(uint64_t a, uint64_t b, const std::string& type) {
  const int w = width_of(type);
  if (w < 64) return uint64_t(product(a, b, type) >> w);
  if (type[0] == 's') return uint64_t(product(a, b, type) >> 64);
  return uint64_t(u128{a} * b >> 64);
}

/// One instruction of a carry chain on w bits.
struct Chain {
  int w;
  unsigned carry = 0;
  uint64_t add(uint64_t a, uint64_t b, bool in) {
    const u128 sum = u128{a & low_mask(w)} + (b & low_mask(w)) + (in ? carry : 0);
    carry = unsigned(sum >> w & 1);
    return uint64_t(sum) & low_mask(w);
  }
  uint64_t sub(uint64_t a, uint64_t b, bool in) {
    const i128 difference =
        i128{i128(a & low_mask(w))} - i128(b & low_mask(w)) - (in ? int(carry) : 0);
    carry = difference < 0;
    return uint64_t(difference) & low_mask(w);
  }
};

bool expect_carry(const Case& c, Expected* r) {
  const std::string type = c.v.type();
  Chain chain{width_of(type)};
  const uint64_t a = c.in(0), b = c.in(1), x = c.in(2);
  const bool long_form =
      c.v.text.find("c.cc") != std::string::npos && c.v.text.find("mad.") == std::string::npos;
  if (c.v.mnemonic == "add") {
    const uint64_t first = chain.add(a, b, false);
    const uint64_t second = chain.add(x, x, true);
    r->bits = long_form ? chain.add(first, a, true) : second;
  } else if (c.v.mnemonic == "sub") {
    const uint64_t first = chain.sub(a, b, false);
    const uint64_t second = chain.sub(x, a, true);
    r->bits = long_form ? chain.sub(first, b, true) : second;
  } else {
    const auto part = [&](uint64_t p, uint64_t q) {
      return c.v.has("hi") ? high_half(p, q, type) : p * q;
    };
    chain.add(part(a, b), x, false);
    const uint64_t second = chain.add(part(a, x), b, true);
    r->bits = c.v.text.find("addc") == std::string::npos ? second : chain.add(second, second, true);
  }
  return true;
}

bool expect_pair(const Case& c, Expected* r) {
  r->bits = 0;
  const std::string half = c.v.type().substr(0, 3);
  for (int i = 0; i < 2; ++i) {
    const i128 a = integer_value(c.in(0) >> (16 * i), half),
               b = integer_value(c.in(1) >> (16 * i), half);
    i128 v = c.v.mnemonic == "add"   ? a + b
             : c.v.mnemonic == "min" ? std::min(a, b)
                                     : std::max(a, b);
    if (c.v.has("relu") && v < 0) v = 0;
    r->bits |= (uint64_t(v) & 0xffff) << (16 * i);
  }
  return true;
}

uint64_t expect_dot(const Case& c) {
  const bool four = c.v.mnemonic == "dp4a";
  uint64_t sum = c.in(2);
  for (int i = 0; i < (four ? 4 : 2); ++i) {
    const std::string a_type = c.v.type(0).substr(0, 1) + (four ? "8" : "16"),
                      b_type = c.v.type(1).substr(0, 1) + "8";
    const i128 a = integer_value(c.in(0) >> (i * (four ? 8 : 16)), a_type);
    const i128 b = integer_value(c.in(1) >> (8 * (i + (c.v.has("hi") ? 2 : 0))), b_type);
    sum += uint64_t(a * b);
  }
  return sum;
}

/// Lanes of |a - b|, or their sum and c. The lanes' types are those of the operands, narrowed.
uint64_t expect_video(const Case& c) {
  const int bits = c.v.mnemonic == "vabsdiff2" ? 16 : 8;
  const auto narrow = [&](int n) { return c.v.type(n).substr(0, 1) + std::to_string(bits); };
  uint64_t sum = c.in(2), whole = 0;
  for (int i = 0; i < 32 / bits; ++i) {
    const i128 difference = integer_value(c.in(0) >> (i * bits), narrow(1)) -
                            integer_value(c.in(1) >> (i * bits), narrow(2));
    i128 lane = difference < 0 ? -difference : difference;
    sum += uint64_t(lane);
    const i128 most = (i128{1} << (c.v.type(0)[0] == 's' ? bits - 1 : bits)) - 1;
    if (c.v.has("sat")) lane = std::min(lane, most);
    whole |= (uint64_t(lane) & low_mask(bits)) << (i * bits);
  }
  return c.v.has("add") ? sum : whole;
}

bool is_24_bits(uint64_t x, const std::string& type) {
  const i128 v = integer_value(x, type);
  return type[0] == 's' ? v >= -(1 << 23) && v < 1 << 23 : v < 1 << 24;
}

}  // namespace

bool expect_integer(const Case& c, int, Expected* r) {
  const std::string& op = c.v.mnemonic;
  if (op == "dp4a" || op == "dp2a") return r->bits = expect_dot(c), true;
  if (op == "vabsdiff2" || op == "vabsdiff4") return r->bits = expect_video(c), true;
  const std::string t = c.v.type();
  if (t.empty() || is_float_type(t) || t == "pred" ||
      is_float_type(c.v.type(1).empty() ? t : c.v.type(1)))
    return false;
  if (c.v.has("cc")) return expect_carry(c, r);
  if (t.ends_with("x2")) return (op == "add" || op == "min" || op == "max") && expect_pair(c, r);
  const int w = width_of(t);
  const bool is_signed = t[0] == 's';
  const i128 least = is_signed ? -(i128{1} << (w - 1)) : 0,
             most = (i128{1} << (is_signed ? w - 1 : w)) - 1;
  const i128 a = integer_value(c.in(0), t), b = integer_value(c.in(1), t),
             x = integer_value(c.in(2), t);
  const auto give = [&](i128 v) { return r->bits = uint64_t(v), true; };
  const auto saturated = [&](i128 v) { return give(c.v.has("sat") ? clamp(v, least, most) : v); };
  if (op == "add") return saturated(a + b);
  if (op == "sub") return saturated(a - b);
  if (op == "mul" || op == "mad") {
    const uint64_t addend = op == "mad" ? c.in(2) : 0;
    if (c.v.has("wide")) return give(a * b + i128(addend));
    if (c.v.has("lo")) return give(i128(c.in(0) * c.in(1) + addend));
    const uint64_t high = high_half(c.in(0), c.in(1), t);
    return c.v.has("sat") ? saturated(integer_value(high, t) + x) : give(i128(high + addend));
  }
  if (op == "mul24" || op == "mad24") {
    if (!is_24_bits(c.in(0), t) || !is_24_bits(c.in(1), t)) return *r = unspecified(), true;
    const i128 part = c.v.has("hi") ? a * b >> 16 : integer_value(uint64_t(a * b), t);
    return saturated(part + (op == "mad24" ? x : 0));
  }
  if (op == "sad") return give(x + (a < b ? b - a : a - b));
  if (op == "div") return give(b == 0 ? -1 : a / b);
  if (op == "rem") return give(b == 0 ? a : a % b);
  if (op == "abs") return give(a < 0 ? -a : a);
  if (op == "neg") return give(-a);
  if (op == "min" || op == "max") {
    const i128 v = op == "min" ? std::min(a, b) : std::max(a, b);
    return give(c.v.has("relu") && v < 0 ? 0 : v);
  }
  return false;
}

}  // namespace ptxvm::test
