// cp.async.bulk, cp.reduce.async.bulk and their groups, a lane at a time. bulk_copy.h says when the
// bytes arrive. Operands: destination, source, size, mbarrier; then what goes with modifiers.
#include "reference/ptxvm/bulk_copy.h"

#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/ops/simd.h"

namespace ptxvm::PTXVM_ISA {
namespace {

/// Address number k of the instruction's `count`, its base in register `base`.
uint64_t address(Warp& w, const Op* op, uint32_t base, uint32_t k, uint32_t count, int lane) {
  uint64_t offset = uint64_t(op->imm);
  if (k) {
    const uint32_t* at = op->more + op->count - 2 * (count - k);
    offset = at[0] | uint64_t{at[1]} << 32;
  }
  if (base == kNoOperand) return offset;
  const bool narrow = op->narrow_address >> k & 1;
  return offset + (narrow ? lanes<uint32_t>(w, base)[lane] : lanes<uint64_t>(w, base)[lane]);
}

BulkRequest request(Warp& w, const Op* op, uint32_t addresses, int lane) {
  BulkRequest copy;
  copy.to = address(w, op, op->a, 0, addresses, lane);
  copy.from = address(w, op, op->b, 1, addresses, lane);
  copy.bytes = lanes<uint32_t>(w, op->c)[lane];
  if (addresses == 3) copy.barrier = address(w, op, op->d, 2, addresses, lane);
  return copy;
}

template <bool from_global, bool multicast>
const Op* to_shared(Warp& w, const Op* op) {
  each_lane(w.mask, [&](int lane) {
    BulkRequest copy = request(w, op, 3, lane);
    if constexpr (multicast) {
      copy.blocks = lanes<uint32_t>(w, op->more[0])[lane] & 0xffff;
      if (!copy.blocks) return;
    }
    bulk_to_shared(w, op, lane, copy, from_global);
  });
  return op + 1;
}

const Op* to_global(Warp& w, const Op* op) {
  each_lane(w.mask, [&](int lane) { bulk_to_global(w, op, lane, request(w, op, 2, lane)); });
  return op + 1;
}

const Op* prefetch(Warp& w, const Op* op) {
  each_lane(w.mask, [&](int lane) {
    BulkRequest copy;
    copy.from = address(w, op, op->a, 0, 1, lane);
    copy.bytes = lanes<uint32_t>(w, op->b)[lane];
    bulk_prefetch(w, op, lane, copy);
  });
  return op + 1;
}

/// Op::imm holds a displacement, so the reduction is looked up each time.
const Op* reduce_to_shared(Warp& w, const Op* op) {
  const BulkReduction reduction = bulk_reduction(*w.level->code->instructions[op->instruction]);
  each_lane(w.mask, [&](int lane) {
    BulkRequest copy = request(w, op, 3, lane);
    copy.reduction = reduction;
    bulk_to_shared(w, op, lane, copy, false);
  });
  return op + 1;
}
const Op* reduce_to_global(Warp& w, const Op* op) {
  const BulkReduction reduction = bulk_reduction(*w.level->code->instructions[op->instruction]);
  each_lane(w.mask, [&](int lane) {
    BulkRequest copy = request(w, op, 2, lane);
    copy.reduction = reduction;
    bulk_to_global(w, op, lane, copy);
  });
  return op + 1;
}

const Op* run_nothing(Warp&, const Op* op) { return op + 1; }

}  // namespace

Selected select_bulk(const ptx::Instruction& in) {
  if (in.has("tensor") || in.has("cp_mask") || in.has("ignore_oob")) return {};
  if (in.has("commit_group") || in.has("wait_group")) return {run_nothing};
  if (in.has("prefetch")) return {prefetch};
  const bool counted = in.has("mbarrier::complete_tx::bytes"), reduces = in.has("reduce");
  if (in.operands.size() < (counted ? 4u : 3u)) return {};
  if (reduces) {
    if (!bulk_reduction(in)) return {};
    return {counted ? reduce_to_shared : reduce_to_global};
  }
  if (!counted) return in.has("bulk_group") ? Selected{to_global} : Selected{};
  if (!in.has("global")) return {to_shared<false, false>};
  return {in.has("multicast::cluster") ? to_shared<true, true> : to_shared<true, false>};
}

}  // namespace ptxvm::PTXVM_ISA
