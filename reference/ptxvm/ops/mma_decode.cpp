// Number formats of matrix elements.
#include "reference/ptxvm/ops/mma_tile.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using Halves = uint16_t __attribute__((may_alias));

void decode_f16(const uint32_t* reg, float* out) {
  const auto* p = reinterpret_cast<const Halves*>(reg);
#if defined(__AVX512F__)
  for (int i = 0; i < 64; i += 16)
    _mm512_storeu_ps(out + i,
                     _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + i))));
#elif defined(__F16C__)
  for (int i = 0; i < 64; i += 8)
    _mm256_storeu_ps(out + i,
                     _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i))));
#else
  for (int i = 0; i < 64; i += 4) {
    const Vec<uint32_t, 4> half = {p[i], p[i + 1], p[i + 2], p[i + 3]};
    store<float, 4>(out + i, F16::to_float(half));
  }
#endif
}

void decode_bf16(const uint32_t* reg, float* out) {
  for (int l = 0; l < kLanes; ++l) {
    out[2 * l] = __builtin_bit_cast(float, reg[l] << 16);
    out[2 * l + 1] = __builtin_bit_cast(float, reg[l] & 0xffff0000u);
  }
}

/// Only the upper 19 bits of the register count.
void decode_tf32(const uint32_t* reg, float* out) {
  for (int l = 0; l < kLanes; ++l) out[l] = __builtin_bit_cast(float, reg[l] & 0xffffe000u);
}

template <class T>
void decode_bytes(const uint32_t* reg, float* out) {
  typedef T Byte __attribute__((may_alias));
  const auto* p = reinterpret_cast<const Byte*>(reg);
  for (int i = 0; i < 128; ++i) out[i] = float(p[i]);
}

template <bool is_signed>
void decode_nibbles(const uint32_t* reg, float* out) {
  for (int l = 0; l < kLanes; ++l)
    for (int i = 0; i < 8; ++i) {
      const uint32_t nibble = reg[l] >> 4 * i & 15;
      out[8 * l + i] = is_signed ? float(int(nibble ^ 8) - 8) : float(nibble);
    }
}

/// All values of an 8-bit float.
struct Float8Values {
  float of[256];
  constexpr Float8Values(int stored, int bias, bool infinities) : of{} {
    for (uint32_t bits = 0; bits < 256; ++bits) {
      const uint32_t fraction = bits & ((1u << stored) - 1), exponent = (bits & 127) >> stored;
      const uint32_t all_ones = 127u >> stored;
      double value = double(fraction + (exponent ? 1u << stored : 0));
      for (int e = int(exponent ? exponent : 1) - bias - stored; e != 0; e += e < 0 ? 1 : -1)
        value *= e < 0 ? 0.5 : 2.0;
      if (infinities && exponent == all_ones)
        value = fraction ? __builtin_nan("") : __builtin_inf();
      if (!infinities && (bits & 127) == 127) value = __builtin_nan("");
      of[bits] = float(bits & 128 ? -value : value);
    }
  }
};
constexpr Float8Values kE4m3(3, 7, false), kE5m2(2, 15, true);

void decode_float8(const Float8Values& values, const uint32_t* reg, float* out) {
  for (int i = 0; i < 128; ++i) out[i] = values.of[reg[i / 4] >> 8 * (i % 4) & 255];
}

}  // namespace

void decode(Element element, const uint32_t* reg, float* out) {
  switch (element) {
    case Element::f16:
      return decode_f16(reg, out);
    case Element::bf16:
      return decode_bf16(reg, out);
    case Element::tf32:
      return decode_tf32(reg, out);
    case Element::s8:
      return decode_bytes<int8_t>(reg, out);
    case Element::u8:
      return decode_bytes<uint8_t>(reg, out);
    case Element::s4:
      return decode_nibbles<true>(reg, out);
    case Element::u4:
      return decode_nibbles<false>(reg, out);
    case Element::e4m3:
      return decode_float8(kE4m3, reg, out);
    case Element::e5m2:
      return decode_float8(kE5m2, reg, out);
    default:
      return;
  }
}

void encode_half(const float* block, uint32_t* reg) {
  auto* p = reinterpret_cast<Halves*>(reg);
  constexpr int n = kVectorBytes / 4;
  for (int i = 0; i < 64; i += n) {
    const auto half = F16::from_float(load<float, n>(block + i));
    for (int j = 0; j < n; ++j) p[i + j] = uint16_t(half[j]);
  }
}

}  // namespace ptxvm::PTXVM_ISA
