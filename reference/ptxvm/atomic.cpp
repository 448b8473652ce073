// Atomics go lane by lane in lane order; with several workers each is one of the host's, with one
// worker a plain read-modify-write. Every order is at least as strong as the one asked for.
#define PTXVM_ISA common

#include "reference/ptxvm/atomic.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "reference/ptxvm/atomic_128.h"
#include "reference/ptxvm/atomic_change.h"
#include "reference/ptxvm/resolve.h"

namespace ptxvm {
namespace {

template <class T>
using Bits =
    std::conditional_t<sizeof(T) == 16, Bits128,
                       std::conditional_t<sizeof(T) == 8, uint64_t,
                                          std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>>>;

/// One lane of a register of T's width; 128 bits are two planes of 64.
template <class T>
T lane_of(Warp& warp, uint32_t operand, int lane) {
  if constexpr (sizeof(T) == 16) {
    const auto* planes = lanes<uint64_t>(warp, operand) + lane;
    return std::bit_cast<T>(Bits128{planes[kLanes]} << 64 | planes[0]);
  } else if constexpr (sizeof(T) == 8) {
    return std::bit_cast<T>(lanes<uint64_t>(warp, operand)[lane]);
  } else {
    return std::bit_cast<T>(Bits<T>(lanes<uint32_t>(warp, operand)[lane]));
  }
}
template <class T>
void set_lane(Warp& warp, uint32_t operand, int lane, Bits<T> value) {
  if constexpr (sizeof(T) == 16) {
    auto* planes = lanes<uint64_t>(warp, operand) + lane;
    planes[0] = uint64_t(value), planes[kLanes] = uint64_t(value >> 64);
  } else if constexpr (sizeof(T) == 8) {
    lanes<uint64_t>(warp, operand)[lane] = value;
  } else {
    lanes<uint32_t>(warp, operand)[lane] = value;
  }
}

/// *p becomes change(*p); returns what it was.
template <class B, class F>
B update(bool alone, std::byte* at, F change) {
  if constexpr (sizeof(B) == 16) return update_128(alone, at, change);
  auto* p = reinterpret_cast<B*>(at);
  if (alone) {
    const B old = *p;
    *p = change(old);
    return old;
  }
  B old = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(p, &old, change(old), true, __ATOMIC_SEQ_CST,
                                      __ATOMIC_RELAXED)) {
  }
  return old;
}

/// Global f32 additions flush, wherever the address came from.
template <class T, class Change>
using InGlobal =
    std::conditional_t<std::is_same_v<T, float> && std::is_same_v<Change, Add>, AddFlushed, Change>;

/// What the running lanes' bytes were.
template <class T>
struct Before {
  Bits<T> of[kLanes];
  void write(Warp& warp, uint32_t operand) const {
    for (uint32_t m = operand == kNoOperand ? 0 : warp.mask; m; m &= m - 1)
      set_lane<T>(warp, operand, std::countr_zero(m), of[std::countr_zero(m)]);
  }
};

/// Changes `at + offset` by the registers b and c.
template <class T, class Change>
Before<T> change_lanes(Warp& warp, std::byte* const* at, size_t offset, uint32_t flushes,
                       uint32_t b, uint32_t c) {
  using B = Bits<T>;
  const bool alone = warp.worker->alone;
  Before<T> before;
  for (uint32_t m = warp.mask; m; m &= m - 1) {
    const int lane = std::countr_zero(m);
    const T operand = lane_of<T>(warp, b, lane), other = lane_of<T>(warp, c, lane);
    before.of[lane] = update<B>(alone, at[lane] + offset, [&](B value) {
      const T now = std::bit_cast<T>(value);
      return std::bit_cast<B>(flushes >> lane & 1 ? InGlobal<T, Change>::apply(now, operand, other)
                                                  : Change::apply(now, operand, other));
    });
  }
  return before;
}

template <class T, class Change, ptx::Space space>
uint32_t locate(Warp& warp, const Op* op, uint32_t bytes, std::byte* at[kLanes]) {
  const uint32_t here = resolve(warp, op, space, {bytes, true, true}, at);
  if (here != warp.mask)
    raise(warp, op, TrapKind::invalid_address_space, std::countr_zero(warp.mask & ~here),
          "an atomic on local memory");
  if constexpr (std::is_same_v<InGlobal<T, Change>, Change>) return 0;
  if constexpr (space == ptx::Space::global) return warp.mask;
  uint32_t flushes = 0;
  for (uint32_t m = space == ptx::Space::generic ? warp.mask : 0; m; m &= m - 1)
    flushes |= uint32_t{!is_shared(warp, at[std::countr_zero(m)])} << std::countr_zero(m);
  return flushes;
}

template <class T, class Change, ptx::Space space>
const Op* run(Warp& warp, const Op* op) {
  std::byte* at[kLanes];
  const uint32_t flushes = locate<T, Change, space>(warp, op, sizeof(T), at);
  if (op->dst != kNoOperand) count_spin(warp);
  const bool swaps = std::is_same_v<Change, CompareSwap>;
  change_lanes<T, Change>(warp, at, 0, flushes, op->b, swaps ? op->c : op->b).write(warp, op->dst);
  return op + 1;
}

/// Each element is atomic by itself (PTX ISA 9.0, 9.7.13.5).
template <class T, class Change, ptx::Space space, uint32_t width>
const Op* run_vector(Warp& warp, const Op* op) {
  std::byte* at[kLanes];
  const uint32_t flushes = locate<T, Change, space>(warp, op, sizeof(T) * width, at);
  const bool returns = op->count > width;
  const uint32_t* sources = op->more + (returns ? width : 0);
  Before<T> before[width];
  for (uint32_t e = 0; e < width; ++e)
    before[e] = change_lanes<T, Change>(warp, at, e * sizeof(T), flushes, sources[e], sources[e]);
  if (!returns) return op + 1;
  count_spin(warp);
  for (uint32_t e = 0; e < width; ++e) before[e].write(warp, op->more[e]);
  return op + 1;
}

template <class T, class Change>
Selected in_space(const ptx::Instruction& in) {
  switch (in.space()) {
    case ptx::Space::generic:
      return {run<T, Change, ptx::Space::generic>};
    case ptx::Space::global:
      return {run<T, Change, ptx::Space::global>};
    case ptx::Space::shared:
      return {run<T, Change, ptx::Space::shared>};
    case ptx::Space::shared_cluster:
      return {run<T, Change, ptx::Space::shared_cluster>};
    default:
      return {};
  }
}

template <class T, class Change, ptx::Space space>
Selected of_width(const ptx::Instruction& in) {
  constexpr bool is_half = sizeof(T) == 2;
  if (in.has("v2")) return {run_vector<T, Change, space, 2>};
  if (in.has("v4")) return {run_vector<T, Change, space, 4>};
  if constexpr (is_half) return {run_vector<T, Change, space, 8>};
  return {};
}

template <class T, class Change>
Selected vector_form(const ptx::Instruction& in) {
  if (in.space() == ptx::Space::global) return of_width<T, Change, ptx::Space::global>(in);
  if (in.space() == ptx::Space::generic) return of_width<T, Change, ptx::Space::generic>(in);
  return {};
}

/// Each element of `from` into its place in `to`.
template <class T, class Change>
void combine(bool alone, std::byte* to, const std::byte* from, size_t bytes) {
  using B = Bits<T>;
  for (size_t i = 0; i < bytes; i += sizeof(B)) {
    B operand;
    std::memcpy(&operand, from + i, sizeof operand);
    update<B>(alone, to + i, [&](B value) {
      const T other = std::bit_cast<T>(operand);
      return std::bit_cast<B>(T(Change::apply(std::bit_cast<T>(value), other, other)));
    });
  }
}

struct Row {
  std::string_view operation;
  ptx::Type type;
  Selected (*scalar)(const ptx::Instruction&);  // null: vectors only
  Selected (*vector)(const ptx::Instruction&);
  BulkReduction bulk;
};
template <class T, class Change>
constexpr Row scalar(std::string_view operation, ptx::Type type) {
  return {operation, type, in_space<T, Change>, nullptr, combine<T, Change>};
}
template <class T, class Change>
constexpr Row vector(std::string_view operation, ptx::Type type) {
  return {operation, type, nullptr, vector_form<T, Change>, combine<T, Change>};
}
template <class T, class Change>
constexpr Row either(std::string_view operation, ptx::Type type) {
  return {operation, type, in_space<T, Change>, vector_form<T, Change>, combine<T, Change>};
}

using ptx::Type;
constexpr Row kRows[] = {
    scalar<uint32_t, Add>("add", Type::u32),
    scalar<uint32_t, Add>("add", Type::s32),
    scalar<uint64_t, Add>("add", Type::u64),
    scalar<uint64_t, Add>("add", Type::s64),
    either<float, Add>("add", Type::f32),
    scalar<double, Add>("add", Type::f64),
    either<uint16_t, Half<AddF, common::F16>>("add", Type::f16),
    either<uint16_t, Half<AddF, common::BF16>>("add", Type::bf16),
    either<uint32_t, Both<Half<AddF, common::F16>>>("add", Type::f16x2),
    either<uint32_t, Both<Half<AddF, common::BF16>>>("add", Type::bf16x2),
    scalar<uint32_t, Min>("min", Type::u32),
    scalar<int32_t, Min>("min", Type::s32),
    scalar<uint64_t, Min>("min", Type::u64),
    scalar<int64_t, Min>("min", Type::s64),
    scalar<uint32_t, Max>("max", Type::u32),
    scalar<int32_t, Max>("max", Type::s32),
    scalar<uint64_t, Max>("max", Type::u64),
    scalar<int64_t, Max>("max", Type::s64),
    scalar<uint32_t, And>("and", Type::b32),
    scalar<uint64_t, And>("and", Type::b64),
    scalar<uint32_t, Or>("or", Type::b32),
    scalar<uint64_t, Or>("or", Type::b64),
    scalar<uint32_t, Xor>("xor", Type::b32),
    scalar<uint64_t, Xor>("xor", Type::b64),
    scalar<uint32_t, Exchange>("exch", Type::b32),
    scalar<uint64_t, Exchange>("exch", Type::b64),
    scalar<uint16_t, CompareSwap>("cas", Type::b16),
    scalar<uint32_t, CompareSwap>("cas", Type::b32),
    scalar<uint64_t, CompareSwap>("cas", Type::b64),
    scalar<uint32_t, Increment>("inc", Type::u32),
    scalar<uint32_t, Decrement>("dec", Type::u32),
    vector<uint16_t, Half<MinF, common::F16>>("min", Type::f16),
    vector<uint32_t, Both<Half<MinF, common::F16>>>("min", Type::f16x2),
    vector<uint16_t, Half<MinF, common::BF16>>("min", Type::bf16),
    vector<uint32_t, Both<Half<MinF, common::BF16>>>("min", Type::bf16x2),
    vector<uint16_t, Half<MaxF, common::F16>>("max", Type::f16),
    vector<uint32_t, Both<Half<MaxF, common::F16>>>("max", Type::f16x2),
    vector<uint16_t, Half<MaxF, common::BF16>>("max", Type::bf16),
    vector<uint32_t, Both<Half<MaxF, common::BF16>>>("max", Type::bf16x2),
    scalar<Bits128, Exchange>("exch", Type::b128),
    scalar<Bits128, CompareSwap>("cas", Type::b128),
};

}  // namespace

Selected select_atomic(const ptx::Instruction& in) {
  for (const Row& row : kRows) {
    if (!in.has(row.operation) || in.type() != row.type) continue;
    const auto select = common::has_vector(in) ? row.vector : row.scalar;
    return select ? select(in) : Selected{};
  }
  return {};
}

BulkReduction bulk_reduction(std::string_view operation, ptx::Type type, bool flushes) {
  if (operation == "add" && type == Type::f32 && flushes) return combine<float, AddFlushed>;
  for (const Row& row : kRows)
    if (operation == row.operation && type == row.type) return row.bulk;
  return nullptr;
}

}  // namespace ptxvm
