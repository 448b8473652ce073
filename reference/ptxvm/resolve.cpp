#define PTXVM_ISA common

#include "reference/ptxvm/resolve.h"

#include <algorithm>

#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/ops/access.h"
#include "reference/ptxvm/schedule.h"

namespace ptxvm {
namespace {

using Locate = std::byte* (*)(Warp&, const Op*, Site&, uint64_t bias);

template <uint32_t bytes, bool reads, bool writes>
std::byte* global(Warp& warp, const Op* op, Site& site, uint64_t) {
  return common::locate_global<bytes, reads, writes>(warp, op, site);
}
template <uint32_t bytes, bool reads, bool writes>
std::byte* shared(Warp& warp, const Op* op, Site& site, uint64_t bias) {
  return common::locate_shared<bytes, reads, writes>(warp, op, site, bias);
}

struct Row {
  Locate load[2], store[2], atomic[2];  // [0] global, [1] shared
};
template <uint32_t bytes>
constexpr Row kRow = {{global<bytes, true, false>, shared<bytes, true, false>},
                      {global<bytes, false, true>, shared<bytes, false, true>},
                      {global<bytes, true, true>, shared<bytes, true, true>}};
constexpr const Row* kRows[] = {&kRow<1>, &kRow<2>, &kRow<4>, &kRow<8>, &kRow<16>, &kRow<32>};

void place(Warp& warp, const Op* op, uint32_t mask, bool in_shared, uint64_t bias,
           MemoryAccess access, std::byte* at[kLanes]) {
  if (!mask) return;
  const uint32_t all = warp.mask;
  warp.mask = mask;
  const Row& row = *kRows[__builtin_ctz(access.bytes)];
  const auto& locate = access.reads && access.writes ? row.atomic
                       : access.writes               ? row.store
                                                     : row.load;
  Site& site = warp.sites[op->site];
  std::byte* first = locate[in_shared](warp, op, site, bias);
  common::each_lane(mask, [&](int lane) { at[lane] = first + site.relative[lane]; });
  if (access.reads && access.writes) {
    site.atomic_lanes += uint32_t(__builtin_popcount(mask));
    site.serialised += site.clashes;
  }
  warp.mask = all;
}

}  // namespace

uint32_t resolve(Warp& warp, const Op* op, ptx::Space space, MemoryAccess access,
                 std::byte* at[kLanes]) {
  Spaces spaces;
  if (space == ptx::Space::generic)
    spaces = spaces_of(warp, op);
  else if (space == ptx::Space::shared_cluster)
    spaces.peer = warp.mask;
  else
    (space == ptx::Space::shared ? spaces.shared : spaces.global) = warp.mask;
  const bool generic = space == ptx::Space::generic;
  if (spaces.param)
    spaces.global |= spaces.param;  // refused there: no atomic or ordered access to parameters
  place(warp, op, spaces.global, false, 0, access, at);
  place(warp, op, spaces.shared, true, generic ? kSharedWindow : 0, access, at);
  common::each_lane(spaces.peer, [&](int lane) {
    at[lane] = cluster_place(warp, op, lane, lane_address(warp, op, uint32_t(lane)), access);
  });
  return spaces.global | spaces.shared | spaces.peer;
}

bool is_shared(const Warp& warp, const std::byte* place) {
  const auto holds = [place](const Cta& cta) {
    return place >= cta.shared && place < cta.shared + cta.shared_bytes;
  };
  if (holds(*warp.cta) || !warp.cta->cluster) return holds(*warp.cta);
  const auto& blocks = warp.cta->cluster->blocks;
  return std::any_of(blocks.begin(), blocks.end(), [&](const Cta* b) { return b && holds(*b); });
}

void count_spin(Warp& warp) {
  ++warp.spins;
  warp.fuel -= kSpinCost;
}

}  // namespace ptxvm
