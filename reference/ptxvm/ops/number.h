// Conversions between number formats, one value at a time and exact: any source becomes sign *
// mantissa * 2^exponent, and any destination rounds that once. Formats are data, so that a new one
// (8 bits and smaller) is a row. PTX ISA 9.0, sections 5.2.3 and 9.7.9.21.
#pragma once

#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {

enum class Round : uint8_t { nearest, nearest_away, zero, down, up };

struct Format {
  ptx::Type type;
  int bits;           // storage
  bool is_signed;     // integers
  int precision;      // floats: with the hidden bit; integers: 0
  int min_exponent;   // floats: of the smallest normal number
  uint64_t infinity;  // floats: its pattern; of a format without infinities, the first pattern
                      // beyond the largest number
  uint64_t nan;       // floats: the pattern of a NaN result
};

inline constexpr Format kFormats[] = {
    {ptx::Type::u8, 8, false, 0, 0, 0, 0},
    {ptx::Type::u16, 16, false, 0, 0, 0, 0},
    {ptx::Type::u32, 32, false, 0, 0, 0, 0},
    {ptx::Type::u64, 64, false, 0, 0, 0, 0},
    {ptx::Type::s8, 8, true, 0, 0, 0, 0},
    {ptx::Type::s16, 16, true, 0, 0, 0, 0},
    {ptx::Type::s32, 32, true, 0, 0, 0, 0},
    {ptx::Type::s64, 64, true, 0, 0, 0, 0},
    {ptx::Type::f16, 16, true, 11, -14, 0x7c00, 0x7fff},
    {ptx::Type::bf16, 16, true, 8, -126, 0x7f80, 0x7fff},
    {ptx::Type::f32, 32, true, 24, -126, 0x7f800000, 0x7fffffff},
    {ptx::Type::f64, 64, true, 53, -1022, 0x7ff0000000000000, 0x7fffffffffffffff},
    {ptx::Type::tf32, 32, true, 11, -126, 0x7f800000, 0x7fffffff},
    {ptx::Type::e4m3, 8, true, 4, -6, 0x7f, 0x7f},
    {ptx::Type::e5m2, 8, true, 3, -14, 0x7c, 0x7f},
};

struct Number {
  enum class Kind : uint8_t { finite, infinite, nan } kind = Kind::finite;
  bool negative = false;
  uint64_t mantissa = 0;
  int exponent = 0;
};

inline uint64_t ones(int bits) { return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }

inline Number read_number(uint64_t bits, const Format& f) {
  bits &= ones(f.bits);
  const bool negative = f.is_signed && bits >> (f.bits - 1) & 1;
  if (f.precision == 0)
    return {Number::Kind::finite, negative, negative ? (0 - bits) & ones(f.bits) : bits, 0};
  const uint64_t magnitude = bits & ones(f.bits - 1);
  if (f.type == ptx::Type::e4m3 ? magnitude == f.nan : magnitude > f.infinity)
    return {Number::Kind::nan, negative, bits, 0};
  if (f.type != ptx::Type::e4m3 && magnitude == f.infinity)
    return {Number::Kind::infinite, negative, 0, 0};
  const int stored = f.precision - 1;
  const int biased = int(magnitude >> stored);
  const uint64_t fraction = magnitude & ones(stored);
  const int exponent = f.min_exponent - stored + (biased ? biased - 1 : 0);
  return {Number::Kind::finite, negative, biased ? fraction | uint64_t{1} << stored : fraction,
          exponent};
}

/// mantissa / 2^shift, rounded.
inline uint64_t shift_rounded(uint64_t mantissa, int shift, bool negative, Round round) {
  if (shift <= 0) return mantissa << -shift;
  const uint64_t whole = shift > 63 ? 0 : mantissa >> shift;
  const uint64_t rest = shift > 63 ? mantissa : mantissa & ones(shift);
  if (rest == 0) return whole;
  const uint64_t half =
      shift > 64 ? 0 : uint64_t{1} << (shift - 1);  // beyond 64 every rest is below a half
  const bool above = half && rest > half, tie = half && rest == half;
  switch (round) {
    case Round::nearest:
      return whole + (above || (tie && whole & 1));
    case Round::nearest_away:
      return whole + (above || tie);
    case Round::zero:
      return whole;
    case Round::down:
      return whole + negative;
    case Round::up:
      return whole + !negative;
  }
  return whole;
}

inline int bit_length(uint64_t x) { return x ? 64 - __builtin_clzll(x) : 0; }

/// The number rounded to an integer, still with its sign.
inline Number to_integral(Number x, Round round) {
  if (x.kind != Number::Kind::finite || x.exponent >= 0) return x;
  x.mantissa = shift_rounded(x.mantissa, -x.exponent, x.negative, round);
  x.exponent = 0;
  return x;
}

/// The pattern of x in a float format. `finite`: what overflows gives the largest finite number,
/// infinities too.
inline uint64_t write_float(const Number& x, const Format& f, Round round, bool finite) {
  const uint64_t sign = uint64_t{x.negative} << (f.bits - 1);
  // tf32 lies in the upper bits of an f32 pattern.
  const int unused = f.type == ptx::Type::tf32 ? 13 : 0;
  const uint64_t infinity = f.infinity >> unused, largest = infinity - 1;
  if (x.kind == Number::Kind::nan) return f.nan;
  if (x.kind == Number::Kind::infinite) return sign | (finite ? largest : infinity) << unused;
  if (x.mantissa == 0) return sign;
  const int stored = f.precision - 1;
  const int top = x.exponent + bit_length(x.mantissa) - 1;
  const int exponent =
      top > f.min_exponent ? top : f.min_exponent;  // of the result, before rounding
  const uint64_t rounded =
      shift_rounded(x.mantissa, exponent - stored - x.exponent, x.negative, round);
  const uint64_t pattern =
      (uint64_t(exponent - f.min_exponent) << stored) + rounded;  // a carry moves into the exponent
  if (pattern < infinity && exponent - f.min_exponent < (1 << (f.bits - 1 - unused - stored)))
    return sign | pattern << unused;
  const bool to_largest =
      finite || round == Round::zero || round == (x.negative ? Round::up : Round::down);
  return sign | (to_largest ? largest : infinity) << unused;
}

/// The pattern of x, an integer, clamped to the format's range.
inline uint64_t write_integer(const Number& x, const Format& f) {
  const bool huge =
      x.kind == Number::Kind::infinite || (x.mantissa && x.exponent + bit_length(x.mantissa) > 64);
  const uint64_t magnitude = huge ? ~uint64_t{0} : x.mantissa << x.exponent;
  if (!f.is_signed) return x.negative ? 0 : magnitude > ones(f.bits) ? ones(f.bits) : magnitude;
  const uint64_t limit = ones(f.bits - 1) + x.negative;
  const uint64_t clamped = magnitude > limit ? limit : magnitude;
  return (x.negative ? 0 - clamped : clamped) & ones(f.bits);
}

}  // namespace ptxvm::PTXVM_ISA
