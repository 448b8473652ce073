// Division, roots and transcendental functions. PTX ISA 9.0, sections 9.7.3.8 and 9.7.3.13
// to 9.7.3.22.
//
// The .approx forms are hardware tables whose bits are not documented; here they are the host's
// functions, whose error is below every bound that the ISA gives. What the ISA does define of them
// (special values, .ftz) is followed.
#include "reference/ptxvm/ops/half.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

template <class V>
PTXVM_INLINE V square_root(V v) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64 && sizeof(ElementOf<V>) == 4)
    return V(_mm512_sqrt_ps(__m512(v)));
  else if constexpr (sizeof(V) == 64)
    return V(_mm512_sqrt_pd(__m512d(v)));
  else
#elif defined(__AVX2__)
  if constexpr (sizeof(V) == 32 && sizeof(ElementOf<V>) == 4)
    return V(_mm256_sqrt_ps(__m256(v)));
  else if constexpr (sizeof(V) == 32)
    return V(_mm256_sqrt_pd(__m256d(v)));
  else
#endif
  {
    for (int i = 0; i < kLanesOf<V>; ++i)
      v[i] = sizeof(ElementOf<V>) == 4 ? __builtin_sqrtf(float(v[i])) : __builtin_sqrt(v[i]);
    return v;
  }
}

constexpr auto kDiv = [](auto a, auto b) { return a / b; };
constexpr auto kRcp = [](auto a) { return 1 / a; };
constexpr auto kSqrt = [](auto a) { return square_root(a); };
constexpr auto kRsqrt = [](auto a) { return 1 / square_root(a); };

template <auto f, bool ftz>
const Op* unary32(Warp& w, const Op* op) {
  return map1<float, float>(w, op, [](auto a) { return finish<ftz, false>(f(flush_if<ftz>(a))); });
}
template <bool ftz>
const Op* div32(Warp& w, const Op* op) {
  return map2<float, float, float>(w, op, [](auto a, auto b) {
    return finish<ftz, false>(flush_if<ftz>(a) / flush_if<ftz>(b));
  });
}
/// div.approx is a * (1/b), and 1/b is zero for 2^126 < |b|.
template <bool ftz>
const Op* div32_approx(Warp& w, const Op* op) {
  return map2<float, float, float>(w, op, [](auto a, auto b) {
    using V = decltype(a);
    a = flush_if<ftz>(a);
    b = flush_if<ftz>(b);
    const V zero = as<V>(as<BitsOf<V>>(b) & kSignOf<V>), size = magnitude(b);
    return finish<ftz, false>(
        select<V>((size > 0x1p126f) & (size < __builtin_inff()), a * zero, a / b));
  });
}

/// rcp and rsqrt.approx.ftz.f64: from the upper word of a to the upper word of d.
template <auto f>
const Op* upper_word(Warp& w, const Op* op) {
  return scalar1<uint64_t, uint64_t>(w, op, [](uint64_t a) -> uint64_t {
    constexpr uint64_t kUpper = 0xffffffff00000000, kExponent = 0x7ff0000000000000,
                       kSign = 0x8000000000000000;
    const auto flush64 = [](uint64_t x) { return (x & kExponent) == 0 ? x & kSign : x; };
    using V = Vec<double, 1>;
    const double r = f(V{std::bit_cast<double>(flush64(a & kUpper))})[0];
    return r != r ? uint64_t{0x7fffffff00000000} : flush64(std::bit_cast<uint64_t>(r)) & kUpper;
  });
}

template <auto f>
const Op* function32(Warp& w, const Op* op) {
  return scalar1<float, float>(w, op, [ftz = op->imm](float a) {
    const float r = f(ftz ? flush(a) : a);
    return r != r ? std::bit_cast<float>(kNan32) : ftz ? flush(r) : r;
  });
}
constexpr auto kSin = [](float a) { return __builtin_sinf(a); };
constexpr auto kCos = [](float a) { return __builtin_cosf(a); };
constexpr auto kLg2 = [](float a) { return __builtin_log2f(a); };
constexpr auto kEx2 = [](float a) { return __builtin_exp2f(a); };
constexpr auto kTanh = [](float a) { return __builtin_tanhf(a); };

template <auto f>
Selected function_of(const Instruction& in) {
  return in.type() == Type::f32 ? Selected{function32<f>, in.has("ftz")} : Selected{};
}

/// Of rcp and sqrt: nearest and approximate f32, nearest f64; the other roundings are
/// rounding.cpp's.
template <auto f>
Selected root_of(const Instruction& in, Rounded rounded) {
  if (rounding_of(in) != FE_TONEAREST) return select_rounded(rounded, in);
  if (in.type() == Type::f64) return {unary<double, double, f>};
  if (in.type() != Type::f32) return {};
  return {in.has("ftz") ? unary32<f, true> : unary32<f, false>};
}

}  // namespace

Selected select_float_div(const Instruction& in) {
  if (rounding_of(in) != FE_TONEAREST) return select_rounded(Rounded::div, in);
  if (in.type() == Type::f64) return {binary<double, double, double, kDiv>};
  if (in.type() != Type::f32) return {};
  const bool ftz = in.has("ftz");
  if (in.has("approx")) return {ftz ? div32_approx<true> : div32_approx<false>};
  return {ftz ? div32<true> : div32<false>};
}

Selected select_rcp(const Instruction& in) {
  if (in.type() == Type::f64 && in.has("approx")) return {upper_word<kRcp>};
  return root_of<kRcp>(in, Rounded::rcp);
}
Selected select_sqrt(const Instruction& in) { return root_of<kSqrt>(in, Rounded::sqrt); }
Selected select_rsqrt(const Instruction& in) {
  if (in.type() == Type::f64)
    return {in.has("ftz") ? upper_word<kRsqrt> : unary<double, double, kRsqrt>};
  return {in.has("ftz") ? unary32<kRsqrt, true> : unary32<kRsqrt, false>};
}

Selected select_sin(const Instruction& in) { return function_of<kSin>(in); }
Selected select_cos(const Instruction& in) { return function_of<kCos>(in); }
Selected select_lg2(const Instruction& in) { return function_of<kLg2>(in); }
Selected select_ex2(const Instruction& in) {
  return in.type() == Type::f32 ? function_of<kEx2>(in) : select_half(in, HalfOp::ex2);
}
Selected select_tanh(const Instruction& in) {
  return in.type() == Type::f32 ? function_of<kTanh>(in) : select_half(in, HalfOp::tanh);
}

}  // namespace ptxvm::PTXVM_ISA
