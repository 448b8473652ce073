// What a handler sees of the machine: the running warp, its registers and its lanes. Everything
// that a warp needs to stop at any op and go on later is in here; nothing is kept on the host's
// stack.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "reference/ptxvm/op.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {

inline constexpr int kLanes = 32;
inline constexpr uint32_t kFullMask = 0xffffffffu;

struct Cta;     // the block: shared memory, barriers, its warps (cta.h)
struct Worker;  // the host thread that runs it (worker.h)
struct Site;    // per worker: what one op counted, and the address pattern it saw last (worker.h)
struct BlockCount;  // per worker: executions and lanes of one basic block (worker.h)

/// Why a run loop ended.
enum class Stop : uint8_t { none, exited, barrier, converge, yield };

/// One call level of some lanes of a warp.
struct Frame {
  std::byte* registers = nullptr;
  const Code* code = nullptr;
  Frame* parent = nullptr;   // null: the entry
  const Op* call = nullptr;  // the call op in the parent; lanes return to the op after it
  uint32_t depth = 0;
  uint32_t lanes = 0;  // lanes that are still inside
  uint32_t local_base =
      0;  // where this function's .local variables start in each thread's local memory
  uint32_t local_end = 0;           // beyond the last byte that any lane has
  uint32_t local_top[kLanes] = {};  // beyond a lane's: its variables and what it has allocated
  Site* sites = nullptr;
  BlockCount* blocks = nullptr;
};

/// Lanes that share a program counter and a call level.
struct Split {
  const Op* pc = nullptr;
  Frame* level = nullptr;
  uint32_t mask = 0;
  uint32_t members = 0;  // waiting == converge: the lanes that have to meet here
  uint8_t barrier = 0;   // waiting == barrier: which one
  Stop waiting = Stop::none;
  bool yielded = false;  // had its turn: others go first
};

/// A warp runs one split at a time: the deepest call level first, then the lowest pc. The running
/// split is (op, mask, level); the others are in `splits`. Splits that meet at a basic block's
/// entry merge.
struct Warp {
  uint32_t mask = 0;             // lanes the current op acts on
  uint32_t alive = 0;            // lanes that have not exited
  uint32_t carry = 0;            // bit l: lane l's carry flag (add.cc, addc, ...)
  std::byte* frame = nullptr;    // registers of the running split's call level
  Site* sites = nullptr;         // the running function's, by Op::site
  BlockCount* blocks = nullptr;  // the running function's, by index in Code::blocks
  int64_t fuel = 0;              // backward branches left in this turn
  uint32_t split_count = 0;
  uint32_t index = 0;  // warp within the block
  Frame* level = nullptr;
  Worker* worker = nullptr;
  Cta* cta = nullptr;
  std::byte* local =
      nullptr;               // local memory: 4-byte words in rows, word k of lane l at k*128 + l*4
  uint32_t local_bytes = 0;  // of it, per lane
  uint32_t spins = 0;  // accesses in this turn that may wait for another thread (atom, volatile and
                       // acquire loads)
  Stop why = Stop::none;
  uint8_t barrier = 0;         // why == barrier: which one
  uint32_t members = 0;        // why == converge
  const Op* resume = nullptr;  // why != exited: where the stopped split goes on
  Split splits[kLanes];
};

/// The 32 lanes of a register. T is 4 bytes wide for everything up to 32 bits, 8 bytes for 64-bit
/// registers.
template <class T>
[[gnu::always_inline]] inline T* lanes(Warp& warp, uint32_t operand) {
  return reinterpret_cast<T*>(warp.frame + operand);
}
[[gnu::always_inline]] inline uint32_t& predicate(Warp& warp, uint32_t operand) {
  return *reinterpret_cast<uint32_t*>(warp.frame + operand);
}
/// Writes the active lanes of a predicate.
[[gnu::always_inline]] inline void set_predicate(Warp& warp, uint32_t operand, uint32_t bits) {
  uint32_t& p = predicate(warp, operand);
  p = (p & ~warp.mask) | (bits & warp.mask);
}

/// Stops the launch: throws Trap with the whole report. lane: the thread to name, or -1 for the
/// first active one.
[[noreturn]] void raise(Warp&, const Op*, TrapKind, int lane, const char* detail);

/// For converge(): not all members are here.
bool wait_for_members(Warp&, const Op*, uint32_t members);
/// For `.sync` ops with a member mask: true if the running lanes are exactly the living members.
/// Otherwise the handler must return null at once; it runs again when the members have met at this
/// op.
[[gnu::always_inline]] inline bool converge(Warp& warp, const Op* op, uint32_t members) {
  if ((members & warp.alive) == warp.mask) [[likely]]
    return true;
  return wait_for_members(warp, op, members);
}

}  // namespace ptxvm
