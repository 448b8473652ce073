#define PTXVM_ISA common

#include "reference/ptxvm/ordered.h"

#include <bit>
#include <cstring>

#include "reference/ptxvm/address.h"
#include "reference/ptxvm/atomic_128.h"
#include "reference/ptxvm/ops/select.h"
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

/// The places of the lanes that do not load from local memory; the others do.
template <class M, ptx::Space space>
uint32_t places_to_load(Warp& warp, const Op* op, std::byte* at[kLanes]) {
  count_spin(warp);
  const uint32_t here =
      resolve(warp, op, space, {uint32_t(sizeof(M)) * op->count, true, false}, at);
  if (const uint32_t local = warp.mask & ~here) {
    const uint32_t all = warp.mask;
    warp.mask = local;
    load_local(warp, op, sizeof(M), std::is_signed_v<M>, kLocalWindow);
    warp.mask = all;
  }
  return here;
}
template <class M, ptx::Space space>
uint32_t places_to_store(Warp& warp, const Op* op, std::byte* at[kLanes]) {
  const uint32_t here =
      resolve(warp, op, space, {uint32_t(sizeof(M)) * op->count, false, true}, at);
  if (const uint32_t local = warp.mask & ~here) {
    const uint32_t all = warp.mask;
    warp.mask = local;
    store_local(warp, op, sizeof(M), kLocalWindow);
    warp.mask = all;
  }
  return here;
}

template <class M, ptx::Space space>
const Op* load(Warp& warp, const Op* op) {
  std::byte* at[kLanes];
  const uint32_t here = places_to_load<M, space>(warp, op, at), count = op->count;
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
  const uint32_t here = places_to_store<M, space>(warp, op, at), count = op->count;
  for (uint32_t e = 0; e < count; ++e) {
    const auto* source = lanes<Register<M>>(warp, element(op, op->b, e));
    for (uint32_t m = here; m; m &= m - 1) {
      const int lane = std::countr_zero(m);
      __atomic_store_n(reinterpret_cast<M*>(at[lane]) + e, M(source[lane]), __ATOMIC_RELEASE);
    }
  }
  return op + 1;
}

/// Elements of 128 bits are pairs of 64 everywhere else; here no thread may see half of one.
template <ptx::Space space>
const Op* load_128(Warp& warp, const Op* op) {
  std::byte* at[kLanes];
  const uint32_t here = places_to_load<uint64_t, space>(warp, op, at);
  for (uint32_t m = here; m; m &= m - 1) {
    const int lane = std::countr_zero(m);
    const Bits128 value = update_128(warp.worker->alone, at[lane], [](Bits128 old) { return old; });
    for (uint32_t e = 0; e < 2; ++e)
      if (op->more[e] != kNoOperand)
        lanes<uint64_t>(warp, op->more[e])[lane] = uint64_t(value >> 64 * e);
  }
  return op + 1;
}
template <ptx::Space space>
const Op* store_128(Warp& warp, const Op* op) {
  std::byte* at[kLanes];
  const uint32_t here = places_to_store<uint64_t, space>(warp, op, at);
  for (uint32_t m = here; m; m &= m - 1) {
    const int lane = std::countr_zero(m);
    const Bits128 value = Bits128{lanes<uint64_t>(warp, op->more[1])[lane]} << 64 |
                          lanes<uint64_t>(warp, op->more[0])[lane];
    update_128(warp.worker->alone, at[lane], [value](Bits128) { return value; });
  }
  return op + 1;
}

/// Any space that is not named is in global memory.
struct BySpace {
  Handler generic, shared, global;
  Selected of(const ptx::Instruction& in) const {
    return {in.space() == ptx::Space::generic  ? generic
            : in.space() == ptx::Space::shared ? shared
                                               : global};
  }
};
template <class M>
constexpr BySpace kLoads = {load<M, ptx::Space::generic>, load<M, ptx::Space::shared>,
                            load<M, ptx::Space::global>};
template <>
constexpr BySpace kLoads<Bits128> = {load_128<ptx::Space::generic>, load_128<ptx::Space::shared>,
                                     load_128<ptx::Space::global>};
template <class M>
constexpr BySpace kStores = {store<M, ptx::Space::generic>, store<M, ptx::Space::shared>,
                             store<M, ptx::Space::global>};
template <>
constexpr BySpace kStores<Bits128> = {store_128<ptx::Space::generic>, store_128<ptx::Space::shared>,
                                      store_128<ptx::Space::global>};

}  // namespace

Selected select_ordered_load(const ptx::Instruction& in) {
  if (!is_ordered(in)) return {};
  const ptx::Type type = in.type();
  const bool is_signed = type == ptx::Type::s8 || type == ptx::Type::s16;
  switch (ptx::bytes_of(type)) {
    case 1:
      return (is_signed ? kLoads<int8_t> : kLoads<uint8_t>).of(in);
    case 2:
      return (is_signed ? kLoads<int16_t> : kLoads<uint16_t>).of(in);
    case 4:
      return kLoads<uint32_t>.of(in);
    case 8:
      return kLoads<uint64_t>.of(in);
    case 16:
      return common::has_vector(in) ? Selected{} : kLoads<Bits128>.of(in);
    default:
      return {};
  }
}

Selected select_ordered_store(const ptx::Instruction& in) {
  if (!is_ordered(in)) return {};
  switch (ptx::bytes_of(in.type())) {
    case 1:
      return kStores<uint8_t>.of(in);
    case 2:
      return kStores<uint16_t>.of(in);
    case 4:
      return kStores<uint32_t>.of(in);
    case 8:
      return kStores<uint64_t>.of(in);
    case 16:
      return common::has_vector(in) ? Selected{} : kStores<Bits128>.of(in);
    default:
      return {};
  }
}

}  // namespace ptxvm
