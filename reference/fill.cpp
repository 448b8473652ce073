// Test data: reproducible from the seed, already rounded to what the type can hold.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "reference/compare.h"

namespace tconv {
namespace {

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014):
/// element i needs no state.
uint64_t random_bits(uint64_t seed, uint64_t i) {
  uint64_t z = seed * 0xD1342543DE82EF95u + (i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double unit(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }  // [0, 1)

struct Format {
  int mantissa_bits;  ///< including the hidden one
  int min_exponent;   ///< of the smallest normal, as ilogb
  double largest;
};

Format format_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return {24, -126, 0x1.fffffep127};
    case DType::tf32:
      return {11, -126, 0x1.ffcp127};
    case DType::f16:
      return {11, -14, 65504};
    case DType::bf16:
      return {8, -126, 0x1.fep127};
  }
  return {};
}

struct IntegerData {
  int64_t largest;  ///< magnitudes 1..largest
  double density;   ///< share of non-zero elements
};

/// The largest integers whose sums stay exact. Partial sums must not exceed 2^24 whatever the
/// signs; the final sum must be a number of `dtype`, which is certain if max_terms * largest^2 is,
/// and sure to eight standard deviations of a random walk otherwise (compare() says so if a sum is
/// not). If even ones are too many, some become zero.
IntegerData integer_data(DType dtype, int64_t max_terms) {
  const auto n = static_cast<double>(std::max<int64_t>(max_terms, 1));
  const double exact_result = dtype == DType::f16 ? 0x1p11 : dtype == DType::bf16 ? 0x1p8 : 0x1p24;
  const auto most = [&](double m) {
    const double variance =
        (m + 1) * (2 * m + 1) / 6;  // of a value drawn evenly from 1..m with either sign
    return std::min(n * m * m, 8 * std::sqrt(n) * variance);
  };
  int64_t m = dtype == DType::f32 || dtype == DType::tf32 ? 32 : 8;
  while (m > 1 &&
         (n * static_cast<double>(m * m) > 0x1p24 || most(static_cast<double>(m)) > exact_result))
    --m;
  double density = 1;
  if (n > 0x1p24) density = 0.5 * std::sqrt(0x1p24 / n);
  if (most(1) > exact_result) density = std::min(density, exact_result / most(1));
  return {m, density};
}

}  // namespace

double unit_roundoff(DType dtype) { return std::ldexp(1.0, -format_of(dtype).mantissa_bits); }

float round_to(float value, DType dtype) {
  if (dtype == DType::f32 || value == 0 || !std::isfinite(value)) return value;
  const Format f = format_of(dtype);
  const int quantum = std::max(std::ilogb(value), f.min_exponent) - f.mantissa_bits + 1;
  const double rounded =
      std::ldexp(std::nearbyint(std::ldexp(static_cast<double>(value), -quantum)), quantum);
  if (std::abs(rounded) > f.largest) return std::copysign(INFINITY, value);
  return static_cast<float>(rounded);
}

int64_t max_terms(Op op, const Problem& p) {
  switch (op) {
    case Op::fprop:
    case Op::resize_nearest:
    case Op::resize_bilinear:
    case Op::pixel_shuffle:
      return p.ic_per_group() * p.taps();
    case Op::dgrad:
      return p.oc_per_group() * p.taps();
    case Op::wgrad:
      return p.batch * p.in_spatial();
  }
  return 0;
}

DataMode checkable(Op op, DataMode mode) {
  return op == Op::resize_bilinear && mode == DataMode::int_exact ? DataMode::normal : mode;
}

void fill(std::span<float> data, DataMode mode, DType dtype, uint64_t seed, int64_t max_terms) {
  const IntegerData integers = integer_data(dtype, max_terms);
  for (size_t i = 0; i < data.size(); ++i) {
    const uint64_t bits = random_bits(seed, 2 * i), more = random_bits(seed, 2 * i + 1);
    double v = 0;
    if (mode == DataMode::int_exact) {
      const bool keep = unit(more) < integers.density;
      const auto size =
          static_cast<double>(1 + (bits >> 1) % static_cast<uint64_t>(integers.largest));
      v = keep ? (bits & 1 ? -size : size) : 0;
    } else if (mode == DataMode::uniform) {
      v = 2 * unit(bits) - 1;
    } else {
      // Box and Muller: two uniforms make a normal.
      v = std::sqrt(-2 * std::log(1 - unit(bits))) * std::cos(2 * std::numbers::pi * unit(more));
    }
    if (i == 0 && v == 0) v = 1;
    data[i] = round_to(static_cast<float>(v), dtype);
  }
}

}  // namespace tconv
