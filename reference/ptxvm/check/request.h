// One request's addresses, sorted by where they lie, and put together to runs of neighbours.
#pragma once

#include <bit>

#include "reference/ptxvm/check/state.h"

namespace ptxvm {

struct Request {
  uint32_t bytes;  // per lane
  uint32_t global = 0, shared = 0, local = 0;
  uint64_t address[kLanes];  // shared, local: offset. Unspecified for other lanes
};
/// Of the running lanes, at op's first address. Lanes whose address is nowhere or misaligned are
/// left out: the op itself will say so.
Request request_of(Warp&, const Op*, const CheckedOp&);

/// Lanes whose bytes follow each other in lane order.
struct Run {
  uint64_t begin, end;
  uint32_t first, last;  // lanes; the same lane if several have one address
  uint32_t words() const { return uint32_t((end + 3) / 4 - begin / 4); }
};
struct Runs {
  uint32_t count = 0;
  Run run[kLanes];
};
/// Lanes with equal addresses appear once, as the highest of them where that costs nothing.
Runs runs_of(const Request&, uint32_t mask);

/// The pieces of an element that one word holds.
inline uint8_t bytes_of_word(uint64_t address, uint32_t bytes) {
  return bytes >= 4 ? 15 : uint8_t(((1u << bytes) - 1) << address % 4);
}

template <class F>
inline void each_of(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(uint32_t(std::countr_zero(mask)));
}

}  // namespace ptxvm
