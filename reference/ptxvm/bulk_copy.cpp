#include "reference/ptxvm/bulk_copy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "reference/ptxvm/check/bulk.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/mbarrier.h"
#include "reference/ptxvm/text.h"
#include "reference/ptxvm/where.h"

namespace ptxvm {
namespace {

constexpr uint32_t kGrain = 16;

void check_size(Warp& warp, const Op* op, int lane, uint32_t bytes) {
  if (bytes % kGrain)
    raise(warp, op, TrapKind::misaligned, lane,
          ("a bulk copy of " + std::to_string(bytes) + " bytes: not a multiple of 16").c_str());
}

std::byte* in_global(Warp& warp, const Op* op, int lane, uint64_t address, uint32_t bytes,
                     MemoryAccess access) {
  if (address % kGrain)
    raise(warp, op, TrapKind::misaligned, lane,
          "the global address of a bulk copy is not a multiple of 16");
  check_global(warp, op, lane, "bulk copy", address, bytes);
  Site& site = warp.sites[op->site];
  const uint64_t first = address / kSectorBytes, last = (address + bytes - 1) / kSectorBytes;
  ++site.global.requests;
  site.global.units += last - first + 1;
  for (uint64_t sector = first; sector <= last; sector += 8)
    mark_range(*warp.worker, sector, std::min(sector + 7, last), access);
  return warp.worker->memory.host_bias + address;
}

std::byte* in_shared(Warp& warp, const Op* op, int lane, uint64_t address, uint32_t bytes) {
  cluster_place(warp, op, lane, address + bytes - kGrain, {kGrain, true, true});
  return cluster_place(warp, op, lane, address, {kGrain, true, true});
}

/// The same place in another block of the cluster.
uint64_t in_block(uint64_t address, uint32_t rank) {
  constexpr uint64_t kOffset = (uint64_t{1} << kPeerShift) - 1;
  return (address & ~uint64_t{0xffffffff}) | uint64_t{rank + 1} << kPeerShift | (address & kOffset);
}

void note_shared_source(Warp& warp, const Op* op, int lane, uint64_t address,
                        const std::byte* source, uint32_t bytes) {
  Cta& owner = cluster_block(warp, op, lane, address);
  bulk_reads_shared(warp, op, lane, owner, uint32_t(source - owner.shared), bytes);
}

/// .cp_mask: bit i stands for byte i of every 16.
void write_masked(Warp& warp, const BulkRequest& copy, std::byte* to, const std::byte* from) {
  for (uint32_t i = 0; i < copy.bytes; ++i) {
    if (!(copy.mask >> i % kGrain & 1)) continue;
    to[i] = from[i];
    warp.cta->grid.memory->set_written(copy.to + i, 1, true);
  }
}

}  // namespace

void check_global(Warp& warp, const Op* op, int lane, const char* what, uint64_t address,
                  uint32_t bytes) {
  const Memory& memory = *warp.cta->grid.memory;
  if (memory.find(address, bytes)) return;
  const uint64_t bad = memory.find(address) ? address + bytes - 1 : address;
  raise(warp, op, outside(memory, bad), lane,
        std::string(what) + " of " + std::to_string(bytes) + " bytes at " + hex(address),
        {"global", bad});
}

void perform_bulk(bool alone, std::byte* to, const std::byte* from, size_t bytes,
                  BulkReduction reduction) {
  if (reduction)
    reduction(alone, to, from, bytes);
  else
    std::memcpy(to, from, bytes);
}

void BulkCopies::settle(Warp& warp, const Op* op, int lane, uint32_t offset) {
  if (pending_.empty()) return;
  std::erase_if(pending_, [&](const BulkCopy& copy) {
    if (copy.barrier != offset) return false;
    const std::byte* from = copy.data.data();
    for (const BulkPiece& piece : copy.pieces) {
      perform_bulk(true, copy.to + piece.at, from, piece.bytes, copy.reduction);
      from += piece.bytes;
    }
    mbarrier_transact(warp, op, lane, warp.cta->shared + offset, -int64_t{copy.transactions});
    return true;
  });
  bulk_arrived(*warp.cta, offset);
}

void count_shared_bytes(Warp& warp, const Op* op, uint64_t bytes) {
  constexpr uint64_t kPass = 128;  // 32 banks of 4 bytes
  Site& site = warp.sites[op->site];
  ++site.shared.requests;
  site.shared.units += (bytes + kPass - 1) / kPass;
  site.shared.ideal += (bytes + kPass - 1) / kPass;
  site.bulk_bytes += bytes;
}

void arrive_in_shared(Warp& warp, const Op* op, int lane, const BulkArrival& arrival,
                      const std::vector<std::byte>& data, const std::vector<BulkPiece>& pieces) {
  uint32_t extent = 0;
  for (const BulkPiece& piece : pieces) extent = std::max(extent, piece.at + piece.bytes);
  const auto arrive = [&](uint64_t to, uint64_t barrier) {
    std::byte* const target = in_shared(warp, op, lane, to, extent);
    const std::byte* object = cluster_place(warp, op, lane, barrier, {8, true, true});
    Cta& block = cluster_block(warp, op, lane, barrier);
    if (&block == &cluster_block(warp, op, lane, to)) {
      uint32_t from = 0;
      for (const BulkPiece& piece : pieces) {
        bulk_begins(warp, op, lane, block, uint32_t(object - block.shared),
                    uint32_t(target - block.shared) + piece.at, piece.bytes, from,
                    arrival.reduction != nullptr);
        from += piece.bytes;
      }
    }
    block.bulk.begin({target, data, pieces, arrival.reduction, uint32_t(object - block.shared),
                      arrival.transactions});
    count_shared_bytes(warp, op, data.size());
  };
  if (!arrival.blocks) arrive(arrival.to, arrival.barrier);
  for (uint32_t m = arrival.blocks; m; m &= m - 1) {
    const auto rank = uint32_t(std::countr_zero(m));
    arrive(in_block(arrival.to, rank), in_block(arrival.barrier, rank));
  }
  bulk_begun(warp);
}

void bulk_to_shared(Warp& warp, const Op* op, int lane, const BulkRequest& copy, bool from_global) {
  check_size(warp, op, lane, copy.bytes);
  if (!copy.bytes) return;
  const std::byte* source =
      from_global ? in_global(warp, op, lane, copy.from, copy.bytes, {kGrain, true, false})
                  : in_shared(warp, op, lane, copy.from, copy.bytes);
  if (from_global)
    bulk_reads_global(warp, op, lane, copy.from, copy.bytes);
  else
    note_shared_source(warp, op, lane, copy.from, source, copy.bytes);
  arrive_in_shared(warp, op, lane, {copy.to, copy.barrier, copy.blocks, copy.reduction, copy.bytes},
                   {source, source + copy.bytes}, {{0, copy.bytes}});
}

void bulk_to_global(Warp& warp, const Op* op, int lane, const BulkRequest& copy) {
  check_size(warp, op, lane, copy.bytes);
  if (!copy.bytes) return;
  const std::byte* source = in_shared(warp, op, lane, copy.from, copy.bytes);
  const MemoryAccess access{kGrain, copy.reduction != nullptr, true};
  std::byte* const target = in_global(warp, op, lane, copy.to, copy.bytes, access);
  count_shared_bytes(warp, op, copy.bytes);
  note_shared_source(warp, op, lane, copy.from, source, copy.bytes);
  if (copy.mask != 0xffff) {
    write_masked(warp, copy, target, source);
    return bulk_begun(warp);
  }
  perform_bulk(warp.worker->alone, target, source, copy.bytes, copy.reduction);
  bulk_writes_global(warp, op, lane, copy.to, copy.bytes, copy.reduction != nullptr);
}

void bulk_prefetch(Warp& warp, const Op* op, int lane, const BulkRequest& copy) {
  check_size(warp, op, lane, copy.bytes);
  if (copy.bytes) check_global(warp, op, lane, "bulk copy", copy.from, copy.bytes);
}

}  // namespace ptxvm
