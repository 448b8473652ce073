// IEEE operations that are not rounded to nearest, or have no vector form here: one lane at a time
// under the host's rounding mode. The operands and the result pass through memory that the compiler
// knows nothing of, so that no operation is folded or moved out of the scope of the mode.
#include "reference/ptxvm/ops/float.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Type;

template <class T>
PTXVM_INLINE T opaque(T x) {
  asm volatile("" : "+m"(x) : : "memory");
  return x;
}

class RoundingScope {
 public:
  explicit RoundingScope(int mode) { fesetround(mode); }
  ~RoundingScope() { fesetround(FE_TONEAREST); }
  RoundingScope(const RoundingScope&) = delete;
  RoundingScope& operator=(const RoundingScope&) = delete;
};

template <Rounded what, class T>
PTXVM_INLINE T compute(T a, T b, T c) {
  if constexpr (what == Rounded::add) return a + b;
  if constexpr (what == Rounded::sub) return a - b;
  if constexpr (what == Rounded::mul) return a * b;
  if constexpr (what == Rounded::div) return a / b;
  if constexpr (what == Rounded::rcp) return T{1} / a;
  if constexpr (what == Rounded::fma && sizeof(T) == 4) return __builtin_fmaf(a, b, c);
  if constexpr (what == Rounded::fma && sizeof(T) == 8) return __builtin_fma(a, b, c);
  if constexpr (what == Rounded::sqrt && sizeof(T) == 4) return __builtin_sqrtf(a);
  if constexpr (what == Rounded::sqrt && sizeof(T) == 8) return __builtin_sqrt(a);
}

template <Rounded what, class T>
const Op* rounded(Warp& w, const Op* op) {
  constexpr bool has_b = what != Rounded::rcp && what != Rounded::sqrt;
  constexpr bool has_c = what == Rounded::fma;
  const bool ftz = op->imm & RoundingImm::kFtz, sat = op->imm & RoundingImm::kSat;
  const T* a = lanes<T>(w, op->a);
  const T* b = lanes<T>(w, has_b ? op->b : op->a);
  const T* c = lanes<T>(w, has_c ? op->c : op->a);
  T* d = lanes<T>(w, op->dst);
  const auto in = [&](T x) {
    if constexpr (sizeof(T) == 4) x = ftz ? flush(x) : x;
    return opaque(x);
  };
  const auto out = [&](T x) {
    if constexpr (sizeof(T) == 4) {
      if (ftz) x = flush(x);
      if (sat) return saturate(x);
      if (x != x) return std::bit_cast<float>(kNan32);
    }
    return x;
  };
  const RoundingScope scope(int(op->imm & RoundingImm::kMode));
  each_lane(w.mask,
            [&](int l) { d[l] = out(opaque(compute<what, T>(in(a[l]), in(b[l]), in(c[l])))); });
  return op + 1;
}

struct Row {
  Rounded what;
  Handler f32, f64;
};
template <Rounded what>
constexpr Row kRow = {what, rounded<what, float>, rounded<what, double>};
constexpr Row kRows[] = {kRow<Rounded::add>, kRow<Rounded::sub>, kRow<Rounded::mul>,
                         kRow<Rounded::fma>, kRow<Rounded::div>, kRow<Rounded::rcp>,
                         kRow<Rounded::sqrt>};

}  // namespace

Selected select_rounded(Rounded what, const ptx::Instruction& in) {
  int64_t imm = rounding_of(in);
  if (in.has("ftz")) imm |= RoundingImm::kFtz;
  if (in.has("sat")) imm |= RoundingImm::kSat;
  const Row& row = kRows[int(what)];
  if (in.type() == Type::f32) return {row.f32, imm};
  if (in.type() == Type::f64) return {row.f64, imm};
  return {};
}

}  // namespace ptxvm::PTXVM_ISA
