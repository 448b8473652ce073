// Extended precision: add.cc, addc, sub.cc, subc, mad.cc, madc. The carry flag is one bit per lane
// in Warp::carry. PTX ISA 9.0, section 9.7.2.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;

/// Carry in and out are template parameters of every handler here.
template <class T, bool in, bool out, class F>
PTXVM_INLINE const Op* with_carry(Warp& w, const Op* op, F f) {
  uint32_t carry = w.carry;
  T* d = lanes<T>(w, op->dst);
  each_lane(w.mask, [&](int l) {
    T result;
    const bool carry_out = f(l, in && (carry >> l & 1), &result);
    d[l] = result;
    if (out) carry = (carry & ~(1u << l)) | uint32_t{carry_out} << l;
  });
  if (out) w.carry = carry;
  return op + 1;
}

template <class T, bool in, bool out>
const Op* add(Warp& w, const Op* op) {
  const T *a = lanes<T>(w, op->a), *b = lanes<T>(w, op->b);
  return with_carry<T, in, out>(w, op, [&](int l, bool carry, T* d) {
    T sum;
    const bool first = __builtin_add_overflow(a[l], b[l], &sum);
    return first | __builtin_add_overflow(sum, T{carry}, d);
  });
}

template <class T, bool in, bool out>
const Op* sub(Warp& w, const Op* op) {
  const T *a = lanes<T>(w, op->a), *b = lanes<T>(w, op->b);
  return with_carry<T, in, out>(w, op, [&](int l, bool borrow, T* d) {
    T difference;
    const bool first = __builtin_sub_overflow(a[l], b[l], &difference);
    return first | __builtin_sub_overflow(difference, T{borrow}, d);
  });
}

/// S tells how the product's high half is formed; the addition is unsigned.
template <class S, bool high, bool in, bool out>
const Op* mad(Warp& w, const Op* op) {
  using T = std::make_unsigned_t<S>;
  using Double =
      std::conditional_t<sizeof(S) == 4, std::conditional_t<std::is_signed_v<S>, int64_t, uint64_t>,
                         std::conditional_t<std::is_signed_v<S>, __int128, unsigned __int128>>;
  const S *a = lanes<S>(w, op->a), *b = lanes<S>(w, op->b);
  const T* c = lanes<T>(w, op->c);
  return with_carry<T, in, out>(w, op, [&](int l, bool carry, T* d) {
    const T product = high ? T(Double(a[l]) * b[l] >> (8 * sizeof(S))) : T(T(a[l]) * T(b[l]));
    T sum;
    const bool first = __builtin_add_overflow(product, c[l], &sum);
    return first | __builtin_add_overflow(sum, T{carry}, d);
  });
}

template <class S, bool high>
Handler mad_form(bool in, bool out) {
  if (in) return out ? mad<S, high, true, true> : mad<S, high, true, false>;
  return mad<S, high, false, true>;
}

}  // namespace

Selected select_add_carry(const Instruction& in, bool carry_in) {
  const bool out = in.has("cc");
  return by_width<uint32_t, uint64_t>(in.type(), [&]<class T>() -> Handler {
    if (!carry_in) return add<T, false, true>;
    return out ? add<T, true, true> : add<T, true, false>;
  });
}

Selected select_sub_carry(const Instruction& in, bool carry_in) {
  const bool out = in.has("cc");
  return by_width<uint32_t, uint64_t>(in.type(), [&]<class T>() -> Handler {
    if (!carry_in) return sub<T, false, true>;
    return out ? sub<T, true, true> : sub<T, true, false>;
  });
}

Selected select_mad_carry(const Instruction& in, bool carry_in) {
  const bool out = in.has("cc"), high = in.has("hi");
  return by_type<uint32_t, int32_t, uint64_t, int64_t>(in.type(), [&]<class S>() -> Handler {
    return high ? mad_form<S, true>(carry_in, out) : mad_form<S, false>(carry_in, out);
  });
}

Selected select_addc(const Instruction& in) { return select_add_carry(in, true); }
Selected select_subc(const Instruction& in) { return select_sub_carry(in, true); }
Selected select_madc(const Instruction& in) { return select_mad_carry(in, true); }

}  // namespace ptxvm::PTXVM_ISA
