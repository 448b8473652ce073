#include "reference/ptxvm/fragment_access.h"

#include <algorithm>
#include <bit>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/check/state.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/pattern.h"
#include "reference/ptxvm/text.h"

namespace ptxvm {
namespace {

constexpr uint64_t kPieceBytes = 16;

/// Raises the trap that a byte access to `address` would, if it would.
void probe(Warp& warp, const Op* op, uint64_t address, bool shared, bool writes) {
  Op byte = *op;
  byte.a = kNoOperand;
  byte.imm = int64_t(address);
  Site site;
  const MemoryAccess access{1, !writes, writes};
  shared ? learn_shared(warp, &byte, site, access, 0) : learn_global(warp, &byte, site, access);
}

void check(Warp& warp, const Op* op, Site& site, uint64_t first, const Runs& runs, bool shared,
           bool writes) {
  if (first % runs.alignment || runs.pitch % runs.alignment)
    raise(warp, op, TrapKind::misaligned, -1,
          ("a matrix at " + hex(first) + " with " + std::to_string(runs.pitch) +
           " bytes between its rows or columns: both must be multiples of " +
           std::to_string(runs.alignment))
              .c_str());
  const uint64_t extent = (runs.count - 1) * runs.pitch + runs.bytes;
  if (first >= site.begin && first < site.end && extent <= site.end - first) return;
  if (shared) {
    site.begin = 0;
    site.end = warp.cta->shared_bytes;
  } else if (const auto* allocation = warp.cta->grid.memory->find(first, extent)) {
    site.begin = allocation->address;
    site.end = allocation->address + allocation->size;
    return;
  }
  for (uint64_t i = 0; i < runs.count; ++i) {
    probe(warp, op, first + i * runs.pitch, shared, writes);
    probe(warp, op, first + i * runs.pitch + runs.bytes - 1, shared, writes);
  }
}

void count_global(Warp& warp, Site& site, uint64_t first, const Runs& runs, bool writes) {
  uint64_t previous = 0;
  for (uint64_t i = 0; i < runs.count; ++i) {
    const uint64_t begin = (first + i * runs.pitch) / kSectorBytes,
                   end = (first + i * runs.pitch + runs.bytes - 1) / kSectorBytes;
    site.global.units += end - begin + (begin != previous);
    mark_range(*warp.worker, begin, end, {uint32_t(runs.bytes), !writes, writes});
    previous = end;
  }
}

/// Passes over the banks depend on the pitch only.
void learn_wavefronts(Site& site, const Runs& runs) {
  const uint64_t per_run = (runs.bytes + kPieceBytes - 1) / kPieceBytes,
                 pieces = per_run * runs.count;
  uint32_t units = 0, ideal = 0;
  for (uint64_t piece = 0; piece < pieces;) {
    Site request;
    for (int lane = 0; lane < kLanes && piece < pieces; ++lane, ++piece) {
      request.mask |= 1u << lane;
      request.relative[lane] =
          int64_t(piece / per_run * runs.pitch + piece % per_run * kPieceBytes);
    }
    request.first = request.relative[0];
    units += count_wavefronts(request, 0, kPieceBytes);
    ideal += request.ideal;
  }
  site.units[0] = uint8_t(units);
  site.ideal = uint8_t(ideal);
  site.span = runs.pitch;
}

}  // namespace

FragmentForm fragment_form(Warp& warp, const Op* op) {
  Site& site = warp.sites[op->site];
  if (site.mask == 0) {
    FragmentForm form;
    wmma_fragment_form(*warp.level->code->instructions[op->instruction], form);
    site.relative[0] = std::bit_cast<int64_t>(form);
    site.mask = kFullMask;
  }
  return std::bit_cast<FragmentForm>(site.relative[0]);
}

std::byte* locate_runs(Warp& warp, const Op* op, ptx::Space space, const Runs& runs, bool writes) {
  Site& site = warp.sites[op->site];
  uint64_t first = lane_address(warp, op, 0);
  bool shared = space == ptx::Space::shared;
  if (space == ptx::Space::generic && in_window(first, kSharedWindow)) {
    shared = true;
    first -= kSharedWindow;
  }
  check(warp, op, site, first, runs, shared, writes);
  if (warp.cta->checks)
    check_rows(warp, op, shared, first, runs.count, runs.bytes, runs.pitch, writes);
  const uint64_t requests = std::max<uint64_t>(1, runs.count * runs.bytes / (kPieceBytes * kLanes));
  if (!shared) {
    site.global.requests += requests;
    count_global(warp, site, first, runs, writes);
    return warp.worker->memory.host_bias + first;
  }
  if (site.units[0] == 0 || site.span != runs.pitch) learn_wavefronts(site, runs);
  site.shared.requests += requests;
  site.shared.units += site.units[0];
  site.shared.ideal += site.ideal;
  return warp.cta->shared + first;
}

}  // namespace ptxvm
