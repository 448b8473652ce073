// Special registers that change while a thread runs, and hints about the memory system, which have
// no effect here.
#include "reference/ptxvm/ops/access.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {
namespace {

constexpr uint64_t kTick = 64;  // a clock advances by this much each time the block reads it:
                                // programs that wait for it go on

template <class T>
const Op* run_clock(Warp& warp, const Op* op) {
  const uint64_t now = warp.cta->clock += kTick;
  auto* dst = lanes<T>(warp, op->dst);
  each_lane(warp.mask, [&](int lane) { dst[lane] = T(now); });
  return op + 1;
}

const Op* run_clock_high(Warp& warp, const Op* op) {
  const uint64_t now = warp.cta->clock += kTick;
  auto* dst = lanes<uint32_t>(warp, op->dst);
  each_lane(warp.mask, [&](int lane) { dst[lane] = uint32_t(now >> 32); });
  return op + 1;
}

const Op* run_nothing(Warp&, const Op* op) { return op + 1; }

const Op* run_policy(Warp& warp, const Op* op) {
  auto* dst = lanes<uint64_t>(warp, op->dst);
  each_lane(warp.mask, [&](int lane) { dst[lane] = 0; });
  return op + 1;
}

}  // namespace

Selected select_mov_dynamic(const ptx::Instruction& in) {
  if (in.operands.size() != 2) return {};
  const std::string& name = in.operands[1].text;
  if (name == "%clock" || name == "%globaltimer_lo") return {run_clock<uint32_t>};
  if (name == "%clock64" || name == "%globaltimer") return {run_clock<uint64_t>};
  if (name == "%clock_hi" || name == "%globaltimer_hi") return {run_clock_high};
  return {};
}

Selected select_prefetch(const ptx::Instruction&) { return {run_nothing}; }
Selected select_prefetchu(const ptx::Instruction&) { return {run_nothing}; }
Selected select_applypriority(const ptx::Instruction&) { return {run_nothing}; }
Selected select_discard(const ptx::Instruction&) { return {run_nothing}; }
Selected select_createpolicy(const ptx::Instruction&) { return {run_policy}; }

}  // namespace ptxvm::PTXVM_ISA
