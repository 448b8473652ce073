// Handlers over the 32 lanes of a warp: element-wise ones in vectors (map, test), others lane by
// lane (scalar, each_lane).
//
// Lambdas given to map() and test() get vectors of n lanes and must be element-wise: the frame is
// walked chunk by chunk, in place.
#pragma once

#include "reference/ptxvm/ops/vector.h"

namespace ptxvm::PTXVM_ISA {

namespace detail {
template <class D, class... S, class F>
PTXVM_INLINE void walk(uint32_t mask, Wide<D>* d, F f, const Wide<S>*... s) {
  constexpr int n = step_of<D, S...>();
  if (mask == kFullMask) [[likely]] {
    for (int i = 0; i < kLanes; i += n) store<D, n>(d + i, f(load<S, n>(s + i)...));
  } else {
    for (int i = 0; i < kLanes; i += n)
      store_active<D, n>(d + i, f(load<S, n>(s + i)...), mask >> i);
  }
}
}  // namespace detail

/// d = f(a), d = f(a, b), d = f(a, b, c) in the active lanes; D and the others are PTX element
/// types (uint8_t ... double).
template <class D, class A, class F>
PTXVM_INLINE const Op* map1(Warp& w, const Op* op, F f) {
  detail::walk<D, A>(w.mask, lanes<Wide<D>>(w, op->dst), f, lanes<Wide<A>>(w, op->a));
  return op + 1;
}
template <class D, class A, class B, class F>
PTXVM_INLINE const Op* map2(Warp& w, const Op* op, F f) {
  detail::walk<D, A, B>(w.mask, lanes<Wide<D>>(w, op->dst), f, lanes<Wide<A>>(w, op->a),
                        lanes<Wide<B>>(w, op->b));
  return op + 1;
}
template <class D, class A, class B, class C, class F>
PTXVM_INLINE const Op* map3(Warp& w, const Op* op, F f) {
  detail::walk<D, A, B, C>(w.mask, lanes<Wide<D>>(w, op->dst), f, lanes<Wide<A>>(w, op->a),
                           lanes<Wide<B>>(w, op->b), lanes<Wide<C>>(w, op->c));
  return op + 1;
}

/// map2 whose f gets the chunk's first lane before the vectors: for what also reads a predicate.
template <class D, class A, class B, class F>
PTXVM_INLINE const Op* map2_at(Warp& w, const Op* op, F f) {
  constexpr int n = step_of<D, A, B>();
  Wide<D>* d = lanes<Wide<D>>(w, op->dst);
  const Wide<A>* a = lanes<Wide<A>>(w, op->a);
  const Wide<B>* b = lanes<Wide<B>>(w, op->b);
  if (w.mask == kFullMask) [[likely]] {
    for (int i = 0; i < kLanes; i += n)
      store<D, n>(d + i, f(i, load<A, n>(a + i), load<B, n>(b + i)));
  } else {
    for (int i = 0; i < kLanes; i += n)
      store_active<D, n>(d + i, f(i, load<A, n>(a + i), load<B, n>(b + i)), w.mask >> i);
  }
  return op + 1;
}

/// The 32 bits of f(a, b), where f gives the bits of one chunk (bits_of).
template <class A, class B, class F>
PTXVM_INLINE uint32_t test2(Warp& w, uint32_t a, uint32_t b, F f) {
  constexpr int n = step_of<A, B>();
  const Wide<A>* pa = lanes<Wide<A>>(w, a);
  const Wide<B>* pb = lanes<Wide<B>>(w, b);
  uint32_t bits = 0;
  for (int i = 0; i < kLanes; i += n)
    bits |= uint32_t(f(load<A, n>(pa + i), load<B, n>(pb + i))) << i;
  return bits;
}

/// One lane at a time, active lanes only: for what has no vector form or must not run on unused
/// data.
template <class T>
PTXVM_INLINE T lane(const Wide<T>* p, int l) {
  return T(p[l]);
}
template <class D>
PTXVM_INLINE void put(Wide<D>* p, int l, D v) {
  if constexpr (sizeof(D) < 4)
    p[l] = Wide<D>(std::make_unsigned_t<D>(v));
  else
    p[l] = v;
}
template <class F>
PTXVM_INLINE void each_lane(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(__builtin_ctz(mask));
}
template <class D, class A, class F>
PTXVM_INLINE const Op* scalar1(Warp& w, const Op* op, F f) {
  auto* d = lanes<Wide<D>>(w, op->dst);
  auto* a = lanes<Wide<A>>(w, op->a);
  each_lane(w.mask, [&](int l) { put<D>(d, l, f(lane<A>(a, l))); });
  return op + 1;
}
template <class D, class A, class B, class F>
PTXVM_INLINE const Op* scalar2(Warp& w, const Op* op, F f) {
  auto* d = lanes<Wide<D>>(w, op->dst);
  auto* a = lanes<Wide<A>>(w, op->a);
  auto* b = lanes<Wide<B>>(w, op->b);
  each_lane(w.mask, [&](int l) { put<D>(d, l, f(lane<A>(a, l), lane<B>(b, l))); });
  return op + 1;
}
template <class D, class A, class B, class C, class F>
PTXVM_INLINE const Op* scalar3(Warp& w, const Op* op, F f) {
  auto* d = lanes<Wide<D>>(w, op->dst);
  auto* a = lanes<Wide<A>>(w, op->a);
  auto* b = lanes<Wide<B>>(w, op->b);
  auto* c = lanes<Wide<C>>(w, op->c);
  each_lane(w.mask, [&](int l) { put<D>(d, l, f(lane<A>(a, l), lane<B>(b, l), lane<C>(c, l))); });
  return op + 1;
}

}  // namespace ptxvm::PTXVM_ISA
