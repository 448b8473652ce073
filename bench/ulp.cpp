#include "bench/ulp.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tconv::bench {
namespace {

/// Neighbouring numbers have neighbouring ranks: the bits of a number, mirrored below zero.
template <class Bits>
int64_t rank_of(const std::byte* stored) {
  Bits bits{};
  std::memcpy(&bits, stored, sizeof bits);
  constexpr Bits kSign = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  const auto size = static_cast<int64_t>(bits & static_cast<Bits>(~kSign));
  return bits & kSign ? -size : size;
}

template <class Bits>
int64_t spread(std::span<const std::byte> a, std::span<const std::byte> b) {
  int64_t largest = 0;
  for (size_t at = 0; at + sizeof(Bits) <= a.size(); at += sizeof(Bits))
    largest =
        std::max(largest, std::abs(rank_of<Bits>(a.data() + at) - rank_of<Bits>(b.data() + at)));
  return largest;
}

}  // namespace

int64_t ulp_spread(std::span<const std::byte> a, std::span<const std::byte> b, DType dtype) {
  return size_of(dtype) == 2 ? spread<uint16_t>(a, b) : spread<uint32_t>(a, b);
}

}  // namespace tconv::bench
