// bar and barrier: block barriers, and bar.warp.sync.
#include "reference/ptxvm/barrier.h"

#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/ops/simd.h"

namespace ptxvm::PTXVM_ISA {
namespace {

uint32_t first_lane(Warp& warp, uint32_t operand) {
  return operand == kNoOperand ? 0 : lanes<uint32_t>(warp, operand)[__builtin_ctz(warp.mask)];
}

const Op* run_sync(Warp& warp, const Op* op) {
  return barrier(warp, op, first_lane(warp, op->a), first_lane(warp, op->b), 0, true);
}
const Op* run_arrive(Warp& warp, const Op* op) {
  return barrier(warp, op, first_lane(warp, op->a), first_lane(warp, op->b), 0, false);
}

/// d, barrier, predicate
const Op* run_red(Warp& warp, const Op* op) {
  return barrier(warp, op, first_lane(warp, op->a), 0, predicate(warp, op->b), true);
}
/// d, barrier, count, predicate
const Op* run_red_counted(Warp& warp, const Op* op) {
  return barrier(warp, op, first_lane(warp, op->a), first_lane(warp, op->b), predicate(warp, op->c),
                 true);
}

const Op* run_warp_sync(Warp& warp, const Op* op) {
  return converge(warp, op, first_lane(warp, op->a)) ? op + 1 : nullptr;
}

Selected select_reduction(const ptx::Instruction& in) {
  const BarrierVote vote = in.has("popc")  ? BarrierVote::popc
                           : in.has("and") ? BarrierVote::all
                                           : BarrierVote::any;
  const Handler handler = in.operands.size() > 3 ? run_red_counted : run_red;
  return {.handler = handler, .imm = int64_t(vote)};
}

}  // namespace

Selected select_bar(const ptx::Instruction& in) {
  if (in.has("warp")) return {run_warp_sync};
  if (in.has("cluster")) return select_cluster_barrier(in);
  if (in.has("red")) return select_reduction(in);
  return {in.has("arrive") ? run_arrive : run_sync};
}
Selected select_barrier(const ptx::Instruction& in) { return select_bar(in); }

}  // namespace ptxvm::PTXVM_ISA
