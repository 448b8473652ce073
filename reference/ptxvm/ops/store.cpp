// st to global, shared and generic addresses. Where lanes write the same bytes, the last lane's
// stay.
#include "reference/ptxvm/async_store.h"
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/ops/access.h"
#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/ordered.h"
#include "reference/ptxvm/stack.h"

namespace ptxvm::PTXVM_ISA {
namespace {

template <class M>
PTXVM_INLINE void put_at(std::byte* p, Wide<M> value) {
  const M narrow = M(value);
  std::memcpy(p, &narrow, sizeof(M));
}

template <class M, uint32_t stride>
PTXVM_INLINE void spread(std::byte* p, const Site& site, uint32_t mask, const Wide<M>* src) {
  if (mask == kFullMask && site.shape == Shape::contiguous) {
    if constexpr (sizeof(M) == sizeof(Wide<M>) && stride == sizeof(M)) {
      std::memcpy(p, src, kLanes * stride);
    } else {
      for (int l = 0; l < kLanes; ++l) put_at<M>(p + uint32_t(l) * stride, src[l]);
    }
    return;
  }
  each_lane(mask, [&](int l) { put_at<M>(p + site.relative[l], src[l]); });
}

template <class M, int width>
PTXVM_INLINE void spread_all(Warp& warp, const Op* op, const Site& site, std::byte* p) {
  if constexpr (width == 1) {
    spread<M, sizeof(M)>(p, site, warp.mask, lanes<Wide<M>>(warp, op->b));
  } else {
    for (int e = 0; e < width; ++e)
      spread<M, sizeof(M) * width>(p + e * int(sizeof(M)), site, warp.mask,
                                   lanes<Wide<M>>(warp, op->more[e]));
  }
}

template <class M, int width>
const Op* store_global(Warp& warp, const Op* op) {
  Site& site = warp.sites[op->site];
  spread_all<M, width>(warp, op, site,
                       locate_global<sizeof(M) * width, false, true>(warp, op, site));
  return op + 1;
}

template <class M, int width, uint64_t bias>
const Op* store_shared(Warp& warp, const Op* op) {
  constexpr uint32_t bytes = sizeof(M) * width;
  Site& site = warp.sites[op->site];
  const SharedRequest request = shared_request<bytes>(warp, op, site, bias);
  if (!request.wavefronts) [[unlikely]]
    return learned_shared<bytes, false, true, store_shared<M, width, bias>>(warp, op, bias);
  count_shared(site, request);
  spread_all<M, width>(warp, op, site, warp.cta->shared + request.base);
  return op + 1;
}

template <class M, int width>
const Op* store_generic(Warp& warp, const Op* op) {
  const uint32_t all = warp.mask;
  const uint64_t first = first_address(warp, op), base = displaced(op, first);
  if (base - kWindowBytes < kSharedWindow - kWindowBytes) {
    const Site& site = warp.sites[op->site];
    if (base - site.low <= site.span && same_pattern(warp, op, site, first))
      return store_global<M, width>(warp, op);
  }
  const Spaces spaces = spaces_of(warp, op);
  if (const uint32_t global = spaces.global | spaces.param)
    warp.mask = global, store_global<M, width>(warp, op);
  if (spaces.shared) warp.mask = spaces.shared, store_shared<M, width, kSharedWindow>(warp, op);
  if (spaces.local) warp.mask = spaces.local, store_local(warp, op, sizeof(M), kLocalWindow);
  if (spaces.peer) warp.mask = spaces.peer, store_cluster(warp, op, sizeof(M));
  warp.mask = all;
  return op + 1;
}

template <class M, int width>
Selected in_space(const ptx::Instruction& in) {
  switch (in.space()) {
    case ptx::Space::generic:
      return {store_generic<M, width>};
    case ptx::Space::global:
      return {store_global<M, width>};
    case ptx::Space::shared:
      return {store_shared<M, width, 0>};
    default:
      return {};
  }
}

template <class M>
Selected of_width(const ptx::Instruction& in) {
  if (in.has("v2")) return in_space<M, 2>(in);
  if (in.has("v4")) return in_space<M, 4>(in);
  if constexpr (sizeof(M) == 4) {
    if (in.has("v8")) return in_space<M, 8>(in);
  }
  return in_space<M, 1>(in);
}

}  // namespace

Selected select_st(const ptx::Instruction& in) {
  if (in.has("async")) return select_async_store(in);
  if (in.operands.size() > 2 && in.operands[2].kind == ptx::Operand::Kind::address) return {};
  if (const Selected other = select_stack_store(in); other.handler) return other;
  if (const Selected other = select_cluster_store(in); other.handler) return other;
  if (const Selected other = select_ordered_store(in); other.handler) return other;
  switch (ptx::bytes_of(in.type())) {
    case 1:
      return of_width<uint8_t>(in);
    case 2:
      return of_width<uint16_t>(in);
    case 4:
      return of_width<uint32_t>(in);
    case 8:
      return of_width<uint64_t>(in);
    case 16:
      return has_vector(in) ? Selected{} : in_space<uint64_t, 2>(in);
    default:
      return {};
  }
}

}  // namespace ptxvm::PTXVM_ISA
