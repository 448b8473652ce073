#include "reference/ptxvm/cluster.h"

#include <bit>
#include <cstring>
#include <string>

#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/resolve.h"
#include "reference/ptxvm/schedule.h"

namespace ptxvm {
namespace {

Cluster::Lanes& lanes_of(Cluster& cluster, const Warp& warp) {
  return cluster.lanes[warp.cta->rank * cluster.warps + warp.index];
}

template <class F>
void each(uint32_t mask, F f) {
  for (; mask; mask &= mask - 1) f(uint32_t(std::countr_zero(mask)));
}

/// Register element e of ld and st.
uint32_t element(const Op* op, uint32_t scalar, uint32_t e) {
  return op->count > 1 ? op->more[e] : scalar;
}

template <uint32_t bytes, bool sign_extend>
const Op* load(Warp& warp, const Op* op) {
  count_spin(warp);
  load_cluster(warp, op, bytes, sign_extend);
  return op + 1;
}
template <uint32_t bytes>
const Op* store(Warp& warp, const Op* op) {
  store_cluster(warp, op, bytes);
  return op + 1;
}

}  // namespace

Cluster::Cluster(uint32_t ranks, uint32_t warps_, uint32_t threads)
    : blocks(ranks), warps(warps_), lanes(size_t{ranks} * warps_), living(threads) {}

void Cluster::complete() {
  phase ^= 1;
  arrived = 0;
  for (Lanes& l : lanes) l.arrived = 0;
}

Cluster& cluster_of(Cta& cta) {
  if (!cta.cluster) {
    cta.cluster = std::make_shared<Cluster>(1, uint32_t(cta.warps.size()), cta.living);
    cta.cluster->blocks[0] = &cta;
  }
  return *cta.cluster;
}

void cluster_arrive(Warp& warp, const Op* op) {
  Cluster& cluster = cluster_of(*warp.cta);
  Cluster::Lanes& l = lanes_of(cluster, warp);
  if (l.due & warp.mask)
    raise(warp, op, TrapKind::barrier_misuse, std::countr_zero(l.due & warp.mask),
          "a thread arrives at the cluster's barrier again before it waited");
  l.arrived |= warp.mask;
  l.due |= warp.mask;
  l.parity = cluster.phase ? l.parity | warp.mask : l.parity & ~warp.mask;
  cluster.arrived += uint32_t(std::popcount(warp.mask));
  if (cluster.arrived >= cluster.living) cluster.complete();
}

const Op* cluster_wait(Warp& warp, const Op* op) {
  Cluster& cluster = cluster_of(*warp.cta);
  Cluster::Lanes& l = lanes_of(cluster, warp);
  if (const uint32_t early = warp.mask & ~l.due)
    raise(warp, op, TrapKind::barrier_misuse, std::countr_zero(early),
          "a thread waits at the cluster's barrier that has not arrived there");
  const uint32_t passed = warp.mask & (cluster.phase ? ~l.parity : l.parity);
  l.due &= ~passed;
  if (passed == warp.mask) return op + 1;
  if (passed) set_aside(warp, op + 1, warp.level, passed);
  warp.mask &= ~passed;
  warp.spins += uint32_t(kFuel / kSpinCost);
  return out_of_fuel(warp, op);
}

void cluster_exit(Warp& warp, uint32_t leaving) {
  Cta& cta = *warp.cta;
  if (!cta.cluster) return;
  Cluster& cluster = *cta.cluster;
  Cluster::Lanes& l = lanes_of(cluster, warp);
  cluster.arrived -= uint32_t(std::popcount(l.arrived & leaving));
  cluster.living -= uint32_t(std::popcount(leaving));
  l.arrived &= ~leaving;
  l.due &= ~leaving;
  if (cluster.arrived && cluster.arrived >= cluster.living) cluster.complete();
  if (cta.living == 0) cluster.blocks[cta.rank] = nullptr;
}

uint64_t block_number(const Grid& grid, uint64_t number, uint32_t rank) {
  const Dim3 &size = grid.cluster, &all = grid.grid;
  const uint64_t wide = all.x / size.x, high = all.y / size.y;
  const uint64_t x = number % wide * size.x + rank % size.x;
  const uint64_t y = number / wide % high * size.y + rank / size.x % size.y;
  const uint64_t z = number / wide / high * size.z + rank / size.x / size.y;
  return x + all.x * (y + all.y * z);
}

uint32_t cluster_rank(const Grid& grid, const Dim3& id) {
  const Dim3& size = grid.cluster;
  return id.x % size.x + size.x * (id.y % size.y + size.y * (id.z % size.z));
}

Cta& cluster_block(Warp& warp, const Op* op, int lane, uint64_t address) {
  const uint32_t peer = uint32_t(address) >> kPeerShift;
  if (peer == 0) return *warp.cta;
  Cluster& cluster = cluster_of(*warp.cta);
  if (peer > cluster.blocks.size())
    raise(warp, op, TrapKind::out_of_bounds, lane,
          ("the address names block " + std::to_string(peer - 1) + " of a cluster of " +
           std::to_string(cluster.blocks.size()))
              .c_str());
  Cta* const block = cluster.blocks[peer - 1];
  if (!block)
    raise(warp, op, TrapKind::use_after_free, lane,
          ("the shared memory of block " + std::to_string(peer - 1) +
           " of the cluster, which has ended")
              .c_str());
  return *block;
}

std::byte* cluster_place(Warp& warp, const Op* op, int lane, uint64_t address,
                         MemoryAccess access) {
  Cta& block = cluster_block(warp, op, lane, address);
  const uint32_t offset = uint32_t(address) & ((1u << kPeerShift) - 1);
  if (offset % access.bytes)
    raise(warp, op, TrapKind::misaligned, lane,
          ("shared address " + std::to_string(offset) + " of a block of the cluster, for " +
           std::to_string(access.bytes) + " bytes")
              .c_str());
  if (uint64_t{offset} + access.bytes > block.shared_bytes)
    raise(warp, op, TrapKind::out_of_bounds, lane,
          ("shared address " + std::to_string(offset) + " of a block of the cluster, which has " +
           std::to_string(block.shared_bytes) + " bytes")
              .c_str());
  return block.shared + offset;
}

void load_cluster(Warp& warp, const Op* op, uint32_t bytes, bool sign_extend) {
  uint64_t values[kLanes][8];
  const uint32_t count = op->count;
  each(warp.mask, [&](uint32_t lane) {
    const std::byte* at = cluster_place(warp, op, int(lane), lane_address(warp, op, lane),
                                        {bytes * count, true, false});
    for (uint32_t e = 0; e < count; ++e) {
      uint64_t& value = values[lane][e] = 0;
      std::memcpy(&value, at + e * bytes, bytes);
      const uint32_t shift = 64 - 8 * bytes;
      if (sign_extend) value = uint64_t(int64_t(value << shift) >> shift);
    }
  });
  for (uint32_t e = 0; e < count; ++e) {
    const uint32_t operand = element(op, op->dst, e);
    if (operand == kNoOperand) continue;
    each(warp.mask, [&](uint32_t lane) {
      if (bytes == 8)
        lanes<uint64_t>(warp, operand)[lane] = values[lane][e];
      else
        lanes<uint32_t>(warp, operand)[lane] = uint32_t(values[lane][e]);
    });
  }
}

void store_cluster(Warp& warp, const Op* op, uint32_t bytes) {
  const uint32_t count = op->count;
  each(warp.mask, [&](uint32_t lane) {
    std::byte* at = cluster_place(warp, op, int(lane), lane_address(warp, op, lane),
                                  {bytes * count, false, true});
    for (uint32_t e = 0; e < count; ++e) {
      const uint32_t operand = element(op, op->b, e);
      const uint64_t value =
          bytes == 8 ? lanes<uint64_t>(warp, operand)[lane] : lanes<uint32_t>(warp, operand)[lane];
      std::memcpy(at + e * bytes, &value, bytes);
    }
  });
}

Selected select_cluster_load(const ptx::Instruction& in) {
  if (in.space() != ptx::Space::shared_cluster) return {};
  const bool is_signed = in.type() == ptx::Type::s8 || in.type() == ptx::Type::s16;
  switch (ptx::bytes_of(in.type())) {
    case 1:
      return {is_signed ? load<1, true> : load<1, false>};
    case 2:
      return {is_signed ? load<2, true> : load<2, false>};
    case 4:
      return {load<4, false>};
    case 8:
    case 16:
      return {load<8, false>};
    default:
      return {};
  }
}

Selected select_cluster_store(const ptx::Instruction& in) {
  if (in.space() != ptx::Space::shared_cluster) return {};
  switch (ptx::bytes_of(in.type())) {
    case 1:
      return {store<1>};
    case 2:
      return {store<2>};
    case 4:
      return {store<4>};
    case 8:
    case 16:
      return {store<8>};
    default:
      return {};
  }
}

}  // namespace ptxvm
