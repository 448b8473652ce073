// What a handler sees of the machine: the running warp, its registers and its lanes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "reference/ptxvm/op.h"

namespace ptxvm {

inline constexpr int kLanes = 32;
inline constexpr uint32_t kFullMask = 0xffffffffu;

struct Cta;     // the block: shared memory, barriers, its warps (cta.h)
struct Worker;  // the host thread that runs it: counters, per-site caches (worker.h)

/// Why a run loop ended.
enum class Stop : uint8_t { none, exited, barrier, converge, yield, trap };

/// Lanes that share a program counter and a call frame. A warp runs its deepest split with the lowest pc first and merges splits that meet.
struct Split {
  const Op* pc = nullptr;
  uint32_t mask = 0;
  struct Frame* frame = nullptr;
  Stop waiting = Stop::none;
};

struct Warp {
  uint32_t mask = 0;            // lanes the current op acts on
  std::byte* frame = nullptr;   // registers of the running split's call level
  Worker* worker = nullptr;
  Cta* cta = nullptr;
  uint32_t alive = 0;           // lanes that have not exited
  uint32_t index = 0;           // warp within the block
  Stop why = Stop::none;
  std::vector<Split> splits;
};

/// The 32 lanes of a register. T is 4 bytes wide for everything up to 32 bits, 8 bytes for 64-bit registers.
template <class T>
T* lanes(Warp& warp, uint32_t operand) {
  return reinterpret_cast<T*>(warp.frame + operand);
}
inline uint32_t& predicate(Warp& warp, uint32_t operand) {
  return *reinterpret_cast<uint32_t*>(warp.frame + operand);
}
/// Writes the active lanes of a predicate.
inline void set_predicate(Warp& warp, uint32_t operand, uint32_t bits) {
  uint32_t& p = predicate(warp, operand);
  p = (p & ~warp.mask) | (bits & warp.mask);
}

}  // namespace ptxvm
