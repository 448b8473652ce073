// gather: output-stationary. Each output asks which taps reach it, computes the first by residue,
// and steps from valid tap to valid tap; nothing is scanned and nothing is multiplied by an
// inserted zero.
#include "kernels/detail/launch.cuh"
#include "kernels/detail/reduce_channels.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::TapRun;

constexpr int kThreads = 256;
/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

// y[n][oc][o] = sum over (i, t) with i*s - crop + t*d = o of x[n][ic][i] * w[ic][oc][t].
// One thread per output position and kChannels output channels; lanes are neighbouring positions.
template <int kChannels>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    gather_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                  const float* __restrict__ w, float* __restrict__ y, unsigned blocks_per_tile) {
  const unsigned tile = blockIdx.x / blocks_per_tile;  // (batch, group, channel tile)
  const int64_t position = int64_t{blockIdx.x % blocks_per_tile} * kThreads + threadIdx.x;
  if (position >= s.out_spatial) return;

  // Where: this thread's output, its sample and its group.
  const int o = static_cast<int>(position);
  const TapRun rd = detail::taps_of(s.d, o / (s.h.out * s.w.out));
  const TapRun rh = detail::taps_of(s.h, o / s.w.out % s.h.out);
  const TapRun rw = detail::taps_of(s.w, o % s.w.out);
  const unsigned tiles = static_cast<unsigned>(s.oc / kChannels);
  const unsigned sample_group = tile / tiles;
  const unsigned group = sample_group % s.groups;
  const int64_t w_stride = int64_t{s.oc} * s.taps;  // between input channels
  x += int64_t{sample_group} * s.ic * s.in_spatial;
  w += group * s.ic * w_stride + int64_t{tile % tiles} * kChannels * s.taps;

  // Sum: the valid taps of each axis, each reduced over the input channels.
  float sum[kChannels] = {};
  for (int jd = 0; jd < rd.count; ++jd) {
    const int id = rd.input - jd * s.d.step, td = rd.tap + jd * s.d.classes;
    for (int jh = 0; jh < rh.count; ++jh) {
      const int ih = id * s.h.in + rh.input - jh * s.h.step;
      const int th = td * s.h.kernel + rh.tap + jh * s.h.classes;
      for (int jw = 0; jw < rw.count; ++jw) {
        const int i = ih * s.w.in + rw.input - jw * s.w.step;
        const int t = th * s.w.kernel + rw.tap + jw * s.w.classes;
        detail::reduce_channels(sum, x + i, s.in_spatial, w + t, w_stride, s.taps, s.ic);
      }
    }
  }

  // Store: every output, also those that no tap reaches.
  y += int64_t{tile} * kChannels * s.out_spatial + position;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) y[int64_t{c} * s.out_spatial] = sum[c];
}

int64_t blocks_per_tile(const Problem& p) {
  return detail::divide_up(p.out_spatial(), int64_t{kThreads});
}

int64_t blocks(const Problem& p) {
  return p.batch * p.out_channels / detail::channel_tile(p.oc_per_group()) * blocks_per_tile(p);
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
    detail::launch(gather_kernel<tile()>, blocks(p), kThreads, call.stream, detail::make_shape(p),
                   static_cast<const float*>(call.x), static_cast<const float*>(call.w),
                   static_cast<float*>(call.y), static_cast<unsigned>(blocks_per_tile(p)));
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "gather",
    .summary = "one thread per output position: only the taps that reach it, found by residue",
    .supports =
        [](const Problem& p, const Config& c) {
          const std::string reason = detail::refuse_unless_f32_nchw(p, c);
          return reason.empty() ? detail::refuse_grid(blocks(p)) : reason;
        },
    // One multiply-add per valid (input, tap) and channel pair: the channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .launch = launch,
})

}  // namespace tconv
