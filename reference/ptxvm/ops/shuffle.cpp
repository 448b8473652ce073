// shfl: lanes read each other's registers. PTX ISA 9.0, section 9.7.9.6.
#include "reference/ptxvm/ops/types.h"

namespace ptxvm::PTXVM_ISA {
namespace {

using Lane = Vec<int32_t, kVectorBytes / 4>;
constexpr int kStep = kLanesOf<Lane>;

enum class Mode : int64_t { up, down, bfly, idx };

/// Lane numbers of a chunk.
PTXVM_INLINE Lane lane_numbers(int first) {
  Lane v{};
  for (int i = 0; i < kStep; ++i) v[i] = first + i;
  return v;
}

/// source[index], index < 32.
PTXVM_INLINE Lane pick(const Lane (&source)[kLanes / kStep], Lane index) {
#if defined(__AVX512F__)
  return as<Lane>(_mm512_permutex2var_epi32(as<__m512i>(source[0]), as<__m512i>(index),
                                            as<__m512i>(source[1])));
#else
  Lane r{};
  for (int i = 0; i < kStep; ++i) r[i] = source[index[i] / kStep][index[i] % kStep];
  return r;
#endif
}

/// Which lane each lane reads, before the range is looked at.
template <Mode mode>
PTXVM_INLINE Lane source_lane(Lane lane, Lane b, Lane lowest, Lane segment) {
  if constexpr (mode == Mode::up) return lane - b;
  if constexpr (mode == Mode::down) return lane + b;
  if constexpr (mode == Mode::bfly) return lane ^ b;
  return lowest | (b & ~segment);
}

template <Mode mode>
const Op* shfl(Warp& w, const Op* op) {
  if (op->d != kNoOperand && !converge(w, op, lanes<uint32_t>(w, op->d)[__builtin_ctz(w.mask)]))
    return nullptr;
  const int32_t *a = lanes<int32_t>(w, op->a), *b = lanes<int32_t>(w, op->b),
                *c = lanes<int32_t>(w, op->c);
  int32_t* d = op->dst == kNoOperand ? nullptr : lanes<int32_t>(w, op->dst);
  Lane source[kLanes / kStep], result[kLanes / kStep];
  for (int i = 0; i < kLanes / kStep; ++i) source[i] = load<int32_t, kStep>(a + i * kStep);
  uint32_t in_range = 0;
  for (int i = 0; i < kLanes / kStep; ++i) {
    const Lane lane = lane_numbers(i * kStep), control = load<int32_t, kStep>(c + i * kStep);
    const Lane segment = control >> 8 & 31, lowest = lane & segment,
               bound = lowest | (control & 31 & ~segment);
    const Lane from =
        source_lane<mode>(lane, load<int32_t, kStep>(b + i * kStep) & 31, lowest, segment);
    const auto valid = mode == Mode::up ? from >= bound : from <= bound;
    in_range |= bits_of(valid) << (i * kStep);
    result[i] = pick(source, select<Lane>(valid, from, lane));
  }
  if (d)
    for (int i = 0; i < kLanes / kStep; ++i)
      store_active<int32_t, kStep>(d + i * kStep, result[i], w.mask >> (i * kStep));
  if (op->second != kNoOperand) set_predicate(w, op->second, in_range);
  return op + 1;
}

}  // namespace

Selected select_shfl(const ptx::Instruction& in) {
  if (in.has("up")) return {shfl<Mode::up>};
  if (in.has("down")) return {shfl<Mode::down>};
  if (in.has("bfly")) return {shfl<Mode::bfly>};
  return in.has("idx") ? Selected{shfl<Mode::idx>} : Selected{};
}

}  // namespace ptxvm::PTXVM_ISA
