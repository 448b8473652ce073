// Atomics go lane by lane in lane order; with several workers each is one of the host's, with one
// worker a plain read-modify-write. Every order is at least as strong as the one asked for.
#define PTXVM_ISA common

#include "reference/ptxvm/atomic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "reference/ptxvm/ops/half.h"
#include "reference/ptxvm/resolve.h"

namespace ptxvm {
namespace {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 8, uint64_t,
                                std::conditional_t<sizeof(T) == 2, uint16_t, uint32_t>>;

/// *p becomes change(*p); returns what it was.
template <class B, class F>
B update(bool alone, std::byte* at, F change) {
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

/// atom.f32.add on global memory flushes subnormal inputs and results to zero, on shared memory it
/// does not (PTX ISA 9.0, 9.7.13.5).
float flushed(float value) {
  return std::abs(value) < 0x1p-126f ? std::copysign(0.0f, value) : value;
}

template <class Format>
uint32_t half_add(uint32_t a, uint32_t b) {
  using V = common::Vec<uint32_t, 4>;
  const auto sum = Format::to_float(V{a & 0xffff}) + Format::to_float(V{b & 0xffff});
  return Format::from_float(sum)[0] & 0xffff;
}

struct Add {
  template <class T>
  static T apply(T old, T b, T) {
    return T(old + b);
  }
};
struct Min {
  template <class T>
  static T apply(T old, T b, T) {
    return std::min(old, b);
  }
};
struct Max {
  template <class T>
  static T apply(T old, T b, T) {
    return std::max(old, b);
  }
};
struct And {
  template <class T>
  static T apply(T old, T b, T) {
    return old & b;
  }
};
struct Or {
  template <class T>
  static T apply(T old, T b, T) {
    return old | b;
  }
};
struct Xor {
  template <class T>
  static T apply(T old, T b, T) {
    return old ^ b;
  }
};
struct Exchange {
  template <class T>
  static T apply(T, T b, T) {
    return b;
  }
};
struct CompareSwap {
  template <class T>
  static T apply(T old, T b, T c) {
    return old == b ? c : old;
  }
};
struct Increment {
  template <class T>
  static T apply(T old, T b, T) {
    return old >= b ? 0 : old + 1;
  }
};
struct Decrement {
  template <class T>
  static T apply(T old, T b, T) {
    return old == 0 || old > b ? b : old - 1;
  }
};
struct AddFlushed {
  template <class T>
  static T apply(T old, T b, T) {
    return flushed(flushed(old) + flushed(b));
  }
};
struct AddF16 {
  template <class T>
  static T apply(T old, T b, T) {
    return T(half_add<common::F16>(old, b));
  }
};
struct AddBF16 {
  template <class T>
  static T apply(T old, T b, T) {
    return T(half_add<common::BF16>(old, b));
  }
};
template <class One>
struct Both {
  template <class T>
  static T apply(T old, T b, T) {
    return One::apply(old & 0xffff, b & 0xffff, 0u) | One::apply(old >> 16, b >> 16, 0u) << 16;
  }
};

template <class T, class Change, ptx::Space space>
const Op* run(Warp& warp, const Op* op) {
  using B = Bits<T>;
  using Register = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  // Global f32 additions flush, wherever the address came from.
  using Global = std::conditional_t<std::is_same_v<T, float> && std::is_same_v<Change, Add>,
                                    AddFlushed, Change>;
  std::byte* at[kLanes];
  const uint32_t here = resolve(warp, op, space, {uint32_t(sizeof(T)), true, true}, at);
  if (here != warp.mask)
    raise(warp, op, TrapKind::invalid_address_space, std::countr_zero(warp.mask & ~here),
          "an atomic on local memory");
  const bool returns = op->dst != kNoOperand, alone = warp.worker->alone;
  if (returns) count_spin(warp);
  const auto* b = lanes<Register>(warp, op->b);
  const auto* c = std::is_same_v<Change, CompareSwap> ? lanes<Register>(warp, op->c) : b;
  const auto in_shared = [&](const std::byte* p) {
    return space == ptx::Space::shared || space == ptx::Space::shared_cluster ||
           (space == ptx::Space::generic && is_shared(warp, p));
  };
  for (uint32_t m = warp.mask; m; m &= m - 1) {
    const int lane = std::countr_zero(m);
    const T operand = std::bit_cast<T>(B(b[lane])), other = std::bit_cast<T>(B(c[lane]));
    const bool flush = !std::is_same_v<Global, Change> && !in_shared(at[lane]);
    const B old = update<B>(alone, at[lane], [&](B value) {
      const T now = std::bit_cast<T>(value);
      return std::bit_cast<B>(flush ? Global::apply(now, operand, other)
                                    : Change::apply(now, operand, other));
    });
    if (returns) lanes<Register>(warp, op->dst)[lane] = old;
  }
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
  Selected (*select)(const ptx::Instruction&);
  BulkReduction bulk;
};

using ptx::Type;
constexpr Row kRows[] = {
    {"add", Type::u32, in_space<uint32_t, Add>, combine<uint32_t, Add>},
    {"add", Type::s32, in_space<uint32_t, Add>, combine<uint32_t, Add>},
    {"add", Type::u64, in_space<uint64_t, Add>, combine<uint64_t, Add>},
    {"add", Type::s64, in_space<uint64_t, Add>, combine<uint64_t, Add>},
    {"add", Type::f32, in_space<float, Add>, combine<float, Add>},
    {"add", Type::f64, in_space<double, Add>, combine<double, Add>},
    {"add", Type::f16, in_space<uint16_t, AddF16>, combine<uint16_t, AddF16>},
    {"add", Type::bf16, in_space<uint16_t, AddBF16>, combine<uint16_t, AddBF16>},
    {"add", Type::f16x2, in_space<uint32_t, Both<AddF16>>, combine<uint32_t, Both<AddF16>>},
    {"add", Type::bf16x2, in_space<uint32_t, Both<AddBF16>>, combine<uint32_t, Both<AddBF16>>},
    {"min", Type::u32, in_space<uint32_t, Min>, combine<uint32_t, Min>},
    {"min", Type::s32, in_space<int32_t, Min>, combine<int32_t, Min>},
    {"min", Type::u64, in_space<uint64_t, Min>, combine<uint64_t, Min>},
    {"min", Type::s64, in_space<int64_t, Min>, combine<int64_t, Min>},
    {"max", Type::u32, in_space<uint32_t, Max>, combine<uint32_t, Max>},
    {"max", Type::s32, in_space<int32_t, Max>, combine<int32_t, Max>},
    {"max", Type::u64, in_space<uint64_t, Max>, combine<uint64_t, Max>},
    {"max", Type::s64, in_space<int64_t, Max>, combine<int64_t, Max>},
    {"and", Type::b32, in_space<uint32_t, And>, combine<uint32_t, And>},
    {"and", Type::b64, in_space<uint64_t, And>, combine<uint64_t, And>},
    {"or", Type::b32, in_space<uint32_t, Or>, combine<uint32_t, Or>},
    {"or", Type::b64, in_space<uint64_t, Or>, combine<uint64_t, Or>},
    {"xor", Type::b32, in_space<uint32_t, Xor>, combine<uint32_t, Xor>},
    {"xor", Type::b64, in_space<uint64_t, Xor>, combine<uint64_t, Xor>},
    {"exch", Type::b32, in_space<uint32_t, Exchange>, combine<uint32_t, Exchange>},
    {"exch", Type::b64, in_space<uint64_t, Exchange>, combine<uint64_t, Exchange>},
    {"cas", Type::b16, in_space<uint16_t, CompareSwap>, combine<uint16_t, CompareSwap>},
    {"cas", Type::b32, in_space<uint32_t, CompareSwap>, combine<uint32_t, CompareSwap>},
    {"cas", Type::b64, in_space<uint64_t, CompareSwap>, combine<uint64_t, CompareSwap>},
    {"inc", Type::u32, in_space<uint32_t, Increment>, combine<uint32_t, Increment>},
    {"dec", Type::u32, in_space<uint32_t, Decrement>, combine<uint32_t, Decrement>},
};

}  // namespace

Selected select_atomic(const ptx::Instruction& in) {
  for (const Row& row : kRows)
    if (in.has(row.operation) && in.type() == row.type && !in.has("v2") && !in.has("v4") &&
        !in.has("v8"))
      return row.select(in);
  return {};
}

BulkReduction bulk_reduction(const ptx::Instruction& in) {
  for (const Row& row : kRows)
    if (in.has(row.operation) && in.type() == row.type) return row.bulk;
  return nullptr;
}

}  // namespace ptxvm
