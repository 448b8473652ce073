// One request's addresses, by the space that they lie in.
#pragma once

#include <bit>

#include "reference/ptxvm/check/footprint.h"
#include "reference/ptxvm/check/state.h"

namespace ptxvm {

/// The lanes of a request whose addresses lie in one space.
struct Part {
  uint32_t mask = 0;
  const Footprint* footprint = nullptr;  // of exactly these lanes, if there are any
  uint64_t base = 0;                     // the first one's address; in shared memory, offset

  explicit operator bool() const { return mask != 0; }
  uint64_t address(uint32_t lane) const { return base + uint64_t(footprint->relative[lane]); }
  Words words() const {
    return {base / 4, footprint->segment, footprint->segment_count, footprint->tag};
  }
};

struct Request {
  uint32_t bytes;  // per lane
  Part global, shared;
  uint32_t local = 0, peers = 0;  // peers: shared memory of blocks of the cluster, by rank
  uint32_t elsewhere[kLanes];     // those lanes' addresses: offset; low half. Others unspecified
};
/// Of the lanes `mask`, at op's first address. Lanes whose address is nowhere or misaligned are
/// left out: the op itself will say so. `which`: the footprint of the op to use and remember.
Request request_of(Warp&, const Op*, const CheckedOp&, uint32_t mask, uint32_t which = 0);
/// Of the running lanes that give an address.
inline Request request_of(Warp& warp, const Op* op, const CheckedOp& c) {
  return request_of(warp, op, c, c.lanes < 32 ? warp.mask & ((1u << c.lanes) - 1) : warp.mask);
}

/// The pieces of an element that one word holds.
inline uint8_t bytes_of_word(uint64_t address, uint32_t bytes) {
  return bytes >= 4 ? 15 : uint8_t(((1u << bytes) - 1) << address % 4);
}

template <class F>
inline void each_of(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(uint32_t(std::countr_zero(mask)));
}

}  // namespace ptxvm
