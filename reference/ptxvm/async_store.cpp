#include "reference/ptxvm/async_store.h"

#include <bit>
#include <cstring>

#include "reference/ptxvm/atomic.h"
#include "reference/ptxvm/check/bulk.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/cta.h"

namespace ptxvm {
namespace {

/// The second address, behind the `elements` of a vector: where the mbarrier object is.
uint64_t barrier_address(Warp& warp, const Op* op, uint32_t elements, uint32_t base, int lane) {
  const uint32_t* words = op->more + elements;
  const uint64_t displacement = words[0] | uint64_t{words[1]} << 32;
  if (base == kNoOperand) return displacement;
  const bool narrow = op->narrow_address & 2;
  return displacement +
         (narrow ? lanes<uint32_t>(warp, base)[lane] : lanes<uint64_t>(warp, base)[lane]);
}

void begin(Warp& warp, const Op* op, int lane, const std::byte* data, uint32_t bytes,
           uint64_t barrier, BulkReduction reduction) {
  const uint64_t to = lane_address(warp, op, uint32_t(lane));
  std::byte* const target = cluster_place(warp, op, lane, to, {bytes, true, true});
  const std::byte* object = cluster_place(warp, op, lane, barrier, {8, true, true});
  Cta& block = cluster_block(warp, op, lane, barrier);
  if (&block != &cluster_block(warp, op, lane, to))
    raise(warp, op, TrapKind::invalid_address_space, lane,
          "the mbarrier object is not in the block that the bytes go to");
  block.bulk.begin({.to = target,
                    .data = {data, data + bytes},
                    .pieces = {{0, bytes}},
                    .reduction = reduction,
                    .barrier = uint32_t(object - block.shared),
                    .transactions = bytes});
  bulk_begins(warp, op, lane, block, uint32_t(object - block.shared),
              uint32_t(target - block.shared), bytes, 0, reduction != nullptr);
}

/// `width` elements of T.
template <class T, uint32_t width>
const Op* store(Warp& warp, const Op* op) {
  constexpr bool is_vector = width > 1;
  for (uint32_t m = warp.mask; m; m &= m - 1) {
    const int lane = std::countr_zero(m);
    T data[width];
    for (uint32_t e = 0; e < width; ++e)
      data[e] = lanes<T>(warp, is_vector ? op->more[e] : op->b)[lane];
    begin(warp, op, lane, reinterpret_cast<const std::byte*>(data), sizeof data,
          barrier_address(warp, op, is_vector ? width : 0, is_vector ? op->b : op->c, lane),
          nullptr);
  }
  return op + 1;
}

BulkReduction reduction_of(const ptx::Instruction& in) {
  for (const char* operation : {"add", "min", "max", "inc", "dec", "and", "or", "xor"})
    if (in.has(operation)) return bulk_reduction(operation, in.type(), false);
  return nullptr;
}

/// Op::imm holds a displacement, so the reduction is looked up each time.
template <class T>
const Op* reduce(Warp& warp, const Op* op) {
  const BulkReduction reduction = reduction_of(*warp.level->code->instructions[op->instruction]);
  for (uint32_t m = warp.mask; m; m &= m - 1) {
    const int lane = std::countr_zero(m);
    const T data = lanes<T>(warp, op->b)[lane];
    begin(warp, op, lane, reinterpret_cast<const std::byte*>(&data), sizeof data,
          barrier_address(warp, op, 0, op->c, lane), reduction);
  }
  return op + 1;
}

template <class T>
Selected of_width(const ptx::Instruction& in) {
  if (in.has("v8")) return {};
  return {in.has("v2") ? store<T, 2> : in.has("v4") ? store<T, 4> : store<T, 1>};
}

bool is_counted(const ptx::Instruction& in) {
  return in.operands.size() == 3 && in.space() == ptx::Space::shared_cluster &&
         in.has("mbarrier::complete_tx::bytes") &&
         in.operands[2].kind == ptx::Operand::Kind::address;
}

}  // namespace

Selected select_async_store(const ptx::Instruction& in) {
  if (!is_counted(in)) return {};
  const int bytes = ptx::bytes_of(in.type());
  return bytes == 4 ? of_width<uint32_t>(in) : bytes == 8 ? of_width<uint64_t>(in) : Selected{};
}

Selected select_async_reduction(const ptx::Instruction& in) {
  using ptx::Type;
  if (!is_counted(in) || !reduction_of(in)) return {};
  const Type type = in.type();
  if (type == Type::u64 && in.has("add")) return {reduce<uint64_t>};
  const bool narrow = type == Type::u32 || type == Type::s32 || type == Type::b32;
  return narrow ? Selected{reduce<uint32_t>} : Selected{};
}

}  // namespace ptxvm
