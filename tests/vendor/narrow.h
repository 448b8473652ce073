// Numbers of fewer bits, of any exponent.
#pragma once

#include <cmath>

namespace tconv::doubles {

/// `value` with 10 bits behind its leading one: what a tensor core keeps of a float, and what a sum
/// in half precision keeps.
inline double ten_bits(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // [0.5, 1)
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 11)), exponent - 11);
}

}  // namespace tconv::doubles
