// Float arithmetic of all formats; elementary functions within the ISA's bounds.
#include <algorithm>
#include <cmath>

#include "tests/ptxvm/oracle.h"

namespace ptxvm::test {
namespace {

char mode_of(const Variant& v) {
  return v.has("rz") ? 'z' : v.has("rm") ? 'm' : v.has("rp") ? 'p' : 'n';
}

/// One value of format f (a half of a pair already taken out).
struct One {
  const Variant& v;
  Layout f;
  uint64_t in[3];
  uint64_t operand(int i) const { return v.has("ftz") ? flush_bits(in[i], f) : in[i]; }
  Real real(int i) const { return decode(operand(i), f); }
};

/// .sat, .relu, .ftz on a rounded result.
uint64_t finished(const One& x, uint64_t bits) {
  const bool nan = is_nan(bits, x.f), negative = bits & x.f.sign_bit();
  if (x.v.has("sat")) {
    const uint64_t one_bits = encode(one(), x.f, 'n', 0);
    if (nan || negative) return 0;
    bits = std::min(bits, one_bits);
  }
  if (x.v.has("relu") && !nan && negative) return 0;
  return x.v.has("ftz") ? flush_bits(bits, x.f) : bits;
}

Expected arithmetic(const One& x) {
  const char mode = mode_of(x.v);
  const std::string& op = x.v.mnemonic;
  if (x.v.has("oob") && std::any_of(x.in, x.in + 3, [](uint64_t h) { return h == 0x7ff7; }))
    return exactly(0);
  Real b = x.real(1), r;
  if (op == "sub") b.negative = !b.negative;
  if (op == "add" || op == "sub")
    r = add(x.real(0), b, mode);
  else if (op == "mul")
    r = multiply(x.real(0), b);
  else if (op == "fma" || op == "mad")
    r = multiply_add(x.real(0), b, x.real(2), mode);
  else if (op == "div")
    r = divide(x.real(0), b);
  else if (op == "rcp")
    r = divide(one(), x.real(0));
  else
    r = square_root(x.real(0));
  if (r.kind == Real::nan && x.f.p == 53) return any_nan(x.f);  // whatever its payload
  return exactly(finished(x, encode(r, x.f, mode, nan_of(x.f))));
}

Expected sign_op(const One& x) {
  const uint64_t a = x.operand(0);
  if (is_nan(a, x.f)) return exactly(x.f.p == 53 ? a : nan_of(x.f));
  return exactly(x.v.mnemonic == "abs" ? a & ~x.f.sign_bit() : a ^ x.f.sign_bit());
}

Expected extreme(const One& x) {
  uint64_t a = x.operand(0), b = x.operand(1);
  const uint64_t sign = x.f.sign_bit(), product_sign = (a ^ b) & sign;
  if (x.v.has("abs")) a &= ~sign, b &= ~sign;
  const bool a_nan = is_nan(a, x.f), b_nan = is_nan(b, x.f);
  if ((a_nan && b_nan) || (x.v.has("NaN") && (a_nan || b_nan)))
    return x.f.p == 53 ? any_nan(x.f) : exactly(nan_of(x.f));
  // Sign and magnitude in one ordered integer: -0 lies below +0.
  const auto order = [&](uint64_t v) { return v & sign ? -__int128(v & ~sign) - 1 : __int128(v); };
  const bool first = (order(a) < order(b)) == (x.v.mnemonic == "min");
  uint64_t r = a_nan ? b : b_nan ? a : first ? a : b;
  if (x.v.has("xorsign")) r |= product_sign;
  return exactly(r);
}

long double to_long_double(uint64_t bits, Layout f) {
  const Real x = decode(bits, f);
  if (x.kind == Real::nan) return std::nanl("");
  const long double m =
      x.kind == Real::infinite ? HUGE_VALL : std::ldexp((long double)(uint64_t)x.m, x.e);
  return x.negative ? -m : m;
}

/// The error bounds of the PTX ISA 9.0, sections 9.7.3 and 9.7.4.
Expected approximate(const One& x) {
  const std::string& op = x.v.mnemonic;
  const long double a = to_long_double(x.operand(0), x.f), b = to_long_double(x.operand(1), x.f);
  Expected e = any_nan(x.f);
  if (op == "sin")
    e.value = std::sin(a), e.absolute = std::fabs(a) <= 6.3L  ? 0x1p-20L
                                        : std::fabs(a) <= 314 ? 0x1p-14L
                                                              : 2;
  if (op == "cos")
    e.value = std::cos(a), e.absolute = std::fabs(a) <= 6.3L  ? 0x1p-20L
                                        : std::fabs(a) <= 314 ? 0x1p-14L
                                                              : 2;
  if (op == "lg2")
    e.value = std::log2(a), e.absolute = a > 0.5L && a < 2 ? 0x1p-22L : 0, e.relative = 0x1p-22L;
  if (op == "ex2")
    e.value = std::exp2(a), e.ulps = 2,
    e.relative = x.f.p == 11  ? 0x1p-9L
                 : x.f.p == 8 ? 0x1p-7L
                              : 0;
  if (op == "tanh")
    e.value = std::tanh(a), e.relative = x.f.p == 24 ? 0x1p-11L : 0,
    e.absolute = x.f.p == 11  ? 0x1p-10L
                 : x.f.p == 8 ? 0x1p-8L
                              : 0;
  if (op == "rsqrt") e.value = 1 / std::sqrt(a), e.relative = x.f.p == 53 ? 0x1p-50L : 0x1.12p-23L;
  if (op == "rsqrt" && a == 0) e.value = std::copysign(HUGE_VALL, a);
  if (op == "sqrt") e.value = std::sqrt(a), e.relative = 0x1p-23L;
  if (op == "rcp") e.value = 1 / a, e.ulps = 1;
  if (op == "div") e.value = a / b, e.ulps = 2;
  if (op == "div" && x.v.has("approx") && std::fabs(b) > 0x1p126L && std::fabs(b) < HUGE_VALL) {
    // a * (1/b), and 1/b is zero
    if (std::isnan(a) || std::isinf(a)) return exactly(nan_of(x.f));
    return exactly((x.in[0] ^ x.in[1]) & x.f.sign_bit());
  }
  if (std::isnan(e.value)) return x.f.p == 53 ? any_nan(x.f) : exactly(nan_of(x.f));
  if (x.v.has("ftz") && std::fabs(e.value) < std::ldexp(1.0L, x.f.emin))
    e.absolute = std::ldexp(1.0L, x.f.emin);
  return e;
}

Expected upper_word(const Case& c) {
  const uint64_t a = flush_bits(c.in(0) & 0xffffffff00000000, kF64);
  const long double x = to_long_double(a, kF64);
  if (std::isnan(x) || (c.v.mnemonic == "rsqrt" && x < 0)) return exactly(0x7fffffff00000000);
  const long double root = c.v.mnemonic == "rsqrt" ? std::sqrt(x) : x;
  Expected e = any_nan(kF64);
  e.value = root == 0 ? std::copysign(HUGE_VALL, x) : 1 / root;
  e.relative = 0x1p-19L;
  if (std::fabs(e.value) < 0x1p-1022L) return exactly(std::signbit(e.value) ? kF64.sign_bit() : 0);
  return e;
}

Expected one_value(const One& x) {
  const std::string& op = x.v.mnemonic;
  if (op == "abs" || op == "neg") return sign_op(x);
  if (op == "min" || op == "max") return extreme(x);
  if (op == "copysign") return exactly((x.in[0] & x.f.sign_bit()) | (x.in[1] & ~x.f.sign_bit()));
  const bool rounded = x.v.has("rn") || x.v.has("rz") || x.v.has("rm") || x.v.has("rp");
  if (x.v.has("approx") || x.v.has("full")) return approximate(x);
  for (const char* name : {"add", "sub", "mul", "fma", "mad"})
    if (op == name) return arithmetic(x);
  if (rounded) return arithmetic(x);
  return unspecified();
}

}  // namespace

bool expect_float(const Case& c, int, Expected* r) {
  const std::string t = c.v.type();
  if (t.empty() || !is_float_type(t) || !c.v.type(1).empty()) return false;
  if (c.v.has("approx") && t == "f64" && c.v.has("ftz")) return *r = upper_word(c), true;
  const Layout f = layout_of(t);
  const auto value = [&](int shift) {
    One x{c.v, f, {}};
    for (int i = 0; i < 3; ++i) x.in[i] = c.in(i) >> shift & low_mask(f.width());
    return one_value(x);
  };
  if (t.ends_with("x2"))
    r->halves = {value(0), value(16)};
  else
    *r = value(0);
  return true;
}

}  // namespace ptxvm::test
