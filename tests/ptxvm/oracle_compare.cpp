// Comparison, selection, classes of floats.
#include "tests/ptxvm/oracle.h"

namespace ptxvm::test {
namespace {

/// -1, 0, 1; 2 if unordered.
int order(uint64_t a, uint64_t b, const std::string& type) {
  if (!is_float_type(type)) {
    const __int128 x = integer_value(a, type), y = integer_value(b, type);
    return x < y ? -1 : x > y;
  }
  const Layout f = layout_of(type);
  a &= low_mask(f.width()), b &= low_mask(f.width());
  if (is_nan(a, f) || is_nan(b, f)) return 2;
  const auto key = [&](uint64_t v) {
    return v & f.sign_bit() ? -__int128(v & ~f.sign_bit()) : __int128(v);
  };
  return key(a) < key(b) ? -1 : key(a) > key(b);
}

bool holds(const Variant& v, int o) {
  const auto is = [&](std::initializer_list<const char*> names) {
    for (const char* n : names)
      if (v.has(n)) return true;
    return false;
  };
  if (v.has("num")) return o != 2;
  if (v.has("nan")) return o == 2;
  if (o == 2) return is({"equ", "neu", "ltu", "leu", "gtu", "geu"});
  if (is({"eq", "equ"})) return o == 0;
  if (is({"ne", "neu"})) return o != 0;
  if (is({"lt", "ltu", "lo"})) return o < 0;
  if (is({"le", "leu", "ls"})) return o <= 0;
  if (is({"gt", "gtu", "hi"})) return o > 0;
  return o >= 0;
}

bool combined(const Case& c, bool t) {
  const bool q = (c.in(2) & 0xffffffff) != 0, x = c.v.text.find("!q") == std::string::npos ? q : !q;
  if (c.v.has("and")) return t && x;
  if (c.v.has("or")) return t || x;
  if (c.v.has("xor")) return t != x;
  return t;
}

bool comparison(const Case& c, const std::string& type, int shift) {
  uint64_t a = c.in(0) >> shift, b = c.in(1) >> shift;
  if (c.v.has("ftz"))
    a = flush_bits(a & low_mask(32), kF32), b = flush_bits(b & low_mask(32), kF32);
  return holds(c.v, order(a, b, type));
}

uint64_t property(const Case& c, Layout f) {
  const uint64_t a = c.in(0) & low_mask(f.width()), magnitude = a & ~f.sign_bit();
  const bool nan = is_nan(a, f), infinite = magnitude == f.infinity();
  const bool subnormal = magnitude != 0 && magnitude < uint64_t{1} << (f.p - 1);
  if (c.v.has("finite")) return !nan && !infinite;
  if (c.v.has("infinite")) return infinite;
  if (c.v.has("number")) return !nan;
  if (c.v.has("notanumber")) return nan;
  return c.v.has("subnormal") ? subnormal : !nan && !infinite && !subnormal;
}

uint64_t set_value(const std::string& to, bool t) {
  if (!t) return 0;
  return is_float_type(to) ? encode(one(), layout_of(to), 'n', 0) : low_mask(width_of(to));
}

}  // namespace

bool expect_compare(const Case& c, int k, Expected* r) {
  const std::string& op = c.v.mnemonic;
  const auto give = [&](uint64_t v) { return r->bits = v, true; };
  const std::string t = c.v.type(), s = c.v.type(1);
  if (op == "setp") {
    const bool pair = t.ends_with("x2");
    const bool p = comparison(c, t, pair && k == 1 ? 16 : 0);
    return give(combined(c, k == 1 && !pair ? !p : p));
  }
  if (op == "set") {
    const bool low = combined(c, comparison(c, s, 0));
    if (!s.ends_with("x2")) return give(set_value(t, low));
    const std::string half = t.ends_with("x2") ? t.substr(0, t.size() - 2) : "u16";
    return give(set_value(half, low) | set_value(half, combined(c, comparison(c, s, 16))) << 16);
  }
  if (op == "selp") return give((c.in(2) & 0xffffffff) != 0 ? c.in(0) : c.in(1));
  if (op == "slct") {
    uint64_t x = c.in(2) & low_mask(32);
    if (c.v.has("ftz")) x = flush_bits(x, kF32);
    const int o = order(x, 0, s);
    return give(o == 0 || o == 1 ? c.in(0) : c.in(1));
  }
  if (op == "testp") return give(property(c, layout_of(t)));
  return false;
}

}  // namespace ptxvm::test
