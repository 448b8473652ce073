// ld of global, constant, shared and generic addresses. Ordered and volatile loads, local memory
// and parameters: ordered.h, stack.h.
#include "reference/ptxvm/cluster.h"
#include "reference/ptxvm/ops/access.h"
#include "reference/ptxvm/ops/select.h"
#include "reference/ptxvm/ordered.h"
#include "reference/ptxvm/stack.h"

namespace ptxvm::PTXVM_ISA {
namespace {

template <class M>
PTXVM_INLINE M at(const std::byte* p) {
  M value;
  std::memcpy(&value, p, sizeof(M));
  return value;
}

/// How M (a memory type) lies in a register: at least 32 bits, sign-extended if M is signed.
template <class M>
PTXVM_INLINE Wide<M> widened(M value) {
  return Wide<M>(value);
}

#if defined(__AVX512F__)
/// 32 words, each half warp's picked from the vectors at its lowest one. No line is read in vain.
PTXVM_INLINE void from_window(const std::byte* p, const Site& site, uint32_t mask, uint32_t* dst) {
  for (int half = 0; half < 2; ++half) {
    const std::byte* at = p + site.start[half];
    const __m512i index = _mm512_load_si512(site.words + 16 * half);
    __m512i picked;
    if (site.vectors == 1) {
      picked = _mm512_permutexvar_epi32(index, _mm512_loadu_si512(at));
    } else {
      picked =
          _mm512_permutex2var_epi32(_mm512_loadu_si512(at), index, _mm512_loadu_si512(at + 64));
      if (site.vectors == 4) {
        const __m512i far = _mm512_permutex2var_epi32(_mm512_loadu_si512(at + 128), index,
                                                      _mm512_loadu_si512(at + 192));
        picked = _mm512_mask_blend_epi32(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)),
                                         picked, far);
      }
    }
    _mm512_mask_store_epi32(dst + 16 * half, __mmask16(mask >> 16 * half), picked);
  }
}
#endif

template <class T>
PTXVM_INLINE void fill(T* dst, T value, uint32_t mask) {
  constexpr int n = kVectorBytes / int(sizeof(T));
  using V = Vec<T, n>;
  for (int i = 0; i < kLanes; i += n) {
    if (mask == kFullMask)
      store<T, n>(dst + i, splat<V>(value));
    else
      store_active<T, n>(dst + i, splat<V>(value), mask >> i);
  }
}

/// Calls f(element, its lanes in the frame) for each element of the destination.
template <class M, int width, class F>
PTXVM_INLINE void each_element(Warp& warp, const Op* op, F f) {
  if constexpr (width == 1) {
    f(0, lanes<Wide<M>>(warp, op->dst));
  } else {
    for (int e = 0; e < width; ++e)
      if (op->more[e] != kNoOperand) f(e, lanes<Wide<M>>(warp, op->more[e]));
  }
}

template <class M, int width>
PTXVM_INLINE void fetch_all(Warp& warp, const Op* op, const Site& site, const std::byte* p) {
  constexpr int size = sizeof(M), stride = size * width;
  const uint32_t mask = warp.mask;
  if (site.shape == Shape::uniform) {
    each_element<M, width>(
        warp, op, [&](int e, Wide<M>* dst) { fill(dst, widened(at<M>(p + e * size)), mask); });
    return;
  }
#if defined(__AVX512F__)
  if constexpr (size == 4) {
    const bool strided = stride > 4 && stride <= 16 && site.shape == Shape::contiguous;
    if (site.shape == Shape::window || strided) {
      each_element<M, width>(warp, op, [&](int e, Wide<M>* dst) {
        from_window(p + e * size, site, mask, reinterpret_cast<uint32_t*>(dst));
      });
      return;
    }
  }
#endif
  each_element<M, width>(warp, op, [&](int e, Wide<M>* dst) {
    const std::byte* from = p + e * size;
    if (mask != kFullMask)
      each_lane(mask, [&](int l) { dst[l] = widened(at<M>(from + site.relative[l])); });
    else if (site.shape == Shape::contiguous)
      for (int l = 0; l < kLanes; ++l) dst[l] = widened(at<M>(from + l * stride));
    else
      for (int l = 0; l < kLanes; ++l) dst[l] = widened(at<M>(from + site.relative[l]));
  });
}

template <class M, int width>
const Op* load_global(Warp& warp, const Op* op) {
  Site& site = warp.sites[op->site];
  fetch_all<M, width>(warp, op, site,
                      locate_global<sizeof(M) * width, true, false>(warp, op, site));
  return op + 1;
}

template <class M, int width, uint64_t bias>
const Op* load_shared(Warp& warp, const Op* op) {
  constexpr uint32_t bytes = sizeof(M) * width;
  Site& site = warp.sites[op->site];
  const SharedRequest request = shared_request<bytes>(warp, op, site, bias);
  if (!request.wavefronts) [[unlikely]]
    return learned_shared<bytes, true, false, load_shared<M, width, bias>>(warp, op, bias);
  count_shared(site, request);
  fetch_all<M, width>(warp, op, site, warp.cta->shared + request.base);
  return op + 1;
}

template <class M, int width>
const Op* load_generic(Warp& warp, const Op* op) {
  const uint32_t all = warp.mask;
  const uint64_t first = first_address(warp, op), base = displaced(op, first);
  if (base - kWindowBytes < kSharedWindow - kWindowBytes) {
    const Site& site = warp.sites[op->site];
    if (base - site.low <= site.span && same_pattern(warp, op, site, first))
      return load_global<M, width>(warp, op);
  }
  const Spaces spaces = spaces_of(warp, op);
  if (spaces.global) warp.mask = spaces.global, load_global<M, width>(warp, op);
  if (spaces.shared) warp.mask = spaces.shared, load_shared<M, width, kSharedWindow>(warp, op);
  if (spaces.local)
    warp.mask = spaces.local, load_local(warp, op, sizeof(M), std::is_signed_v<M>, kLocalWindow);
  if (spaces.param)
    warp.mask = spaces.param,
    load_parameter(warp, op, sizeof(M), std::is_signed_v<M>, kParamWindow);
  if (spaces.peer) warp.mask = spaces.peer, load_cluster(warp, op, sizeof(M), std::is_signed_v<M>);
  warp.mask = all;
  return op + 1;
}

/// Do all running lanes have the address register's first value?
PTXVM_INLINE bool same_address(Warp& warp, const Op* op, uint64_t first) {
  if (op->a == kNoOperand) return true;
  if (op->narrow_address) return false;
  constexpr int n = kVectorBytes / 8;
  const auto all = splat<Vec<uint64_t, n>>(first);
  uint32_t same = 0;
  for (int i = 0; i < kLanes; i += n)
    same |= compare<Cmp::eq>(load<uint64_t, n>(lanes<uint64_t>(warp, op->a) + i), all) << i;
  return (~same & warp.mask) == 0;
}

/// ld.param of a kernel's parameters: mostly one value for all lanes.
template <class M, int width>
const Op* load_param(Warp& warp, const Op* op) {
  constexpr uint64_t bytes = sizeof(M) * width;
  const uint64_t size = warp.worker->param_bytes, first = first_address(warp, op);
  const uint64_t offset = displaced(op, first);
  if (!same_address(warp, op, first) || offset > size || bytes > size - offset) {
    load_parameter(warp, op, sizeof(M), std::is_signed_v<M>, 0);
    return op + 1;
  }
  const std::byte* p = warp.worker->params + offset;
  each_element<M, width>(warp, op, [&](int e, Wide<M>* dst) {
    fill(dst, widened(at<M>(p + e * int(sizeof(M)))), warp.mask);
  });
  return op + 1;
}

template <class M, int width>
Selected in_space(const ptx::Instruction& in) {
  if (in.has("param::entry")) return {load_param<M, width>};
  switch (in.space()) {
    case ptx::Space::generic:
      return {load_generic<M, width>};
    case ptx::Space::global:
    case ptx::Space::constant:
      return {load_global<M, width>};
    case ptx::Space::shared:
      return {load_shared<M, width, 0>};
    default:
      return {};
  }
}

template <class M>
Selected of_width(const ptx::Instruction& in) {
  if (in.has("v2")) return in_space<M, 2>(in);
  if constexpr (sizeof(M) <= 8) {
    if (in.has("v4")) return in_space<M, 4>(in);
  }
  if constexpr (sizeof(M) == 4) {
    if (in.has("v8")) return in_space<M, 8>(in);
  }
  return in_space<M, 1>(in);
}

}  // namespace

Selected select_ld(const ptx::Instruction& in) {
  if (const Selected other = select_stack_load(in); other.handler) return other;
  if (const Selected other = select_cluster_load(in); other.handler) return other;
  if (const Selected other = select_ordered_load(in); other.handler) return other;
  const ptx::Type type = in.type();
  const bool is_signed = type == ptx::Type::s8 || type == ptx::Type::s16;
  switch (ptx::bytes_of(type)) {
    case 1:
      return is_signed ? of_width<int8_t>(in) : of_width<uint8_t>(in);
    case 2:
      return is_signed ? of_width<int16_t>(in) : of_width<uint16_t>(in);
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
Selected select_ldu(const ptx::Instruction& in) { return select_ld(in); }

}  // namespace ptxvm::PTXVM_ISA
