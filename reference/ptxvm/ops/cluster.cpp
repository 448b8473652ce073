// Clusters: barrier.cluster, mapa, getctarank, and setmaxnreg. PTX ISA 9.0, sections 9.7.9.26,
// 9.7.9.27, 9.7.13.4, 9.7.20.5.
#include "reference/ptxvm/cluster.h"

#include "reference/ptxvm/cta.h"
#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/ops/simd.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Space;

const Op* arrive(Warp& w, const Op* op) {
  cluster_arrive(w, op);
  return op + 1;
}
const Op* wait(Warp& w, const Op* op) { return cluster_wait(w, op); }

template <class T>
const Op* map_address(Warp& w, const Op* op) {
  const auto* from = lanes<T>(w, op->a);
  const auto* rank = lanes<uint32_t>(w, op->b);
  auto* to = lanes<T>(w, op->dst);
  const uint32_t ranks = uint32_t(cluster_of(*w.cta).blocks.size());
  each_lane(w.mask, [&](int lane) {
    if (rank[lane] >= ranks)
      raise(w, op, TrapKind::out_of_bounds, lane, "mapa to a block that the cluster does not have");
    const T offset = from[lane] & T((1u << kPeerShift) - 1);
    const T window = from[lane] & ~T{0xffffffff};
    to[lane] = window | T(rank[lane] + 1) << kPeerShift | offset;
  });
  return op + 1;
}

template <class T>
const Op* rank_of(Warp& w, const Op* op) {
  const auto* from = lanes<T>(w, op->a);
  uint32_t rank[kLanes];
  each_lane(w.mask, [&](int lane) { rank[lane] = cluster_block(w, op, lane, from[lane]).rank; });
  each_lane(w.mask, [&](int lane) { lanes<uint32_t>(w, op->dst)[lane] = rank[lane]; });
  return op + 1;
}

/// More registers change nothing here.
const Op* run_nothing(Warp&, const Op* op) { return op + 1; }

bool is_shared_address(const ptx::Instruction& in) {
  return in.space() == Space::generic || in.space() == Space::shared_cluster ||
         in.space() == Space::shared;
}

}  // namespace

Selected select_cluster_barrier(const ptx::Instruction& in) {
  if (in.has("arrive")) return {arrive};
  return in.has("wait") ? Selected{wait} : Selected{};
}

Selected select_mapa(const ptx::Instruction& in) {
  if (!is_shared_address(in)) return {};
  return ptx::bytes_of(in.type()) == 8 ? Selected{map_address<uint64_t>}
                                       : Selected{map_address<uint32_t>};
}
Selected select_getctarank(const ptx::Instruction& in) {
  if (!is_shared_address(in)) return {};
  return ptx::bytes_of(in.type()) == 8 ? Selected{rank_of<uint64_t>} : Selected{rank_of<uint32_t>};
}

Selected select_setmaxnreg(const ptx::Instruction& in) {
  if (!in.has("inc") && !in.has("dec")) return {};
  const ptx::Operand& count = in.operands[0];
  const bool valid = count.kind == ptx::Operand::Kind::integer && count.bits >= 24 &&
                     count.bits <= 256 && count.bits % 8 == 0;
  return valid ? Selected{run_nothing} : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
