// What atomics make of a value: apply(old, b, c). Included with PTXVM_ISA defined (ops/half.h).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "reference/ptxvm/ops/half.h"

namespace ptxvm {

/// atom.f32.add on global memory flushes subnormal inputs and results to zero, on shared memory it
/// does not (PTX ISA 9.0, 9.7.13.5).
inline float flushed(float value) {
  return std::abs(value) < 0x1p-126f ? std::copysign(0.0f, value) : value;
}

struct Add {
  template <class T>
  static T apply(T old, T b, T) {
    return T(old + b);
  }
};
struct Min {
  template <class T>
  static T apply(T old, T b, T) {
    return std::min(old, b);
  }
};
struct Max {
  template <class T>
  static T apply(T old, T b, T) {
    return std::max(old, b);
  }
};
struct And {
  template <class T>
  static T apply(T old, T b, T) {
    return old & b;
  }
};
struct Or {
  template <class T>
  static T apply(T old, T b, T) {
    return old | b;
  }
};
struct Xor {
  template <class T>
  static T apply(T old, T b, T) {
    return old ^ b;
  }
};
struct Exchange {
  template <class T>
  static T apply(T, T b, T) {
    return b;
  }
};
struct CompareSwap {
  template <class T>
  static T apply(T old, T b, T c) {
    return old == b ? c : old;
  }
};
struct Increment {
  template <class T>
  static T apply(T old, T b, T) {
    return old >= b ? 0 : old + 1;
  }
};
struct Decrement {
  template <class T>
  static T apply(T old, T b, T) {
    return old == 0 || old > b ? b : old - 1;
  }
};
struct AddFlushed {
  template <class T>
  static T apply(T old, T b, T) {
    return flushed(flushed(old) + flushed(b));
  }
};
struct AddF {
  static float of(float a, float b) { return a + b; }
};
struct MinF {  // a NaN loses
  static float of(float a, float b) {
    return std::isnan(a) || b < a || (b == a && std::signbit(b)) ? b : a;
  }
};
struct MaxF {
  static float of(float a, float b) {
    return std::isnan(a) || b > a || (b == a && std::signbit(a)) ? b : a;
  }
};
/// In 16 bits; f32 holds every sum of two.
template <class One, class Format>
struct Half {
  template <class T>
  static T apply(T old, T b, T) {
    using V = common::Vec<uint32_t, 4>;
    const auto value = [](T bits) { return Format::to_float(V{uint32_t(bits) & 0xffff})[0]; };
    const common::Vec<float, 4> result = {One::of(value(old), value(b))};
    return T(Format::from_float(result)[0] & 0xffff);
  }
};
template <class One>
struct Both {
  template <class T>
  static T apply(T old, T b, T) {
    return One::apply(old & 0xffff, b & 0xffff, 0u) | One::apply(old >> 16, b >> 16, 0u) << 16;
  }
};

}  // namespace ptxvm
