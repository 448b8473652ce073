#include <type_traits>

#include "kernels/detail/direct.cuh"
#include "kernels/detail/phase.cuh"
#include "kernels/detail/polyphase.h"
#include "kernels/detail/store_channels.cuh"

namespace tconv::detail {
namespace {

constexpr int kThreads = 256;
/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

/// Input channels read at once in nhwc: a whole access, for which there are registers here.
template <class E>
inline constexpr int kInputsAtOnce = kAccessBytes / sizeof(E);
/// A thread's channels are one or more runs of kRun neighbours each: one access, so that the
/// accesses of neighbouring tiles join.
template <class E, int kChannels>
inline constexpr int kRun = kChannels * sizeof(E) > kAccessBytes ? kAccessBytes / sizeof(E)
                                                                 : kChannels;

/// What a thread computes: output m of a phase, tile `number` of a group's channels.
struct PhaseTile {
  int phase, group, number;
  unsigned m;
};

/// Tiles of channels are faster than outputs, so that neighbours read the same inputs: blocks in
/// nchw, where the lanes of a warp are outputs, threads in nhwc, where they are a few of both
/// (direct.cuh).
template <Layout kLayout, int kChannels>
__device__ __forceinline__ PhaseTile phase_tile(const Shape& s, int oc_padded, int first_phase,
                                                unsigned blocks_per_phase) {
  constexpr unsigned kOutputs = kSharingPositions;
  const unsigned tiles = static_cast<unsigned>(oc_padded / kChannels);
  unsigned block = blockIdx.x, tile = 0, group = 0, m = 0;
  if constexpr (kLayout == Layout::nchw) {
    tile = block % tiles;
    group = block / tiles % s.groups;
    block = block / tiles / s.groups;
    m = block % blocks_per_phase * kThreads + threadIdx.x;
  } else {
    const unsigned thread = block % blocks_per_phase * kThreads + threadIdx.x;
    const unsigned run = thread / kOutputs;
    tile = run % tiles;
    group = run / tiles % s.groups;
    m = run / tiles / s.groups * kOutputs + thread % kOutputs;
  }
  return {first_phase + static_cast<int>(block / blocks_per_phase), static_cast<int>(group),
          static_cast<int>(tile), m};
}

/// sum[r][c] += sum over ic of x[ic] * w[ic * oc_padded + r * next_run + c].
template <Layout kLayout, class E, int kRuns, int kCount>
__device__ __forceinline__ void reduce_packed(float (&sum)[kRuns][kCount], const Shape& s,
                                              const E* from, const E* w, int oc_padded,
                                              int next_run, bool x_aligned) {
  const auto add = [&](float value) {
#pragma unroll
    for (int r = 0; r < kRuns; ++r) {
      float weights[kCount];
      load(weights, w + r * next_run, true);
#pragma unroll
      for (int c = 0; c < kCount; ++c) sum[r][c] = fmaf(value, weights[c], sum[r][c]);
    }
    w += oc_padded;
  };
  if constexpr (kLayout == Layout::nhwc) {
    for_each_neighbour<kInputsAtOnce<E>>(from, s.ic, x_aligned, add);
  } else {
    for (int ic = 0; ic < s.ic; ++ic, from += s.in_spatial) add(widen(*from));
  }
}

// y[n][oc][first + m*s] = sum over ic, j of x[n][ic][input + m - j*step] *
// packed[phase][j][ic][oc]. One thread per output of a phase and kChannels channels.
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    polyphase_kernel(const __grid_constant__ Shape s, const E* __restrict__ x,
                     const E* __restrict__ packed, E* __restrict__ y, int oc_padded,
                     OutputEpilogue epilogue, bool x_aligned, bool y_aligned, int first_phase,
                     unsigned blocks_per_phase) {
  const PhaseTile tile =
      phase_tile<kLayout, kChannels>(s, oc_padded, first_phase, blocks_per_phase);
  const Phase p = phase_at(s, tile.phase);
  if (tile.m >= static_cast<unsigned>(s.batch) * p.outputs()) return;

  // Where: the input window of this output, the weights of this phase, the output itself.
  constexpr bool kLast = kLayout == Layout::nhwc;
  const PhasePoint at = point_at(s, p, static_cast<int>(tile.m));
  const int64_t position = kLast ? int64_t{s.groups} * s.ic : 1;  // between neighbours
  x += kLast ? at.sample * (s.in_spatial * position) + int64_t{tile.group} * s.ic
             : (int64_t{at.sample} * s.groups + tile.group) * s.ic * s.in_spatial;
  constexpr int kCount = kRun<E, kChannels>, kRuns = kChannels / kCount;
  // In nhwc the first runs of all tiles are neighbours, then the second ones.
  const int next_run = kLast ? oc_padded / kRuns : kCount, next_tile = kLast ? kCount : kChannels;
  const int64_t tap_stride = int64_t{s.ic} * oc_padded;
  const E* w_tap = packed + int64_t{tile.group} * s.taps * tap_stride + tile.number * next_tile;
  if (p.taps() > 0) w_tap += first_packed_tap(s, p) * tap_stride;

  const int64_t next_channel = kLast ? 1 : s.out_spatial;
  y += kLast ? (int64_t{at.sample} * s.out_spatial + at.output) * s.groups * s.oc +
                   int64_t{tile.group} * s.oc
             : (int64_t{at.sample} * s.groups + tile.group) * s.oc * s.out_spatial + at.output;

  // Sum: a window of p.taps() inputs; only the border has to be looked for.
  float sum[kRuns][kCount] = {};
  for (int jd = 0; jd < p.d.taps; ++jd) {
    const int id = at.d - jd * s.d.step;
    for (int jh = 0; jh < p.h.taps; ++jh) {
      const int ih = at.h - jh * s.h.step;
      for (int jw = 0; jw < p.w.taps; ++jw, w_tap += tap_stride) {
        const int iw = at.w - jw * s.w.step;
        const bool inside = static_cast<unsigned>(id) < static_cast<unsigned>(s.d.in) &&
                            static_cast<unsigned>(ih) < static_cast<unsigned>(s.h.in) &&
                            static_cast<unsigned>(iw) < static_cast<unsigned>(s.w.in);
        if (!inside) continue;
        const E* const from = x + ((id * s.h.in + ih) * s.w.in + iw) * position;
        reduce_packed<kLayout>(sum, s, from, w_tap, oc_padded, next_run, x_aligned);
      }
    }
  }

  // Store: also what a phase without taps leaves to the epilogue. Padded channels stay here.
#pragma unroll
  for (int r = 0; r < kRuns; ++r) {
    const int channel = tile.number * next_tile + r * next_run;
    const int exist = s.oc - channel;
    apply(epilogue, sum[r], tile.group * s.oc + channel, exist);
    store_channels(y + channel * next_channel, static_cast<int>(next_channel), sum[r], exist,
                   kLast && y_aligned);
  }
}

/// Output channels per thread: as many as registers carry, but never at the price of another padded
/// channel.
int tile_of(int64_t channels) {
  const auto padded = [&](int tile) { return divide_up(channels, int64_t{tile}) * tile; };
  if (channels <= 2) return static_cast<int>(channels);
  return padded(8) == padded(4) ? 8 : 4;
}

int64_t padded_channels(const Problem& p) {
  const int64_t tile = tile_of(p.oc_per_group());
  return divide_up(p.oc_per_group(), tile) * tile;
}

int64_t channel_tiles(const Problem& p) {
  return p.groups * (padded_channels(p) / tile_of(p.oc_per_group()));
}

/// Threads that a phase takes in a run of blocks.
int64_t threads_per_phase(const Problem& p, Layout layout, int phase) {
  const int64_t outputs = p.batch * phase_at(make_shape(p), phase).outputs();
  if (layout == Layout::nchw) return outputs;
  return divide_up(outputs, int64_t{kSharingPositions}) * kSharingPositions * channel_tiles(p);
}

/// Each phase of a launch gets as many as its first one needs: a launch holds one phase, or all,
/// where phase 0 has the most outputs. A block that finds its phase shorter leaves at once.
int64_t blocks_per_phase(const Problem& p, Layout layout, int first) {
  return divide_up(threads_per_phase(p, layout, first), int64_t{kThreads});
}

int64_t blocks(const Problem& p, Layout layout, int first, int count) {
  return blocks_per_phase(p, layout, first) * count *
         (layout == Layout::nchw ? channel_tiles(p) : 1);
}

/// Calls body(std::integral_constant<int, tile_of(channels)>{}).
template <class Body>
void with_tile(int64_t channels, Body body) {
  switch (tile_of(channels)) {
    case 8:
      return body(std::integral_constant<int, 8>{});
    case 4:
      return body(std::integral_constant<int, 4>{});
    case 2:
      return body(std::integral_constant<int, 2>{});
    default:
      return body(std::integral_constant<int, 1>{});
  }
}

}  // namespace

int phases(const Problem& p) { return phase_count(make_shape(p)); }

std::string refuse_phases(const Problem& p, const Config& c, bool in_one_launch) {
  if (std::string reason = refuse(p, c, kFmaFusing); !reason.empty()) return reason;
  if (std::string reason = refuse_batched_outputs(p); !reason.empty()) return reason;
  if (std::string reason = PhaseWeights::refuse(p, tile_of(p.oc_per_group())); !reason.empty())
    return reason;
  if (threads_per_phase(p, c.layout, 0) > kIndexLimit) {
    return "outputs of a phase times tiles of channels must be at most " +
           std::to_string(kIndexLimit);
  }
  return refuse_grid(blocks(p, c.layout, 0, in_one_launch ? phases(p) : 1));
}

std::unique_ptr<Prepared> prepare_phases(const Call& call) {
  const Shape s = make_shape(call.problem);
  return std::make_unique<PhaseWeights>(s, call.config, call.w, tile_of(s.oc), call.stream);
}

void launch_phases(const Call& call, int first, int count) {
  const Problem& p = call.problem;
  const auto& packed = static_cast<const PhaseWeights&>(*call.prepared);
  with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    const auto* const x = static_cast<const E*>(call.x);
    auto* const y = static_cast<E*>(call.y);
    constexpr int kAtOnce = kInputsAtOnce<E>;
    const bool x_aligned = p.ic_per_group() % kAtOnce == 0 && lies_on<kAtOnce>(x);
    with_tile(p.oc_per_group(), [&](auto tile) {
      constexpr int kCount = kRun<E, tile()>;
      const bool y_aligned = p.oc_per_group() % kCount == 0 && lies_on<kCount>(y);
      launch(polyphase_kernel<E, layout(), tile()>, blocks(p, layout(), first, count), kThreads,
             call.stream, make_shape(p), x, packed.as<E>(), y, packed.oc_padded, epilogue_of(call),
             x_aligned, y_aligned, first,
             static_cast<unsigned>(blocks_per_phase(p, layout(), first)));
    });
  });
}

int64_t phase_macs(const Problem& p) {
  return p.macs_needed() / p.oc_per_group() * padded_channels(p);
}

}  // namespace tconv::detail
