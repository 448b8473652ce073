// Votes and reductions over a warp: vote, match, redux, activemask, elect. PTX ISA 9.0,
// sections 9.7.13.8 to 9.7.13.14.
//
// After converge(), the running lanes are exactly the living lanes of the member mask.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using ptx::Instruction;
using ptx::Type;

/// The member mask in register `operand`; without .sync there is none.
PTXVM_INLINE bool members_meet(Warp& w, const Op* op, uint32_t operand) {
  return operand == kNoOperand ||
         converge(w, op, lanes<uint32_t>(w, operand)[__builtin_ctz(w.mask)]);
}
PTXVM_INLINE void give_all(Warp& w, uint32_t operand, uint32_t value) {
  if (operand == kNoOperand) return;
  uint32_t* d = lanes<uint32_t>(w, operand);
  each_lane(w.mask, [&](int l) { d[l] = value; });
}

enum class Vote { all, any, uni, ballot };

template <Vote mode>
const Op* vote(Warp& w, const Op* op) {
  if (!members_meet(w, op, op->b)) return nullptr;
  const uint32_t votes = predicate(w, op->a) & w.mask;
  if constexpr (mode == Vote::ballot) {
    give_all(w, op->dst, votes);
  } else {
    const bool all = votes == w.mask, none = votes == 0;
    set_predicate(w, op->dst,
                  (mode == Vote::all   ? all
                   : mode == Vote::any ? !none
                                       : all || none)
                      ? ~0u
                      : 0u);
  }
  return op + 1;
}

template <class T>
uint32_t equal_lanes(const T* a, uint32_t among, T value) {
  uint32_t equal = 0;
  each_lane(among, [&](int l) { equal |= uint32_t{a[l] == value} << l; });
  return equal;
}
template <class T>
const Op* match_any(Warp& w, const Op* op) {
  if (!members_meet(w, op, op->b)) return nullptr;
  const T* a = lanes<T>(w, op->a);
  uint32_t result[kLanes];
  for (uint32_t left = w.mask; left;) {
    const uint32_t equal = equal_lanes(a, left, a[__builtin_ctz(left)]);
    each_lane(equal, [&](int l) { result[l] = equal; });
    left &= ~equal;
  }
  uint32_t* d = lanes<uint32_t>(w, op->dst);
  each_lane(w.mask, [&](int l) { d[l] = result[l]; });
  return op + 1;
}
template <class T>
const Op* match_all(Warp& w, const Op* op) {
  if (!members_meet(w, op, op->b)) return nullptr;
  const T* a = lanes<T>(w, op->a);
  const bool all = equal_lanes(a, w.mask, a[__builtin_ctz(w.mask)]) == w.mask;
  give_all(w, op->dst, all ? w.mask : 0);
  if (op->second != kNoOperand) set_predicate(w, op->second, all ? ~0u : 0u);
  return op + 1;
}

template <class T, auto f>
const Op* redux(Warp& w, const Op* op) {
  if (!members_meet(w, op, op->b)) return nullptr;
  const T* a = lanes<T>(w, op->a);
  T total = a[__builtin_ctz(w.mask)];
  each_lane(w.mask & (w.mask - 1), [&](int l) { total = f(total, a[l]); });
  give_all(w, op->dst, uint32_t(total));
  return op + 1;
}
struct Reduction {
  const char* name;
  Type type;
  Handler handler;
};
constexpr auto kAdd = [](uint32_t a, uint32_t b) { return a + b; };
constexpr auto kAnd = [](uint32_t a, uint32_t b) { return a & b; };
constexpr auto kOr = [](uint32_t a, uint32_t b) { return a | b; };
constexpr auto kXor = [](uint32_t a, uint32_t b) { return a ^ b; };
constexpr auto kMin = [](auto a, auto b) { return a < b ? a : b; };
constexpr auto kMax = [](auto a, auto b) { return a < b ? b : a; };
constexpr Reduction kReductions[] = {
    {"add", Type::u32, redux<uint32_t, kAdd>}, {"add", Type::s32, redux<uint32_t, kAdd>},
    {"min", Type::u32, redux<uint32_t, kMin>}, {"min", Type::s32, redux<int32_t, kMin>},
    {"max", Type::u32, redux<uint32_t, kMax>}, {"max", Type::s32, redux<int32_t, kMax>},
    {"and", Type::b32, redux<uint32_t, kAnd>}, {"or", Type::b32, redux<uint32_t, kOr>},
    {"xor", Type::b32, redux<uint32_t, kXor>},
};

const Op* activemask(Warp& w, const Op* op) {
  give_all(w, op->dst, w.mask);
  return op + 1;
}
/// The leader is the lowest lane.
const Op* elect(Warp& w, const Op* op) {
  if (!members_meet(w, op, op->a)) return nullptr;
  give_all(w, op->dst, uint32_t(__builtin_ctz(w.mask)));
  if (op->second != kNoOperand) set_predicate(w, op->second, w.mask & (0 - w.mask));
  return op + 1;
}

}  // namespace

Selected select_vote(const Instruction& in) {
  if (in.has("ballot")) return {vote<Vote::ballot>};
  if (in.has("all")) return {vote<Vote::all>};
  if (in.has("any")) return {vote<Vote::any>};
  return in.has("uni") ? Selected{vote<Vote::uni>} : Selected{};
}
Selected select_match(const Instruction& in) {
  const bool all = in.has("all");
  return by_width<uint32_t, uint64_t>(
      in.type(), [=]<class T>() -> Handler { return all ? match_all<T> : match_any<T>; });
}
Selected select_redux(const Instruction& in) {
  for (const Reduction& r : kReductions)
    if (in.has(r.name) && in.type() == r.type) return {r.handler};
  return {};
}
Selected select_activemask(const Instruction&) { return {activemask}; }
Selected select_elect(const Instruction&) { return {elect}; }

}  // namespace ptxvm::PTXVM_ISA
