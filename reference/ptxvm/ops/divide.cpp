// Integer division and remainder. PTX ISA 9.0, sections 9.7.1.8 and 9.7.1.9. Division by zero is
// machine-specific there: here the quotient is all ones and the remainder is the dividend; the most
// negative value by -1 wraps.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

template <class T>
PTXVM_INLINE T divide(T a, T b) {
  if (b == 0) return T(~T{0});
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return T(-std::make_unsigned_t<T>(a));
  }
  return T(a / b);
}
template <class T>
PTXVM_INLINE T remainder(T a, T b) {
  if (b == 0) return a;
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return 0;
  }
  return T(a % b);
}

/// 32-bit quotients through double: exact, because a quotient that is no integer is at least 2^-32
/// (relative) away from the next one.
template <class T, class V>
PTXVM_INLINE V quotient32(V a, V b) {
  const V divisor = select<V>(b == 0, V{} + 1, b);
  const auto q = convert<double>(a) / convert<double>(divisor);
  return select<V>(b == 0, V{} - 1, as<V>(convert<uint32_t>(convert<int64_t>(q))));
}

template <class T>
const Op* div(Warp& w, const Op* op) {
  if constexpr (sizeof(T) == 4 && kVectorBytes == 64)
    return map2<T, T, T>(w, op, [](auto a, auto b) { return quotient32<T>(a, b); });
  else
    return scalar2<T, T, T>(w, op, [](T a, T b) { return divide(a, b); });
}
template <class T>
const Op* rem(Warp& w, const Op* op) {
  if constexpr (sizeof(T) == 4 && kVectorBytes == 64)
    return map2<T, T, T>(w, op, [](auto a, auto b) {
      return a - select<decltype(a)>(b == 0, b, quotient32<T>(a, b)) * b;
    });
  else
    return scalar2<T, T, T>(w, op, [](T a, T b) { return remainder(a, b); });
}

}  // namespace

Selected select_div(const ptx::Instruction& in) {
  if (is_float(in.type())) return select_float_div(in);
  return by_type<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(
      in.type(), []<class T>() -> Handler { return div<T>; });
}
Selected select_rem(const ptx::Instruction& in) {
  return by_type<uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t>(
      in.type(), []<class T>() -> Handler { return rem<T>; });
}

}  // namespace ptxvm::PTXVM_ISA
