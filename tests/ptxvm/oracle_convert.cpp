// cvt, cvta, isspacep.
#include <algorithm>

#include "reference/ptxvm/address.h"
#include "tests/ptxvm/oracle.h"

namespace ptxvm::test {
namespace {

char mode_of(const Variant& v) {
  if (v.has("rna")) return 'a';
  if (v.has("rz") || v.has("rzi")) return 'z';
  if (v.has("rm") || v.has("rmi")) return 'm';
  return v.has("rp") || v.has("rpi") ? 'p' : 'n';
}
bool integral(const Variant& v) {
  return v.has("rni") || v.has("rzi") || v.has("rmi") || v.has("rpi");
}

Real from_integer(uint64_t bits, const std::string& type) {
  const __int128 v = integer_value(bits, type);
  return {Real::finite, v < 0, u128(v < 0 ? -v : v), 0, false};
}

/// Rounds the magnitude to an integer by walking it down to the units.
Real rounded_to_integer(Real x, char mode) {
  if (x.kind != Real::finite || x.e >= 0) return x;
  bool half = false, rest = false;
  for (; x.e < 0; ++x.e, x.m >>= 1) {
    rest = rest || half;
    half = x.m & 1;
  }
  const bool up = mode == 'n'   ? half && (rest || (x.m & 1))
                  : mode == 'm' ? (half || rest) && x.negative
                  : mode == 'p' ? (half || rest) && !x.negative
                                : false;
  x.m += up;
  return x;
}

uint64_t to_integer(const Case& c, Real x, const std::string& from, const std::string& to) {
  const int w = width_of(to);
  if (!is_float_type(from) && !c.v.has("sat")) return uint64_t(integer_value(c.in(0), from));
  if (x.kind == Real::nan) return from == "f64" || w == 64 ? uint64_t{1} << (w - 1) : 0;
  x = rounded_to_integer(x, mode_of(c.v));
  const bool is_signed = to[0] == 's';
  const u128 limit = is_signed    ? (u128{1} << (w - 1)) - !x.negative
                     : x.negative ? 0
                                  : (u128{1} << w) - 1;
  u128 m = x.kind == Real::infinite ? limit : x.m;
  for (int i = 0; i < x.e && m <= limit; ++i) m <<= 1;
  if (m > limit) m = limit;
  return uint64_t(x.negative ? 0 - m : m);
}

uint64_t to_float(const Case& c, Real x, Layout f) {
  const uint64_t nan = nan_of(f);
  const bool tf32 = c.v.type() == "tf32";
  if (integral(c.v)) x = rounded_to_integer(x, mode_of(c.v));
  if (x.kind == Real::nan) return c.v.has("sat") ? 0 : tf32 ? 0x7fffffff : nan;
  if ((c.v.has("relu") || c.v.has("sat")) && x.negative) return 0;
  uint64_t bits = encode(x, f, mode_of(c.v), nan);
  if (c.v.has("sat")) bits = std::min(bits, encode(one(), f, 'n', 0));
  if (c.v.has("satfinite") && (bits & ~f.sign_bit()) == f.infinity()) --bits;
  if (c.v.has("ftz") && f.p == 24) bits = flush_bits(bits, f);
  return tf32 ? bits << 13 : bits;
}

// 8-bit floats by listing all values.
Real decode8(unsigned bits, bool e4m3) {
  if (!e4m3) return decode(bits, Layout{3, -14, 5});
  if ((bits & 127) == 127) return {Real::nan};
  const unsigned biased = bits >> 3 & 15, fraction = bits & 7;
  return {Real::finite, (bits & 128) != 0, biased ? fraction + 8 : fraction,
          biased ? int(biased) - 10 : -9, false};
}
long double value_of(const Real& x) {
  long double v = (long double)(uint64_t)x.m;
  for (int i = x.e; i > 0; --i) v *= 2;
  for (int i = x.e; i < 0; ++i) v /= 2;
  return x.negative ? -v : v;
}
/// Nearest of all patterns, ties to the even one; beyond the largest: the largest.
uint64_t nearest8(const Real& x, bool e4m3, bool relu) {
  if (x.kind == Real::nan) return 0x7f;
  if (relu && x.negative) return 0;
  const unsigned sign = x.negative ? 128 : 0, largest = e4m3 ? 0x7e : 0x7b;
  if (x.kind == Real::infinite) return sign | largest;
  const long double target = x.negative ? -value_of(x) : value_of(x);
  if (target >= value_of(decode8(largest, e4m3))) return sign | largest;
  unsigned best = 0;
  for (unsigned i = 1; i <= largest; ++i) {
    const long double near = target - value_of(decode8(best, e4m3)),
                      next = value_of(decode8(i, e4m3)) - target;
    const long double d0 = near < 0 ? -near : near, d1 = next < 0 ? -next : next;
    if (d1 < d0 || (d1 == d0 && i % 2 == 0)) best = i;
  }
  return sign | best;
}

bool expect_8bit(const Case& c, const std::string& to, const std::string& from, Expected* r) {
  const bool relu = c.v.has("relu");
  if (to[0] == 'e') {
    const bool e4m3 = to == "e4m3x2", pair = from == "f16x2";
    const Real high =
        pair ? decode(c.in(0) >> 16 & 0xffff, kF16) : decode(c.in(0) & low_mask(32), kF32);
    const Real low = pair ? decode(c.in(0) & 0xffff, kF16) : decode(c.in(1) & low_mask(32), kF32);
    r->bits = nearest8(high, e4m3, relu) << 8 | nearest8(low, e4m3, relu);
    return true;
  }
  const auto one_half = [&](unsigned bits) -> uint64_t {
    const Real x = decode8(bits, from == "e4m3x2");
    if (relu && x.kind != Real::nan && x.negative) return 0;
    return encode(x, kF16, 'n', 0x7fff);
  };
  r->bits = one_half(c.in(0) >> 8 & 255) << 16 | one_half(c.in(0) & 255);
  return true;
}

/// cvt.pack, bit by bit: b's bits first, then a's, then as many of c's as there is room for.
uint64_t packed(const Case& c) {
  const std::string& type = c.v.words[2];
  const int bits = std::stoi(type.substr(1));
  const bool zero = c.v.text.ends_with(", 0"), immediate = c.v.text.find("-3") != std::string::npos;
  const int64_t b = immediate ? -3 : int32_t(c.in(1));
  const auto clamped = [&](int64_t x) {
    const int64_t span = int64_t{1} << bits, low = type[0] == 's' ? -span / 2 : 0;
    while (x < low) x = low;
    while (x >= low + span) x = low + span - 1;
    return x;
  };
  uint64_t d = 0;
  for (int i = 0; i < 32; ++i) {
    const uint64_t bit = i < bits       ? clamped(b) >> i
                         : i < 2 * bits ? clamped(int32_t(c.in(0))) >> (i - bits)
                         : zero         ? 0
                                        : c.in(2) >> (i - 2 * bits);
    d |= (bit & 1) << i;
  }
  return d;
}

bool expect_cvt(const Case& c, Expected* r) {
  if (c.v.has("pack")) return r->bits = packed(c), true;
  const std::string to = c.v.type(0), from = c.v.type(1);
  if (to[0] == 'e' || from[0] == 'e') return expect_8bit(c, to, from, r);
  const auto source = [&](int i) {
    uint64_t bits = c.in(i)&low_mask(width_of(from));
    if (c.v.has("ftz") && from == "f32") bits = flush_bits(bits, kF32);
    return is_float_type(from) ? decode(bits, layout_of(from)) : from_integer(bits, from);
  };
  if (to.ends_with("x2")) {
    r->bits = to_float(c, source(0), layout_of(to)) << 16 | to_float(c, source(1), layout_of(to));
    return true;
  }
  if (is_float_type(to)) {
    if (to == "f64" && source(0).kind == Real::nan && !c.v.has("sat"))
      return *r = any_nan(kF64), true;
    r->bits = to_float(c, source(0), layout_of(to));
    return true;
  }
  r->bits = to_integer(c, source(0), from, to);
  // A destination register may be wider than its type: the value extends to it.
  const int w = width_of(to);
  r->bits &= low_mask(w);
  if (to[0] == 's' && r->bits >> (w - 1)) r->bits |= ~low_mask(w);
  return true;
}

uint64_t window_of(const Variant& v) {
  return v.has("shared")  ? kSharedWindow
         : v.has("local") ? kLocalWindow
         : v.has("param") ? kParamWindow
                          : 0;
}

}  // namespace

bool expect_convert(const Case& c, int, Expected* r) {
  if (c.v.mnemonic == "cvt") return expect_cvt(c, r);
  if (c.v.mnemonic == "cvta") {
    r->bits = c.v.has("to") ? c.in(0) - window_of(c.v) : c.in(0) + window_of(c.v);
    return true;
  }
  if (c.v.mnemonic != "isspacep") return false;
  const auto inside = [&](uint64_t window) {
    return c.in(0) >= window && c.in(0) < window + kWindowBytes;
  };
  r->bits = c.v.has("global")
                ? !inside(kSharedWindow) && !inside(kLocalWindow) && !inside(kParamWindow)
                : inside(window_of(c.v));
  return true;
}

}  // namespace ptxvm::test
