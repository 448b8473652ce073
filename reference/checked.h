// Size arithmetic that throws instead of wrapping.
#pragma once

#include <cstdint>
#include <string>

#include "reference/problem.h"

namespace tconv {

[[noreturn]] inline void throw_overflow(const std::string& what) {
  throw ProblemError(what + ": exceeds 2^63-1");
}

/// a*b, a+b, a-b; throw ProblemError naming `what` if the result does not fit in int64.
inline int64_t checked_mul(int64_t a, int64_t b, const std::string& what) {
  int64_t r = 0;
  if (__builtin_mul_overflow(a, b, &r)) throw_overflow(what);
  return r;
}
inline int64_t checked_add(int64_t a, int64_t b, const std::string& what) {
  int64_t r = 0;
  if (__builtin_add_overflow(a, b, &r)) throw_overflow(what);
  return r;
}
inline int64_t checked_sub(int64_t a, int64_t b, const std::string& what) {
  int64_t r = 0;
  if (__builtin_sub_overflow(a, b, &r)) throw_overflow(what);
  return r;
}

}  // namespace tconv
