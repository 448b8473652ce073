#define PTXVM_ISA common

#include "reference/ptxvm/ordered.h"

#include <bit>
#include <cstring>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/resolve.h"
#include "reference/ptxvm/stack.h"

namespace ptxvm {
namespace {

bool is_ordered(const ptx::Instruction& in) {
  for (const char* word : {"volatile", "relaxed", "acquire", "release", "mmio"})
    if (in.has(word)) return true;
  return false;
}

template <class M>
using Register = std::conditional_t<sizeof(M) == 8, uint64_t,
                                    std::conditional_t<std::is_signed_v<M>, int32_t, uint32_t>>;

uint32_t element(const Op* op, uint32_t scalar, uint32_t e) {
  return op->count > 1 ? op->more[e] : scalar;
}

template <class M, ptx::Space space>
const Op* load(Warp& warp, const Op* op) {
  std::byte* at[kLanes];
  const uint32_t count = op->count;
  count_spin(warp);
  const uint32_t here = resolve(warp, op, space, {uint32_t(sizeof(M)) * count, true, false}, at);
  if (const uint32_t local = warp.mask & ~here) {
    const uint32_t all = warp.mask;
    warp.mask = local;
    load_local(warp, op, sizeof(M), std::is_signed_v<M>, kLocalWindow);
    warp.mask = all;
  }
  for (uint32_t e = 0; e < count; ++e) {
    const uint32_t operand = element(op, op->dst, e);
    if (operand == kNoOperand) continue;
    for (uint32_t m = here; m; m &= m - 1) {
      const int lane = std::countr_zero(m);
      lanes<Register<M>>(warp, operand)[lane] =
          __atomic_load_n(reinterpret_cast<M*>(at[lane]) + e, __ATOMIC_ACQUIRE);
    }
  }
  return op + 1;
}

template <class M, ptx::Space space>
const Op* store(Warp& warp, const Op* op) {
  std::byte* at[kLanes];
  const uint32_t count = op->count;
  const uint32_t here = resolve(warp, op, space, {uint32_t(sizeof(M)) * count, false, true}, at);
  if (const uint32_t local = warp.mask & ~here) {
    const uint32_t all = warp.mask;
    warp.mask = local;
    store_local(warp, op, sizeof(M), kLocalWindow);
    warp.mask = all;
  }
  for (uint32_t e = 0; e < count; ++e) {
    const auto* source = lanes<Register<M>>(warp, element(op, op->b, e));
    for (uint32_t m = here; m; m &= m - 1) {
      const int lane = std::countr_zero(m);
      __atomic_store_n(reinterpret_cast<M*>(at[lane]) + e, M(source[lane]), __ATOMIC_RELEASE);
    }
  }
  return op + 1;
}

template <class M>
Selected select_load(ptx::Space space) {
  if (space == ptx::Space::generic) return {load<M, ptx::Space::generic>};
  if (space == ptx::Space::shared) return {load<M, ptx::Space::shared>};
  return {load<M, ptx::Space::global>};
}
template <class M>
Selected select_store(ptx::Space space) {
  if (space == ptx::Space::generic) return {store<M, ptx::Space::generic>};
  if (space == ptx::Space::shared) return {store<M, ptx::Space::shared>};
  return {store<M, ptx::Space::global>};
}

}  // namespace

Selected select_ordered_load(const ptx::Instruction& in) {
  if (!is_ordered(in)) return {};
  const ptx::Type type = in.type();
  const bool is_signed = type == ptx::Type::s8 || type == ptx::Type::s16;
  switch (ptx::bytes_of(type)) {
    case 1:
      return is_signed ? select_load<int8_t>(in.space()) : select_load<uint8_t>(in.space());
    case 2:
      return is_signed ? select_load<int16_t>(in.space()) : select_load<uint16_t>(in.space());
    case 4:
      return select_load<uint32_t>(in.space());
    case 8:
    case 16:
      return select_load<uint64_t>(in.space());
    default:
      return {};
  }
}

Selected select_ordered_store(const ptx::Instruction& in) {
  if (!is_ordered(in)) return {};
  switch (ptx::bytes_of(in.type())) {
    case 1:
      return select_store<uint8_t>(in.space());
    case 2:
      return select_store<uint16_t>(in.space());
    case 4:
      return select_store<uint32_t>(in.space());
    case 8:
    case 16:
      return select_store<uint64_t>(in.space());
    default:
      return {};
  }
}

}  // namespace ptxvm
