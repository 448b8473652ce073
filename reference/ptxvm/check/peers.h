// Accesses to shared memory of other blocks of the cluster.
#pragma once

#include "reference/ptxvm/check/request.h"
#include "reference/ptxvm/cluster.h"

namespace ptxvm {

/// f(block, the lanes whose addresses lie in its shared memory) for each block of r.peers.
template <class F>
void each_peer(Warp& warp, const Op* op, const Request& r, F f) {
  constexpr uint32_t kOffset = (1u << kPeerShift) - 1;
  for (uint32_t left = r.peers; left;) {
    const auto first = uint32_t(std::countr_zero(left));
    const uint32_t peer = r.elsewhere[first] >> kPeerShift;
    uint64_t offsets[kLanes] = {};
    uint32_t mask = 0;
    each_of(left, [&](uint32_t lane) {
      if (r.elsewhere[lane] >> kPeerShift != peer) return;
      mask |= 1u << lane;
      offsets[lane] = r.elsewhere[lane] & kOffset;
    });
    left &= ~mask;
    Cta& block = cluster_block(warp, op, int(first), r.elsewhere[first]);
    uint32_t inside = 0;  // the op itself will say so of the others
    each_of(mask, [&](uint32_t lane) {
      inside |= uint32_t(offsets[lane] + r.bytes <= block.shared_bytes) << lane;
    });
    if (!inside) continue;
    Footprint footprint;
    footprint.learn(offsets, inside, r.bytes, 0, block.shared_bytes);
    f(block, Part{inside, &footprint, offsets[std::countr_zero(inside)]});
  }
}

}  // namespace ptxvm
