// cp.async.bulk, cp.reduce.async.bulk and their groups, a lane at a time. bulk_copy.h says when the
// bytes arrive. Operands: destination, source, size, mbarrier; then what goes with modifiers.
#include "reference/ptxvm/bulk_copy.h"

#include "reference/ptxvm/ops/bulk.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {
namespace {

BulkRequest request(Warp& w, const Op* op, uint32_t addresses, int lane) {
  BulkRequest copy;
  copy.to = bulk_address(w, op, op->a, 0, addresses, lane);
  copy.from = bulk_address(w, op, op->b, 1, addresses, lane);
  copy.bytes = lanes<uint32_t>(w, op->c)[lane];
  if (addresses == 3) copy.barrier = bulk_address(w, op, op->d, 2, addresses, lane);
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

/// The mask is the last operand, behind a cache policy if there is one.
template <bool has_policy>
const Op* to_global_masked(Warp& w, const Op* op) {
  each_lane(w.mask, [&](int lane) {
    BulkRequest copy = request(w, op, 2, lane);
    copy.mask = lanes<uint32_t>(w, has_policy ? op->more[0] : op->d)[lane] & 0xffff;
    bulk_to_global(w, op, lane, copy);
  });
  return op + 1;
}

const Op* prefetch(Warp& w, const Op* op) {
  each_lane(w.mask, [&](int lane) {
    BulkRequest copy;
    copy.from = bulk_address(w, op, op->a, 0, 1, lane);
    copy.bytes = lanes<uint32_t>(w, op->b)[lane];
    bulk_prefetch(w, op, lane, copy);
  });
  return op + 1;
}

BulkReduction reduction_of(const ptx::Instruction& in) {
  return bulk_reduction(reduction_word(in), in.type(), true);
}
/// Shared memory is combined with integers only.
bool combines_shared(const ptx::Instruction& in) {
  const ptx::Type type = in.type();
  return type == ptx::Type::u32 || type == ptx::Type::s32 || type == ptx::Type::b32 ||
         (type == ptx::Type::u64 && in.has("add"));
}

/// Op::imm holds a displacement, so the reduction is looked up each time.
const Op* reduce_to_shared(Warp& w, const Op* op) {
  const BulkReduction reduction = reduction_of(instruction_of(w, op));
  each_lane(w.mask, [&](int lane) {
    BulkRequest copy = request(w, op, 3, lane);
    copy.reduction = reduction;
    bulk_to_shared(w, op, lane, copy, false);
  });
  return op + 1;
}
const Op* reduce_to_global(Warp& w, const Op* op) {
  const BulkReduction reduction = reduction_of(instruction_of(w, op));
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
  if (in.has("ignore_oob")) return {};
  if (in.has("tensor")) return select_tensor_copy(in);
  if (in.has("commit_group") || in.has("wait_group")) return {run_nothing};
  if (in.has("prefetch")) return {prefetch};
  const bool counted = in.has("mbarrier::complete_tx::bytes"),
             has_policy = in.has("L2::cache_hint"), reduces = in.has("reduce"),
             multicast = in.has("multicast::cluster");
  if (!counted && !in.has("bulk_group")) return {};
  if (in.has("cp_mask") && (counted || reduces)) return {};
  if (multicast && (!counted || reduces || !in.has("global"))) return {};
  if (in.operands.size() < 3u + counted + has_policy + in.has("cp_mask")) return {};
  if (reduces) {
    if (!reduction_of(in) || (counted && !combines_shared(in))) return {};
    return {counted ? reduce_to_shared : reduce_to_global};
  }
  if (!counted) {
    if (in.has("cp_mask")) return {has_policy ? to_global_masked<true> : to_global_masked<false>};
    return {to_global};
  }
  if (!in.has("global")) return {to_shared<false, false>};
  return {multicast ? to_shared<true, true> : to_shared<true, false>};
}

}  // namespace ptxvm::PTXVM_ISA
