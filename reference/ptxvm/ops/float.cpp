// Single and double precision, rounded to nearest: add, sub, mul, fma, abs, neg, min, max. PTX
// ISA 9.0, section 9.7.3.
#include "reference/ptxvm/ops/float.h"

#include "reference/ptxvm/ops/half.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

template <auto f, bool ftz, bool sat>
const Op* binary32(Warp& w, const Op* op) {
  return map2<float, float, float>(w, op, [](auto a, auto b) {
    return finish<ftz, sat>(f(flush_if<ftz>(a), flush_if<ftz>(b)));
  });
}
template <auto f, bool ftz, bool sat>
const Op* ternary32(Warp& w, const Op* op) {
  return map3<float, float, float, float>(w, op, [](auto a, auto b, auto c) {
    return finish<ftz, sat>(f(flush_if<ftz>(a), flush_if<ftz>(b), flush_if<ftz>(c)));
  });
}

constexpr auto kAdd = [](auto a, auto b) { return a + b; };
constexpr auto kSub = [](auto a, auto b) { return a - b; };
constexpr auto kMul = [](auto a, auto b) { return a * b; };
constexpr auto kFma = [](auto a, auto b, auto c) { return fused(a, b, c); };
constexpr auto kAbs = [](auto a) { return a != a ? a : magnitude(a); };
constexpr auto kNeg = [](auto a) { return a != a ? a : -a; };

/// fma.rn.f32 without a guard, several in a row (fuse.h): the loops of matrix products are little
/// else.
template <bool ftz>
const Op* fma_run(Warp& w, const Op* op) {
  constexpr int n = kVectorBytes / 4;
  const auto all = [&](auto put) {
    const auto* places = reinterpret_cast<const FusedPlaces*>(op->more);
    for (const FusedPlaces* end = places + op->imm; places != end; ++places) {
      auto* d = lanes<float>(w, places->dst);
      const float *a = lanes<float>(w, places->a), *b = lanes<float>(w, places->b),
                  *c = lanes<float>(w, places->c);
      for (int i = 0; i < kLanes; i += n)
        put(d + i, i,
            finish<ftz, false>(fused(flush_if<ftz>(load<float, n>(a + i)),
                                     flush_if<ftz>(load<float, n>(b + i)),
                                     flush_if<ftz>(load<float, n>(c + i)))));
    }
  };
  if (const uint32_t mask = w.mask; mask == kFullMask)
    all([](float* d, int, auto v) { store<float, n>(d, v); });
  else
    all([=](float* d, int i, auto v) { store_active<float, n>(d, v, mask >> i); });
  return op + op->imm;
}

template <auto f>
Selected arithmetic(const Instruction& in, Rounded rounded) {
  if (in.type() != in.last_type()) return {};  // mixed precision is sm_100
  if (rounding_of(in) != FE_TONEAREST) return select_rounded(rounded, in);
  const bool ftz = in.has("ftz"), sat = in.has("sat");
  if (in.type() == Type::f64) return {binary<double, double, double, f>};
  if (in.type() != Type::f32) return {};
  if (ftz) return {sat ? binary32<f, true, true> : binary32<f, true, false>};
  return {sat ? binary32<f, false, true> : binary32<f, false, false>};
}

template <bool larger, bool nan_wins, bool ftz>
const Op* extreme32(Warp& w, const Op* op) {
  return map2<float, float, float>(w, op, [](auto a, auto b) {
    return canonical(extreme<larger, nan_wins>(flush_if<ftz>(a), flush_if<ftz>(b)));
  });
}
/// .xorsign.abs: of the magnitudes, with the product's sign.
template <bool larger, bool nan_wins, bool ftz>
const Op* extreme32_xorsign(Warp& w, const Op* op) {
  return map2<float, float, float>(w, op, [](auto a, auto b) {
    using V = decltype(a);
    const BitsOf<V> sign = (as<BitsOf<V>>(a) ^ as<BitsOf<V>>(b)) & kSignOf<V>;
    const V r = extreme<larger, nan_wins>(magnitude(flush_if<ftz>(a)), magnitude(flush_if<ftz>(b)));
    return canonical(as<V>(as<BitsOf<V>>(r) | sign));
  });
}
template <bool larger>
const Op* extreme64(Warp& w, const Op* op) {
  return map2<double, double, double>(w, op,
                                      [](auto a, auto b) { return extreme<larger, false>(a, b); });
}

template <bool larger>
Selected select_extreme(const Instruction& in) {
  if (in.type() == Type::f64) return {extreme64<larger>};
  if (in.type() != Type::f32) return select_half_extreme(in, larger);
  if (in.operands.size() != 3) return {};  // three inputs are sm_100
  const bool ftz = in.has("ftz");
  if (in.has("xorsign")) {
    if (in.has("NaN"))
      return {ftz ? extreme32_xorsign<larger, true, true> : extreme32_xorsign<larger, true, false>};
    return {ftz ? extreme32_xorsign<larger, false, true> : extreme32_xorsign<larger, false, false>};
  }
  if (in.has("NaN")) return {ftz ? extreme32<larger, true, true> : extreme32<larger, true, false>};
  return {ftz ? extreme32<larger, false, true> : extreme32<larger, false, false>};
}

template <auto f>
const Op* unary32(Warp& w, const Op* op) {
  return map1<float, float>(w, op, [](auto a) { return canonical(f(a)); });
}
template <auto f>
const Op* unary32_ftz(Warp& w, const Op* op) {
  return map1<float, float>(w, op, [](auto a) { return canonical(f(flush(a))); });
}
template <auto f>
Selected sign_op(const Instruction& in) {
  if (in.type() == Type::f64) return {unary<double, double, f>};
  return {in.has("ftz") ? unary32_ftz<f> : unary32<f>};
}

bool is_half(Type t) {
  return t == Type::f16 || t == Type::f16x2 || t == Type::bf16 || t == Type::bf16x2;
}

}  // namespace

Handler run_of(Handler one) {
  if (one == ternary32<kFma, false, false>) return fma_run<false>;
  if (one == ternary32<kFma, true, false>) return fma_run<true>;
  return nullptr;
}

Selected select_float_add(const Instruction& in) {
  return is_half(in.type()) ? select_half(in, HalfOp::add) : arithmetic<kAdd>(in, Rounded::add);
}
Selected select_float_sub(const Instruction& in) {
  return is_half(in.type()) ? select_half(in, HalfOp::sub) : arithmetic<kSub>(in, Rounded::sub);
}
Selected select_float_mul(const Instruction& in) {
  return is_half(in.type()) ? select_half(in, HalfOp::mul) : arithmetic<kMul>(in, Rounded::mul);
}
Selected select_fma(const Instruction& in) {
  if (is_half(in.type())) return select_half(in, HalfOp::fma);
  if (in.type() != in.last_type()) return {};
  if (rounding_of(in) != FE_TONEAREST) return select_rounded(Rounded::fma, in);
  const bool ftz = in.has("ftz"), sat = in.has("sat");
  if (in.type() == Type::f64) return {ternary<double, double, double, double, kFma>};
  if (in.type() != Type::f32) return {};
  if (ftz) return {sat ? ternary32<kFma, true, true> : ternary32<kFma, true, false>};
  return {sat ? ternary32<kFma, false, true> : ternary32<kFma, false, false>};
}
Selected select_float_abs(const Instruction& in) {
  return is_half(in.type()) ? select_half(in, HalfOp::abs) : sign_op<kAbs>(in);
}
Selected select_float_neg(const Instruction& in) {
  return is_half(in.type()) ? select_half(in, HalfOp::neg) : sign_op<kNeg>(in);
}
Selected select_float_min(const Instruction& in) { return select_extreme<false>(in); }
Selected select_float_max(const Instruction& in) { return select_extreme<true>(in); }

}  // namespace ptxvm::PTXVM_ISA
