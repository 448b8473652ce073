// cp.async: 4, 8 or 16 bytes a lane from global to shared memory, groups, waits. PTX ISA 9.0,
// section 9.7.9.25.3. async_copy.h says when the bytes arrive.
#include "reference/ptxvm/async_copy.h"

#include "reference/ptxvm/bulk_copy.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/ops/access.h"
#include "reference/ptxvm/ops/mbarrier.h"
#include "reference/ptxvm/ops/select.h"

namespace ptxvm::PTXVM_ISA {
namespace {

/// The op with its second address in the first one's fields.
Op second_address(const Op* op) {
  Op other = *op;
  const uint32_t* displacement = op->more + op->count - 2;
  other.a = op->b;
  other.imm = int64_t(displacement[0] | uint64_t{displacement[1]} << 32);
  other.narrow_address = op->narrow_address >> 1 & 1;
  return other;
}

/// Bytes that a lane reads; the rest of its destination becomes zero.
template <uint32_t bytes>
uint32_t source_bytes(Warp& w, const Op* op, int lane) {
  if (op->narrow_address & kPredicateSource) return predicate(w, op->d) >> lane & 1 ? 0 : bytes;
  const uint32_t size = lanes<uint32_t>(w, op->d)[lane];
  if (size > bytes)
    raise(w, op, TrapKind::illegal_instruction, lane, "cp.async reads more bytes than it copies");
  return size;
}

/// A lane that reads less than it copies, and so may end where its allocation ends.
template <uint32_t bytes>
void read_part(Warp& w, const Op* from, Site& site, int lane, uint32_t size, std::byte* data) {
  w.mask = 1u << lane;
  const uint64_t address = lane_address(w, from, uint32_t(lane));
  if (address % bytes)
    raise(w, from, TrapKind::misaligned, lane,
          "the source of cp.async is not a multiple of its size");
  const std::byte* p = locate_global<1, true, false>(w, from, site);
  check_global(w, from, lane, "global load", address, size);
  std::memcpy(data, p, size);
}

template <uint32_t bytes, bool sized>
const Op* begin_copy(Warp& w, const Op* op) {
  const uint32_t all = w.mask;
  Op to = *op;
  to.narrow_address &= 1;
  const Op from = second_address(op);
  Site &here = w.sites[op->site], &there = w.sites[op->site + 1];
  const std::byte* destination = locate_shared<bytes, false, true>(w, &to, there, 0);
  here.shared = there.shared;  // counters look at the first site only
  AsyncCopy& copy = w.cta->async.next(w);
  copy.bytes = bytes;
  const auto first = uint32_t(destination - w.cta->shared);
  for (int l = 0; l < kLanes; ++l) copy.to[l] = first + uint32_t(there.relative[l]);
  uint32_t whole = all;
  if constexpr (sized) {
    whole = 0;
    uint64_t requests = 0;
    each_lane(all, [&](int lane) {
      const uint32_t size = source_bytes<bytes>(w, op, lane);
      if (size == bytes) {
        whole |= 1u << lane;
        return;
      }
      std::memset(copy.data[lane], 0, bytes);
      if (size == 0) return;
      read_part<bytes>(w, &from, here, lane, size, copy.data[lane]);
      ++requests;
    });
    if (requests) here.global.requests -= requests - (whole == 0);  // one request with the others
  }
  if (whole) {
    w.mask = whole;
    const std::byte* source = locate_global<bytes, true, false>(w, &from, here);
    each_lane(whole,
              [&](int lane) { std::memcpy(copy.data[lane], source + here.relative[lane], bytes); });
  }
  w.mask = all;
  w.cta->async.begin(w);
  return op + 1;
}

const Op* commit_group(Warp& w, const Op* op) {
  w.cta->async.commit(w);
  return op + 1;
}
const Op* wait_group(Warp& w, const Op* op) {
  w.cta->async.wait(w, op, lanes<uint32_t>(w, op->a)[0]);
  return op + 1;
}
const Op* wait_all(Warp& w, const Op* op) {
  w.cta->async.commit(w);
  w.cta->async.wait(w, op, 0);
  return op + 1;
}

template <bool increments, ptx::Space space>
const Op* arrive(Warp& w, const Op* op) {
  std::byte* at[kLanes];
  uint32_t to[kLanes];
  resolve_mbarriers(w, op, space, at);
  each_lane(w.mask, [&](int lane) {
    to[lane] = uint32_t(at[lane] - w.cta->shared);
    if (increments) mbarrier_await_one_more(w, op, lane, at[lane]);
  });
  w.cta->async.arrive_when_done(w, op, to);
  return op + 1;
}

template <uint32_t bytes>
Selected copy_of(bool sized) {
  return {sized ? begin_copy<bytes, true> : begin_copy<bytes, false>};
}

Selected select_copy(const ptx::Instruction& in) {
  const size_t given = in.operands.size() - in.has("L2::cache_hint");
  if (in.operands.size() < 3 || given < 3 || given > 4) return {};
  if (in.space() != ptx::Space::shared || !in.has("global")) return {};
  const ptx::Operand& size = in.operands[2];
  if (size.kind != ptx::Operand::Kind::integer || in.has("ca") == in.has("cg")) return {};
  if (size.bits == 16) return copy_of<16>(given == 4);
  if (in.has("cg")) return {};
  if (size.bits == 8) return copy_of<8>(given == 4);
  return size.bits == 4 ? copy_of<4>(given == 4) : Selected{};
}

Selected select_arrive(const ptx::Instruction& in) {
  const bool shared = in.space() == ptx::Space::shared;
  if (!shared && in.space() != ptx::Space::generic) return {};
  if (in.has("noinc"))
    return {shared ? arrive<false, ptx::Space::shared> : arrive<false, ptx::Space::generic>};
  return {shared ? arrive<true, ptx::Space::shared> : arrive<true, ptx::Space::generic>};
}

}  // namespace

Selected select_cp(const ptx::Instruction& in) {
  if (!in.has("async")) return {};
  if (in.has("bulk")) return select_bulk(in);
  if (in.has("commit_group")) return {commit_group};
  if (in.has("wait_group")) return {wait_group};
  if (in.has("wait_all")) return {wait_all};
  return in.has("mbarrier") ? select_arrive(in) : select_copy(in);
}

}  // namespace ptxvm::PTXVM_ISA
