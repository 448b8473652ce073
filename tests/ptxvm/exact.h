// Exact arithmetic for expected values: a wide fixed-point accumulator and one rounding step.
// Nothing here is shared with the machine.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace ptxvm::test {

using u128 = unsigned __int128;

/// A binary format: p significant bits, smallest normal exponent, exponent field width.
struct Layout {
  int p, emin, exponent_bits;
  int width() const { return p + exponent_bits; }
  uint64_t infinity() const { return ((uint64_t{1} << exponent_bits) - 1) << (p - 1); }
  uint64_t sign_bit() const { return uint64_t{1} << (p - 1 + exponent_bits); }
};
inline constexpr Layout kF16{11, -14, 5}, kBf16{8, -126, 8}, kF32{24, -126, 8}, kF64{53, -1022, 11},
    kTf32{11, -126, 8};

/// (-1)^negative * m * 2^e, plus a little more in magnitude if sticky.
struct Real {
  enum Kind { finite, infinite, nan } kind = finite;
  bool negative = false;
  u128 m = 0;
  int e = 0;
  bool sticky = false;
  bool zero() const { return kind == finite && m == 0 && !sticky; }
};

inline Real decode(uint64_t bits, Layout f) {
  Real x;
  x.negative = bits & f.sign_bit();
  const uint64_t magnitude = bits & (f.sign_bit() - 1),
                 fraction = magnitude & ((uint64_t{1} << (f.p - 1)) - 1);
  const int biased = int(magnitude >> (f.p - 1));
  if (magnitude >= f.infinity()) {
    x.kind = magnitude > f.infinity() ? Real::nan : Real::infinite;
  } else if (biased == 0) {
    x.m = fraction;
    x.e = f.emin - (f.p - 1);
  } else {
    x.m = fraction + (uint64_t{1} << (f.p - 1));
    x.e = f.emin - (f.p - 1) + biased - 1;
  }
  return x;
}

/// Rounds once. mode: n nearest even, a nearest away, z, m (down), p (up). A NaN gives `nan`.
inline uint64_t encode(Real x, Layout f, char mode, uint64_t nan) {
  if (x.kind == Real::nan) return nan;
  const uint64_t sign = x.negative ? f.sign_bit() : 0;
  if (x.kind == Real::infinite) return sign | f.infinity();
  if (x.m == 0) return sign;
  for (; x.m >> 121; x.m >>= 1, ++x.e) x.sticky = x.sticky || (x.m & 1);
  while (!(x.m >> 120)) x.m <<= 1, --x.e;
  int q = x.e + 120 - (f.p - 1);
  if (q < f.emin - (f.p - 1)) q = f.emin - (f.p - 1);
  const int drop = q - x.e;
  u128 kept = drop > 126 ? 0 : x.m >> drop;
  const u128 rest = drop > 126 ? 1 : x.m - (kept << drop),
             half = drop > 126 ? 2 : u128{1} << (drop - 1);
  const bool inexact = rest != 0 || x.sticky;
  bool up = false;
  if (mode == 'n') up = rest > half || (rest == half && (x.sticky || (kept & 1)));
  if (mode == 'a') up = rest >= half;
  if (mode == 'm') up = inexact && x.negative;
  if (mode == 'p') up = inexact && !x.negative;
  kept += up;
  if (kept >> f.p) kept >>= 1, ++q;
  const int biased = kept >> (f.p - 1) ? q + (f.p - 1) - f.emin + 1 : 0;
  if (biased >= (1 << f.exponent_bits) - 1) {
    const bool to_infinity =
        mode == 'n' || mode == 'a' || (mode == 'm' && x.negative) || (mode == 'p' && !x.negative);
    return sign | (to_infinity ? f.infinity() : f.infinity() - 1);
  }
  const uint64_t fraction = uint64_t(kept) & ((uint64_t{1} << (f.p - 1)) - 1);
  return sign | uint64_t(biased) << (f.p - 1) | fraction;
}

/// Sums of finite values without rounding: 4480 bits in two's complement, unit 2^-2200.
class Accumulator {
 public:
  void add(const Real& x) {
    const int at = x.e + 2200;
    std::array<uint64_t, kWords> term{};
    for (int i = 0; i < 128; ++i)
      if (x.m >> i & 1) term[size_t((at + i) / 64)] |= uint64_t{1} << ((at + i) % 64);
    unsigned carry = x.negative;
    for (size_t i = 0; i < kWords; ++i) {
      const u128 sum = u128{words_[i]} + (x.negative ? ~term[i] : term[i]) + carry;
      words_[i] = uint64_t(sum);
      carry = unsigned(sum >> 64);
    }
  }
  Real value() const {
    std::array<uint64_t, kWords> w = words_;
    Real x;
    x.negative = w[kWords - 1] >> 63;
    if (x.negative) {
      unsigned carry = 1;
      for (uint64_t& word : w) {
        word = ~word + carry;
        carry = carry && word == 0;
      }
    }
    int top = int(kWords) * 64 - 1;
    while (top >= 0 && !(w[size_t(top / 64)] >> (top % 64) & 1)) --top;
    if (top < 0) return {};
    for (int i = 0; i < 120 && top - i >= 0; ++i)
      if (w[size_t((top - i) / 64)] >> ((top - i) % 64) & 1) x.m |= u128{1} << (119 - i);
    for (int i = 0; i < top - 119; ++i) x.sticky = x.sticky || (w[size_t(i / 64)] >> (i % 64) & 1);
    x.e = top - 119 - 2200;
    return x;
  }

 private:
  static constexpr size_t kWords = 70;
  std::array<uint64_t, kWords> words_{};
};

/// a * b + c; the sign of an exact zero follows IEEE 754, section 6.3.
inline Real multiply_add(const Real& a, const Real& b, const Real& c, char mode) {
  Real p;
  p.negative = a.negative != b.negative;
  const bool invalid =
      (a.kind == Real::infinite && b.zero()) || (b.kind == Real::infinite && a.zero());
  if (a.kind == Real::nan || b.kind == Real::nan || c.kind == Real::nan || invalid)
    return {Real::nan};
  if (a.kind == Real::infinite || b.kind == Real::infinite) p.kind = Real::infinite;
  if (p.kind == Real::infinite || c.kind == Real::infinite) {
    if (p.kind == c.kind && p.negative != c.negative) return {Real::nan};
    return p.kind == Real::infinite ? p : c;
  }
  p.m = a.m * b.m;
  p.e = a.e + b.e;
  Accumulator sum;
  sum.add(p);
  sum.add(c);
  Real r = sum.value();
  if (r.m == 0) r.negative = p.negative == c.negative ? p.negative : mode == 'm';
  return r;
}
inline Real one() { return {Real::finite, false, 1, 0, false}; }
inline Real add(const Real& a, const Real& b, char mode) { return multiply_add(a, one(), b, mode); }
inline Real multiply(const Real& a, const Real& b) {
  Real zero;
  zero.negative = a.negative != b.negative;
  return multiply_add(a, b, zero, 'n');
}

inline Real divide(Real a, Real b) {
  Real q;
  q.negative = a.negative != b.negative;
  if (a.kind == Real::nan || b.kind == Real::nan || (a.zero() && b.zero()) ||
      (a.kind == Real::infinite && b.kind == Real::infinite))
    return {Real::nan};
  if (a.kind == Real::infinite || b.zero()) {
    q.kind = Real::infinite;
    return q;
  }
  if (a.zero() || b.kind == Real::infinite) return q;
  while (!(a.m >> 125)) a.m <<= 1, --a.e;
  q.m = a.m / b.m;
  q.sticky = a.m % b.m != 0;
  q.e = a.e - b.e;
  return q;
}

inline Real square_root(Real a) {
  if (a.kind == Real::nan || (a.negative && !a.zero())) return {Real::nan};
  if (a.kind == Real::infinite || a.zero()) return a;
  while (!(a.m >> 124)) a.m <<= 1, --a.e;
  if (a.e & 1) a.m <<= 1, --a.e;
  Real r;
  r.e = a.e / 2;
  for (int bit = 63; bit >= 0; --bit) {
    const u128 next = r.m | u128{1} << bit;
    if (next * next <= a.m) r.m = next;
  }
  r.sticky = r.m * r.m != a.m;
  return r;
}

}  // namespace ptxvm::test
