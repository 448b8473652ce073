// Half precision arithmetic: add, sub, mul, fma, abs, neg, min, max, ex2, tanh of f16, f16x2, bf16,
// bf16x2. PTX ISA 9.0, section 9.7.4.
#include "reference/ptxvm/ops/half.h"

#include "reference/ptxvm/oob_nan.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

/// Modifiers, in Op::imm.
enum Flag : int64_t { kFtz = 1, kSat = 2, kRelu = 4, kOob = 8 };

template <class Format, class V>
PTXVM_INLINE V flush_half(V h, int64_t flags) {
  return flags & kFtz ? select<V>((h & Format::kExponent) == 0, h & 0x8000, h) : h;
}
template <class Format, class V>
PTXVM_INLINE auto unpack(V h, int64_t flags) {
  return Format::to_float(flush_half<Format>(h, flags));
}
template <class Format, class F>
PTXVM_INLINE auto pack(F f, int64_t flags) {
  if (flags & kSat) f = saturate(f);
  if (flags & kRelu) f = f <= 0 ? F{} : f;
  return flush_half<Format>(Format::from_float(f), flags);
}

/// g on each half of the registers: g(h...) of values in the low 16 bits.
template <bool packed, class G, class... V>
PTXVM_INLINE auto halves(G g, V... v) {
  const auto low = g((v & 0xffff)...);
  if constexpr (packed)
    return low | g((v >> 16)...) << 16;
  else
    return low;
}

template <class Format, bool packed, auto f>
const Op* half1(Warp& w, const Op* op) {
  return map1<uint32_t, uint32_t>(w, op, [flags = op->imm](auto a) {
    return halves<packed>([=](auto x) { return pack<Format>(f(unpack<Format>(x, flags)), flags); },
                          a);
  });
}
template <class Format, bool packed, auto f>
const Op* half2(Warp& w, const Op* op) {
  return map2<uint32_t, uint32_t, uint32_t>(w, op, [flags = op->imm](auto a, auto b) {
    return halves<packed>(
        [=](auto x, auto y) {
          return pack<Format>(f(unpack<Format>(x, flags), unpack<Format>(y, flags)), flags);
        },
        a, b);
  });
}

/// The neighbour of `rounded` whose last bit is odd, unless `rounded` is exact: what is rounded
/// once more (to fewer bits) is then correct.
template <class V>
PTXVM_INLINE V to_odd(V rounded, V error) {
  using B = BitsOf<V>;
  const B bits = as<B>(rounded);
  const B step = select<B>((error > 0) != (as<MaskOf<V>>(bits) < 0), splat<B>(1), B{} - 1);
  const auto inexact = ((error > 0) | (error < 0)) & as<MaskOf<V>>((bits & 1) == 0);
  return as<V>(select<B>(inexact, bits + step, bits));
}
/// f16: the product is exact in f32 and no step of the sum overflows.
template <class V>
PTXVM_INLINE V fma_to_odd(F16, V a, V b, V c) {
  const V p = a * b, s = p + c, t = s - p;
  return to_odd<V>(s, (p - (s - t)) + (c - t));
}
/// bf16: the same in double, whose result is rounded to odd twice.
template <class V>
PTXVM_INLINE V fma_to_odd(BF16, V a, V b, V c) {
  using D1 = Vec<double, 1>;
  using F1 = Vec<float, 1>;
  V r{};
  for (int i = 0; i < kLanesOf<V>; ++i) {
    const double p = double(a[i]) * b[i], s = p + c[i], t = s - p;
    const double sum = to_odd<D1>(D1{s}, D1{(p - (s - t)) + (c[i] - t)})[0];
    const float narrow = float(sum);
    r[i] = to_odd<F1>(F1{narrow}, F1{sum > narrow ? 1.0f : sum < narrow ? -1.0f : 0.0f})[0];
  }
  return r;
}
template <class Format, bool packed>
const Op* half_fma(Warp& w, const Op* op) {
  return map3<uint32_t, uint32_t, uint32_t, uint32_t>(
      w, op, [flags = op->imm](auto a, auto b, auto c) {
        return halves<packed>(
            [=](auto x, auto y, auto z) {
              using V = decltype(x);
              const V r =
                  pack<Format>(fma_to_odd(Format{}, unpack<Format>(x, flags),
                                          unpack<Format>(y, flags), unpack<Format>(z, flags)),
                               flags);
              if (!(flags & kOob)) return r;
              return select<V>((x == kOobNan) | (y == kOobNan) | (z == kOobNan), V{}, r);
            },
            a, b, c);
      });
}

template <class F, class G>
PTXVM_INLINE F each(F v, G g) {
  for (int i = 0; i < kLanesOf<F>; ++i) v[i] = g(v[i]);
  return v;
}
constexpr auto kAdd = [](auto a, auto b) { return a + b; };
constexpr auto kSub = [](auto a, auto b) { return a - b; };
constexpr auto kMul = [](auto a, auto b) { return a * b; };
constexpr auto kAbs = [](auto a) { return magnitude(a); };
constexpr auto kNeg = [](auto a) { return -a; };
constexpr auto kEx2 = [](auto a) { return each(a, [](float x) { return __builtin_exp2f(x); }); };
constexpr auto kTanh = [](auto a) { return each(a, [](float x) { return __builtin_tanhf(x); }); };
template <bool larger, bool nan_wins>
constexpr auto kExtreme = [](auto a, auto b) { return extreme<larger, nan_wins>(a, b); };
template <bool larger, bool nan_wins>
constexpr auto kExtremeXorsign = [](auto a, auto b) {
  using V = decltype(a);
  const BitsOf<V> sign = (as<BitsOf<V>>(a) ^ as<BitsOf<V>>(b)) & kSignOf<V>;
  const V r = extreme<larger, nan_wins>(magnitude(a), magnitude(b));
  return as<V>(as<BitsOf<V>>(r) | sign);
};

/// make.operator()<Format, packed>() for the instruction's type.
template <class Make>
Selected by_format(const Instruction& in, Make make) {
  int64_t flags = 0;
  if (in.has("ftz")) flags |= kFtz;
  if (in.has("sat")) flags |= kSat;
  if (in.has("relu")) flags |= kRelu;
  if (in.has("oob")) flags |= kOob;
  switch (in.type()) {
    case Type::f16:
      return {make.template operator()<F16, false>(), flags};
    case Type::f16x2:
      return {make.template operator()<F16, true>(), flags};
    case Type::bf16:
      return {make.template operator()<BF16, false>(), flags};
    case Type::bf16x2:
      return {make.template operator()<BF16, true>(), flags};
    default:
      return {};
  }
}

template <class Format, bool packed>
Handler handler_of(HalfOp what) {
  switch (what) {
    case HalfOp::add:
      return half2<Format, packed, kAdd>;
    case HalfOp::sub:
      return half2<Format, packed, kSub>;
    case HalfOp::mul:
      return half2<Format, packed, kMul>;
    case HalfOp::fma:
      return half_fma<Format, packed>;
    case HalfOp::abs:
      return half1<Format, packed, kAbs>;
    case HalfOp::neg:
      return half1<Format, packed, kNeg>;
    case HalfOp::ex2:
      return half1<Format, packed, kEx2>;
    case HalfOp::tanh:
      return half1<Format, packed, kTanh>;
  }
  return nullptr;
}

template <bool larger>
Selected extreme_of(const Instruction& in) {
  const bool nan = in.has("NaN"), xorsign = in.has("xorsign");
  return by_format(in, [=]<class Format, bool packed>() -> Handler {
    if (xorsign)
      return nan ? half2<Format, packed, kExtremeXorsign<larger, true>>
                 : half2<Format, packed, kExtremeXorsign<larger, false>>;
    return nan ? half2<Format, packed, kExtreme<larger, true>>
               : half2<Format, packed, kExtreme<larger, false>>;
  });
}

}  // namespace

Selected select_half(const Instruction& in, HalfOp what) {
  for (const char* word : {"rz", "rm", "rp"})
    if (in.has(word)) return {};
  if (in.has("oob") && in.has("ftz")) return {};
  if (in.type() != in.last_type()) return {};
  return by_format(
      in, [=]<class Format, bool packed>() -> Handler { return handler_of<Format, packed>(what); });
}

Selected select_half_extreme(const Instruction& in, bool larger) {
  return larger ? extreme_of<true>(in) : extreme_of<false>(in);
}

}  // namespace ptxvm::PTXVM_ISA
