// What the entries of ops/atom.ptx and ops/red.ptx leave behind, from the ISA's table of operations
// and the formats' definitions. Threads read inputs of their own: in(t).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace ptxvm::test {

inline uint64_t in(uint64_t i) { return (i + 1) * 0x9e3779b97f4a7c15; }
inline uint64_t lo(uint64_t x) { return x & 0xffffffff; }
inline uint64_t hi(uint64_t x) { return x >> 32; }
inline uint64_t pack(uint64_t low, uint64_t high) { return low | high << 32; }
inline uint64_t h(uint64_t x, int k) { return x >> (16 * k) & 0xffff; }
inline uint64_t pack(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  return a | b << 16 | c << 32 | d << 48;
}
template <class T>
uint64_t extended(uint64_t x) {
  return uint64_t(int64_t(T(x)));
}
inline uint64_t triangle(uint64_t n) { return n * (n + 1) / 2; }

inline uint64_t words(float low, float high) {
  return pack(std::bit_cast<uint32_t>(low), std::bit_cast<uint32_t>(high));
}

inline uint64_t atom_vector_f32(uint32_t t, int word) {
  const float a = float(t), b = 2 * a;
  const uint64_t all[] = {words(a + 1, b + 0.25f),
                          words(a + 0.25f, b + 1),
                          words(b + 0.25f, a + 1),
                          words(a, b),
                          words(a, b),
                          words(a, 0)};
  return all[word];
}

/// The value of an f16 (10 fraction bits) or bf16 (7).
inline double half_value(uint64_t bits, int fraction) {
  const int most = (1 << (15 - fraction)) - 1, exponent = int(bits >> fraction) & most;
  const double part = double(bits & ((1u << fraction) - 1));
  const double magnitude = exponent == most ? (part != 0 ? NAN : INFINITY)
                           : exponent == 0
                               ? std::ldexp(part, 1 - most / 2 - fraction)
                               : std::ldexp(part + (1 << fraction), exponent - most / 2 - fraction);
  return bits >> 15 ? -magnitude : magnitude;
}
/// Its bits: the pattern whose value is nearest, the even one of two.
inline uint64_t half_bits(double value, int fraction) {
  if (std::isnan(value)) return 0x7fff;
  const uint64_t sign = std::signbit(value) ? 0x8000 : 0,
                 infinity = 0x7fffu >> fraction << fraction;
  uint64_t low = 0, high = infinity;  // the finite patterns are in the order of their values
  const double magnitude = std::fabs(value);
  while (high - low > 1) {
    const uint64_t middle = (low + high) / 2;
    (half_value(middle, fraction) <= magnitude ? low : high) = middle;
  }
  if (std::isinf(value)) return sign | infinity;
  const double below = half_value(low, fraction),
               above = high == infinity ? 2 * below - half_value(low - 1, fraction)
                                        : half_value(high, fraction);
  const bool up =
      magnitude - below > above - magnitude || (magnitude - below == above - magnitude && low % 2);
  return sign | (up ? high : low);
}

/// Two vectors of eight: after, before; the first scalars, the second pairs.
template <int fraction, char op>
uint64_t atom_vector_half(uint32_t t, int word) {
  const uint64_t old = in(t + uint64_t(word % 2)), operand = in(t + 2 + uint64_t(word % 2));
  if (word / 2 % 2) return old;
  uint64_t result = 0;
  for (int k = 0; k < 4; ++k) {
    const double a = half_value(h(old, k), fraction), b = half_value(h(operand, k), fraction);
    const double v = op == '+'       ? a + b
                     : std::isnan(a) ? b
                     : std::isnan(b) ? a
                     : op == '<'     ? std::min(a, b)
                                     : std::max(a, b);
    result |= half_bits(v, fraction) << 16 * k;
  }
  return result;
}

inline uint64_t atom_wide(uint32_t t, int word) {
  const uint64_t a = in(t), b = in(t + 1);
  const bool swapped = word < 4;  // by exch, and by the cas whose operand is there
  return (word % 2 == 0) != swapped ? a : b;
}

inline uint64_t red_vector(uint32_t t, int word) {
  const float a = float(t), b = 2 * a;
  const uint64_t all[] = {words(a + 1, b + 0.25f), words(a + 0.5f, b + 1.25f),
                          pack(0x3c003c00, 0xbf803f00)};
  return word < 3 ? all[word] : 0;
}

/// What an atomic leaves in memory, by the ISA's table of operations; a and b have the type's
/// width.
template <class T>
T changed(const std::string& op, T a, T b) {
  if (op == "add") return T(a + b);
  if (op == "min") return std::min(a, b);
  if (op == "max") return std::max(a, b);
  if (op == "exch") return b;
  if constexpr (std::is_integral_v<T>) {
    if (op == "and") return a & b;
    if (op == "or") return a | b;
    if (op == "xor") return a ^ b;
    if (op == "inc") return a >= b ? T(0) : T(a + 1);
    if (op == "dec") return a == 0 || a > b ? b : T(a - 1);
  }
  ADD_FAILURE() << "no definition of " << op;
  return {};
}

/// Word by word: what thread t and then t ^ 1 make of thread t's number.
inline uint64_t red_async(uint32_t t, int word) {
  const auto both = [&]<class T>(const std::string& op, T) {
    const T first = changed(op, T(in(t)), T(in(t + 1)));
    return uint64_t(std::make_unsigned_t<T>(changed(op, first, T(in((t ^ 1) + 1)))));
  };
  switch (word) {
    case 0:
      return both("add", uint32_t{});
    case 1:
      return both("min", int32_t{});
    case 2:
      return both("max", uint32_t{});
    case 3:
      return both("inc", uint32_t{});
    case 4:
      return both("xor", uint32_t{});
    case 5:
      return both("and", uint32_t{});
    case 6:
      return both("or", uint32_t{});
    case 7:
      return both("dec", uint32_t{});
    default:
      return both("add", uint64_t{});
  }
}

struct Word {
  uint64_t before, after;
};
/// Entries are named <operation>_<type>, perhaps with _shared or _generic.
inline Word atomic_word(const std::string& name, uint32_t t) {
  const std::string op = name.substr(0, name.find('_')), rest = name.substr(op.size() + 1),
                    type = rest.substr(0, rest.find('_'));
  const uint64_t a = in(t), b = in(t + 1);
  if (type == "f32")
    return {std::bit_cast<uint32_t>(1.5f), std::bit_cast<uint32_t>(1.5f + float(t))};
  if (type == "f64") return {std::bit_cast<uint64_t>(1.5), std::bit_cast<uint64_t>(1.5 + t)};
  const bool wide = type.ends_with("64");
  const uint64_t before = wide ? a : lo(a);
  if (op == "cas")
    return {before, t % 2 ? 77 : before};  // odd threads compare with the value itself
  if (type == "s32") return {before, lo(uint64_t(changed(op, int32_t(a), int32_t(b))))};
  if (type == "s64") return {before, uint64_t(changed(op, int64_t(a), int64_t(b)))};
  return {before, wide ? changed(op, a, b) : changed(op, uint32_t(a), uint32_t(b))};
}

}  // namespace ptxvm::test
