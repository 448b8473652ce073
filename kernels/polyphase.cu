// polyphase: the gcd split. Outputs that share a residue modulo the stride share their taps; each
// such phase is a dense stride-1 convolution with its own small kernel, and one launch computes all
// of them, interleaved. Repacking the weights by phase is `prepare`.
#include "kernels/detail/launch.cuh"
#include "kernels/detail/phase.cuh"

namespace tconv {
namespace {

using detail::Phase;
using detail::PhasePoint;
using detail::PhaseWeights;
using detail::Shape;

constexpr int kThreads = 256;
/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

/// kCount consecutive weights, in loads as wide as the packing aligns them.
template <int kCount>
__device__ __forceinline__ void load_weights(float (&to)[kCount], const float* from) {
  if constexpr (kCount % 4 == 0) {
#pragma unroll
    for (int i = 0; i < kCount; i += 4) {
      const float4 four = *reinterpret_cast<const float4*>(from + i);
      to[i] = four.x, to[i + 1] = four.y, to[i + 2] = four.z, to[i + 3] = four.w;
    }
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) to[i] = from[i];
  }
}

// y[n][oc][first + m*s] = sum over ic, j of x[n][ic][input + m - j*step] *
// packed[phase][j][ic][oc]. One block per phase, channel tile and 256 outputs of the phase; one
// thread per output and kChannels channels. The weights are the same for the whole block: each load
// is one broadcast.
template <int kChannels>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    polyphase_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                     const float* __restrict__ packed, float* __restrict__ y, int oc_padded,
                     unsigned blocks_per_phase) {
  // Which: channel tiles fastest, so that neighbouring blocks read the same inputs.
  const unsigned tiles = static_cast<unsigned>(oc_padded / kChannels);
  const unsigned tile = blockIdx.x % tiles;
  const unsigned group = blockIdx.x / tiles % s.groups;
  const unsigned block = blockIdx.x / tiles / s.groups;
  const Phase p = detail::phase_at(s, static_cast<int>(block / blocks_per_phase));
  const unsigned m = block % blocks_per_phase * kThreads + threadIdx.x;
  if (m >= static_cast<unsigned>(s.batch) * p.outputs()) return;

  // Where: the input window of this output, the weights of this phase.
  const PhasePoint at = detail::point_at(s, p, static_cast<int>(m));
  x += (int64_t{at.sample} * s.groups + group) * s.ic * s.in_spatial;
  const int64_t tap_stride = int64_t{s.ic} * oc_padded;
  const float* w_tap = packed + int64_t{group} * s.taps * tap_stride + int64_t{tile} * kChannels;
  if (p.taps() > 0) w_tap += detail::first_packed_tap(s, p) * tap_stride;

  // Sum: a window of p.taps() inputs; only the border has to be looked for.
  float sum[kChannels] = {};
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
        const float* from = x + (id * s.h.in + ih) * s.w.in + iw;
        const float* w = w_tap;
        for (int ic = 0; ic < s.ic; ++ic, from += s.in_spatial, w += oc_padded) {
          float weights[kChannels];
          load_weights(weights, w);
          const float value = *from;
#pragma unroll
          for (int c = 0; c < kChannels; ++c) sum[c] = fmaf(value, weights[c], sum[c]);
        }
      }
    }
  }

  // Store: also the zeros of a phase without taps. Padded channels stay here.
  const int oc = static_cast<int>(tile) * kChannels;
  y += ((int64_t{at.sample} * s.groups + group) * s.oc + oc) * s.out_spatial + at.output;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) {
    if (oc + c < s.oc) y[int64_t{c} * s.out_spatial] = sum[c];
  }
}

/// Output channels per thread: as many as registers carry, but never at the price of another padded
/// channel.
int tile_of(int64_t channels) {
  const auto padded = [&](int tile) { return detail::divide_up(channels, int64_t{tile}) * tile; };
  if (channels <= 2) return static_cast<int>(channels);
  return padded(8) == padded(4) ? 8 : 4;
}

int64_t padded_channels(const Problem& p) {
  const int64_t tile = tile_of(p.oc_per_group());
  return detail::divide_up(p.oc_per_group(), tile) * tile;
}

/// Phase 0 has the most outputs on every axis; a block that finds its phase shorter leaves at once.
int64_t blocks_per_phase(const Problem& p) {
  const int64_t outputs = detail::phase_at(detail::make_shape(p), 0).outputs();
  return detail::divide_up(p.batch * outputs, int64_t{kThreads});
}

int64_t blocks(const Problem& p) {
  return blocks_per_phase(p) * detail::phase_count(detail::make_shape(p)) * p.groups *
         (padded_channels(p) / tile_of(p.oc_per_group()));
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kF32Nchw); !reason.empty()) return reason;
  if (std::string reason = detail::refuse_batched_outputs(p); !reason.empty()) return reason;
  if (std::string reason = PhaseWeights::refuse(p, tile_of(p.oc_per_group())); !reason.empty())
    return reason;
  return detail::refuse_grid(blocks(p));
}

std::unique_ptr<Prepared> prepare(const Call& call) {
  const Shape s = detail::make_shape(call.problem);
  return std::make_unique<PhaseWeights>(s, static_cast<const float*>(call.w), tile_of(s.oc),
                                        call.stream);
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const auto& packed = static_cast<const PhaseWeights&>(*call.prepared);
  const auto run = [&](auto kernel) {
    detail::launch(kernel, blocks(p), kThreads, call.stream, detail::make_shape(p),
                   static_cast<const float*>(call.x), static_cast<const float*>(packed.data.data()),
                   static_cast<float*>(call.y), packed.oc_padded,
                   static_cast<unsigned>(blocks_per_phase(p)));
  };
  switch (tile_of(p.oc_per_group())) {
    case 8:
      return run(polyphase_kernel<8>);
    case 4:
      return run(polyphase_kernel<4>);
    case 2:
      return run(polyphase_kernel<2>);
    default:
      return run(polyphase_kernel<1>);
  }
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "polyphase",
    .summary = "one dense stride-1 convolution per phase of the outputs, all in one launch",
    .supports = supports,
    // One multiply-add per valid (input, tap) and channel pair, output channels padded to the tile.
    .macs_executed =
        [](const Problem& p, const Config&) {
          return p.macs_needed() / p.oc_per_group() * padded_channels(p);
        },
    .prepare = prepare,
    .launch = launch,
})

}  // namespace tconv
