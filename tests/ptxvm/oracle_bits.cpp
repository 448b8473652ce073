// Bits, logic, shifts, bytes, moves: bit by bit, as the PTX ISA's pseudo-code goes.
#include <algorithm>

#include "tests/ptxvm/oracle.h"

namespace ptxvm::test {
namespace {

bool bit(uint64_t x, int i) { return x >> i & 1; }

uint64_t fields(const Case& c, int w) {
  const std::string& op = c.v.mnemonic;
  const uint64_t a = c.in(0), b = c.in(1);
  uint64_t d = 0;
  if (op == "bfi") {
    const int pos = int(c.in(2) & 255), len = int(c.in(3) & 255);
    d = b;
    for (int i = 0; i < len && pos + i < w; ++i)
      d = (d & ~(uint64_t{1} << (pos + i))) | uint64_t{bit(a, i)} << (pos + i);
    return d;
  }
  const int pos = int(b & 255), len = int(c.in(2) & 255);
  const bool sign = c.v.type()[0] == 's' && len > 0 && bit(a, std::min(pos + len - 1, w - 1));
  for (int i = 0; i < w; ++i) d |= uint64_t{i < len && pos + i < w ? bit(a, pos + i) : sign} << i;
  return d;
}

uint64_t extended(const Case& c) {
  const uint64_t a = c.in(0), n = c.in(1) & 0xffffffff;
  if (c.v.has("clamp") && n >= 32) return a;
  const int bits = int(n & 31);
  if (bits == 0) return 0;
  uint64_t d = 0;
  for (int i = 0; i < 32; ++i)
    d |= uint64_t{i < bits ? bit(a, i) : c.v.type() == "s32" && bit(a, bits - 1)} << i;
  return d;
}
uint64_t bit_mask(const Case& c) {
  const uint64_t a = c.in(0) & 0xffffffff, b = c.in(1) & 0xffffffff;
  const bool clamp = c.v.has("clamp");
  if (clamp && a >= 32) return 0;
  const uint64_t from = a & 31, count = clamp ? std::min<uint64_t>(b, 32) : b & 31;
  uint64_t d = 0;
  for (uint64_t i = from; i < from + count && i < 32; ++i) d |= uint64_t{1} << i;
  return d;
}

Expected nth_set(const Case& c) {
  const uint64_t mask = c.in(0), base = c.in(1) & 0xffffffff;
  const int offset = int(uint32_t(c.in(2)));
  if (base > 31) return unspecified();
  if (offset == 0) return exactly(bit(mask, int(base)) ? base : 0xffffffff);
  long long left = offset > 0 ? offset : -(long long)offset;
  for (int i = int(base); i >= 0 && i<32; i += offset> 0 ? 1 : -1)
    if (bit(mask, i) && --left == 0) return exactly(uint64_t(i));
  return exactly(0xffffffff);
}

uint64_t find_leading(const Case& c, int w, bool is_signed) {
  uint64_t a = c.in(0) & low_mask(w);
  if (is_signed && bit(a, w - 1)) a = ~a & low_mask(w);
  for (int i = w - 1; i >= 0; --i)
    if (bit(a, i)) return uint64_t(c.v.has("shiftamt") ? w - 1 - i : i);
  return 0xffffffff;
}

uint64_t permuted(const Case& c) {
  const uint64_t both = (c.in(1) & 0xffffffff) << 32 | (c.in(0) & 0xffffffff), control = c.in(2);
  const auto byte = [&](int i) { return both >> (8 * (i & 7)) & 255; };
  const int s = int(control & 3);
  uint64_t d = 0;
  for (int i = 0; i < 4; ++i) {
    uint64_t v = 0;
    if (c.v.has("f4e"))
      v = byte(s + i);
    else if (c.v.has("b4e"))
      v = byte(s - i + 8);
    else if (c.v.has("rc8"))
      v = byte(s);
    else if (c.v.has("ecl"))
      v = byte(std::max(i, s));
    else if (c.v.has("ecr"))
      v = byte(std::min(i, s));
    else if (c.v.has("rc16"))
      v = byte(2 * (s & 1) + (i & 1));
    else {
      const int selector = int(control >> (4 * i) & 15);
      v = byte(selector);
      if (selector & 8) v = v & 128 ? 255 : 0;
    }
    d |= v << (8 * i);
  }
  return d;
}

uint64_t table(uint64_t a, uint64_t b, uint64_t c, int lut) {
  uint64_t d = 0;
  for (int i = 0; i < 32; ++i)
    d |= uint64_t(lut >> (4 * bit(a, i) + 2 * bit(b, i) + bit(c, i)) & 1) << i;
  return d;
}
int number_after(const std::string& text, const std::string& what) {
  return std::stoi(text.substr(text.find(what) + what.size()));
}

uint64_t lop3(const Case& c, int k) {
  const uint64_t d = table(c.in(0), c.in(1), c.in(2), number_after(c.v.text, "b, c, "));
  const bool predicate = k == 1 || c.v.text.find("_|p") != std::string::npos;
  if (!predicate) return d;
  const bool q = c.in(3) & 0xffffffff;
  return c.v.has("or") ? d != 0 || q : d != 0 && q;
}

uint64_t moved(const Case& c, int k) {
  const std::string& text = c.v.text;
  if (text.find("{_, d}") != std::string::npos) return c.in(0) >> 32;
  if (text.find("{d, e}") != std::string::npos) return c.in(0) >> (k * c.v.result_bits[0]);
  if (text.find("d, {") == std::string::npos)
    return c.v.type() == "pred" ? (c.in(0) & 0xffffffff) != 0 : c.in(0);
  const int count = text.find("c, e") != std::string::npos ? 4 : 2,
            w = width_of(c.v.type()) / count;
  uint64_t d = 0;
  for (int i = 0; i < count; ++i) d |= (c.in(i)&low_mask(w)) << (w * i);
  return d;
}

}  // namespace

bool expect_bits(const Case& c, int k, Expected* r) {
  const std::string& op = c.v.mnemonic;
  const std::string t = c.v.type();
  const auto give = [&](uint64_t v) { return r->bits = v, true; };
  if (op == "prmt") return give(permuted(c));
  if (op == "lop3") return give(lop3(c, k));
  if (op == "fns") return *r = nth_set(c), true;
  if (op == "mov") return give(moved(c, k));
  if (t.empty()) return false;
  const int w = width_of(t);
  const auto flag = [&](int i) { return (c.in(i)&0xffffffff) != 0; };
  const uint64_t a = t == "pred" ? flag(0) : c.in(0) & low_mask(w),
                 b = t == "pred" ? flag(1) : c.in(1) & low_mask(w);
  const uint64_t count = c.in(1) & 0xffffffff;
  if (op == "and") return give(a & b);
  if (op == "or") return give(a | b);
  if (op == "xor") return give(a ^ b);
  if (op == "not") return give(~a & low_mask(w));
  if (op == "cnot") return give(a == 0);
  if (op == "shl") return give(count >= uint64_t(w) ? 0 : a << count);
  if (op == "shr") {
    const __int128 v = integer_value(a, t);
    return give(uint64_t(v >> std::min<uint64_t>(count, 64)));
  }
  if (op == "shf") {
    const uint64_t both = b << 32 | a, raw = c.in(2) & 0xffffffff,
                   n = c.v.has("clamp") ? std::min<uint64_t>(raw, 32) : raw & 31;
    return give(c.v.words[0] == "l" ? uint64_t(u128{both} << n >> 32) : both >> n);
  }
  if (op == "popc") {
    uint64_t n = 0;
    for (int i = 0; i < w; ++i) n += bit(a, i);
    return give(n);
  }
  if (op == "clz") {
    const uint64_t top = find_leading(c, w, false);
    return give(top == 0xffffffff ? uint64_t(w) : uint64_t(w) - 1 - top);
  }
  if (op == "bfind") return give(find_leading(c, w, t[0] == 's'));
  if (op == "brev") {
    uint64_t d = 0;
    for (int i = 0; i < w; ++i) d |= uint64_t{bit(a, i)} << (w - 1 - i);
    return give(d);
  }
  if (op == "bfe" || op == "bfi") return give(fields(c, w));
  if (op == "szext") return give(extended(c));
  if (op == "bmsk") return give(bit_mask(c));
  return false;
}

}  // namespace ptxvm::test
