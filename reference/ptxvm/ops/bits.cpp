// Bit fields and counts: popc, clz, bfind, fns, brev, bfe, bfi, szext, bmsk. PTX ISA 9.0,
// sections 9.7.1.14 to 9.7.1.22.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

PTXVM_INLINE uint32_t leading_zeros(uint32_t x) { return x ? uint32_t(__builtin_clz(x)) : 32; }
PTXVM_INLINE uint32_t leading_zeros(uint64_t x) { return x ? uint32_t(__builtin_clzll(x)) : 64; }

template <class T>
const Op* popc(Warp& w, const Op* op) {
  return scalar1<uint32_t, T>(w, op, [](T a) { return uint32_t(__builtin_popcountll(a)); });
}
template <class T>
const Op* clz(Warp& w, const Op* op) {
  return scalar1<uint32_t, T>(w, op, [](T a) { return leading_zeros(a); });
}
template <class T, bool shift_amount>
const Op* bfind(Warp& w, const Op* op) {
  return scalar1<uint32_t, T>(w, op, [](T a) {
    using U = std::make_unsigned_t<T>;
    const uint32_t zeros = leading_zeros(a < 0 ? U(~a) : U(a));
    constexpr uint32_t bits = 8 * sizeof(T);
    if (zeros == bits) return 0xffffffffu;
    return shift_amount ? zeros : bits - 1 - zeros;
  });
}

PTXVM_INLINE uint32_t find_nth_set(uint32_t mask, uint32_t base, int32_t offset) {
  if (base > 31) return 0xffffffffu;
  if (offset == 0) return mask >> base & 1 ? base : 0xffffffffu;
  const int step = offset > 0 ? 1 : -1;
  uint32_t left = offset > 0 ? uint32_t(offset) : 0u - uint32_t(offset);
  for (int at = int(base); at >= 0 && at < 32; at += step) {
    if ((mask >> at & 1) && --left == 0) return uint32_t(at);
  }
  return 0xffffffffu;
}
const Op* fns(Warp& w, const Op* op) {
  return scalar3<uint32_t, uint32_t, uint32_t, int32_t>(w, op, find_nth_set);
}

template <class T>
const Op* brev(Warp& w, const Op* op) {
  return map1<T, T>(w, op, [](auto a) {
    a = (a >> 1 & T(0x5555555555555555)) | (a & T(0x5555555555555555)) << 1;
    a = (a >> 2 & T(0x3333333333333333)) | (a & T(0x3333333333333333)) << 2;
    a = (a >> 4 & T(0x0f0f0f0f0f0f0f0f)) | (a & T(0x0f0f0f0f0f0f0f0f)) << 4;
    a = (a >> 8 & T(0x00ff00ff00ff00ff)) | (a & T(0x00ff00ff00ff00ff)) << 8;
    if constexpr (sizeof(T) == 4) return a >> 16 | a << 16;
    a = (a >> 16 & T(0x0000ffff0000ffff)) | (a & T(0x0000ffff0000ffff)) << 16;
    return a >> (4 * sizeof(T)) | a << (4 * sizeof(T));
  });
}

/// A 32-bit operand of a T-wide instruction, in vectors of T.
template <class V, class U>
PTXVM_INLINE V fit(U v) {
  if constexpr (sizeof(ElementOf<V>) == 8)
    return widen<ElementOf<V>>(v);
  else
    return as<V>(v);
}
/// The `length` lowest bits set; all if length is the width or more.
template <class V>
PTXVM_INLINE V low_ones(V length) {
  constexpr int width = 8 * sizeof(ElementOf<V>);
  return select<V>(length >= width, ~V{}, ((V{} + 1) << (length & (width - 1))) - 1);
}

/// Start and length count from 0 to 255. Bits beyond the msb read as the sign (.s) or zero (.u).
template <class T>
const Op* bfe(Warp& w, const Op* op) {
  return map3<T, T, uint32_t, uint32_t>(w, op, [](auto a, auto b, auto c) {
    using V = decltype(a);
    using U = BitsOf<V>;
    constexpr int width = 8 * sizeof(T);
    const U pos = fit<U>(b) & 255, len = fit<U>(c) & 255, last = pos + len - 1;
    const U clamped = select<U>(pos < width, pos, splat<U>(width - 1));
    if constexpr (std::is_signed_v<T>) {
      // Move the field's last bit to the msb, then back down with the sign.
      const U left = select<U>(last < width - 1, width - 1 - last, U{});
      const V top = as<V>(as<U>(a) << (left & (width - 1)));
      const U down = select<U>(clamped + left < width, clamped + left, splat<U>(width - 1));
      return select<V>(len == 0, V{}, top >> as<V>(down));
    } else {
      return select<U>(pos < width, (a >> clamped) & low_ones<U>(len), U{});
    }
  });
}

template <class T>
const Op* bfi(Warp& w, const Op* op) {
  const T *a = lanes<T>(w, op->a), *b = lanes<T>(w, op->b);
  const uint32_t *c = lanes<uint32_t>(w, op->c), *d = lanes<uint32_t>(w, op->d);
  T* result = lanes<T>(w, op->dst);
  each_lane(w.mask, [&](int l) {
    constexpr uint32_t width = 8 * sizeof(T);
    const uint32_t pos = c[l] & 255, len = d[l] & 255;
    const T ones = len >= width ? ~T{0} : (T{1} << len) - 1;
    const T field = pos >= width ? 0 : ones << pos;
    result[l] = (b[l] & ~field) | (pos >= width ? 0 : a[l] << pos & field);
  });
  return op + 1;
}

template <bool is_signed, bool clamp>
const Op* szext(Warp& w, const Op* op) {
  return map2<uint32_t, uint32_t, uint32_t>(w, op, [](auto a, auto n) {
    using V = decltype(a);
    const V width = n & 31, shift = (32 - width) & 31;
    V r =
        is_signed ? as<V>(as<MaskOf<V>>(a << shift) >> as<MaskOf<V>>(shift)) : a << shift >> shift;
    r = select<V>(width == 0, V{}, r);
    return clamp ? select<V>(n >= 32, a, r) : r;
  });
}

template <bool clamp>
const Op* bmsk(Warp& w, const Op* op) {
  return map2<uint32_t, uint32_t, uint32_t>(w, op, [](auto a, auto b) {
    using V = decltype(a);
    const V from = ~V{} << (a & 31),
            mask = from &
                   low_ones<V>((clamp ? select<V>(b < 32, b, splat<V>(32)) : b & 31) + (a & 31));
    return clamp ? select<V>(a >= 32, V{}, mask) : mask;
  });
}

}  // namespace

Selected select_popc(const Instruction& in) {
  return by_width<uint32_t, uint64_t>(in.type(), []<class T>() -> Handler { return popc<T>; });
}
Selected select_clz(const Instruction& in) {
  return by_width<uint32_t, uint64_t>(in.type(), []<class T>() -> Handler { return clz<T>; });
}
Selected select_bfind(const Instruction& in) {
  const bool shift_amount = in.has("shiftamt");
  return by_type<uint32_t, int32_t, uint64_t, int64_t>(in.type(), [=]<class T>() -> Handler {
    return shift_amount ? bfind<T, true> : bfind<T, false>;
  });
}
Selected select_fns(const Instruction&) { return {fns}; }
Selected select_brev(const Instruction& in) {
  return by_width<uint32_t, uint64_t>(in.type(), []<class T>() -> Handler { return brev<T>; });
}
Selected select_bfe(const Instruction& in) {
  return by_type<uint32_t, int32_t, uint64_t, int64_t>(in.type(),
                                                       []<class T>() -> Handler { return bfe<T>; });
}
Selected select_bfi(const Instruction& in) {
  return by_width<uint32_t, uint64_t>(in.type(), []<class T>() -> Handler { return bfi<T>; });
}
Selected select_szext(const Instruction& in) {
  const bool clamp = in.has("clamp");
  if (in.type() == Type::s32) return {clamp ? szext<true, true> : szext<true, false>};
  return {clamp ? szext<false, true> : szext<false, false>};
}
Selected select_bmsk(const Instruction& in) { return {in.has("clamp") ? bmsk<true> : bmsk<false>}; }

}  // namespace ptxvm::PTXVM_ISA
