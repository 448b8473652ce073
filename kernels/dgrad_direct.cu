// dgrad_direct: the gradient of the input is a convolution of y's gradient. One thread per input
// position: the taps that stay inside the output form one range per axis, found in closed form, so
// that nothing is tested in the loop and nothing cropped is multiplied.
#include "kernels/detail/launch.cuh"
#include "kernels/detail/reduce_channels.cuh"

namespace tconv {
namespace {

using detail::Shape;
using detail::Span;

constexpr int kThreads = 256;
/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

// x[n][ic][i] = sum over oc and taps t of y[n][oc][i*s - crop + t*d] * w[ic][oc][t].
// One thread per input position and kChannels input channels; lanes are neighbouring positions.
template <int kChannels>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    dgrad_kernel(const __grid_constant__ Shape s, const float* __restrict__ y,
                 const float* __restrict__ w, float* __restrict__ x, unsigned blocks_per_tile) {
  const unsigned tile = blockIdx.x / blocks_per_tile;  // (batch, group, channel tile)
  const int64_t position = int64_t{blockIdx.x % blocks_per_tile} * kThreads + threadIdx.x;
  if (position >= s.in_spatial) return;

  // Where: this thread's input, and the taps through which it reaches an output.
  const int i = static_cast<int>(position);
  const int id = i / (s.h.in * s.w.in), ih = i / s.w.in % s.h.in, iw = i % s.w.in;
  const Span td = detail::taps_from(s.d, id), th = detail::taps_from(s.h, ih);
  const Span tw = detail::taps_from(s.w, iw);
  const unsigned tiles = static_cast<unsigned>(s.ic / kChannels);
  const unsigned sample_group = tile / tiles;
  const int64_t first_channel =
      int64_t{sample_group % s.groups} * s.ic + int64_t{tile % tiles} * kChannels;
  const int64_t w_channel = int64_t{s.oc} * s.taps;  // between input channels
  y += int64_t{sample_group} * s.oc * s.out_spatial;
  w += first_channel * w_channel;

  // Sum: each tap reduced over the output channels.
  float sum[kChannels] = {};
  for (int jd = td.first; jd < td.first + td.count; ++jd) {
    const int od = id * s.d.stride - s.d.crop + jd * s.d.dilation;
    for (int jh = th.first; jh < th.first + th.count; ++jh) {
      const int oh = ih * s.h.stride - s.h.crop + jh * s.h.dilation;
      for (int jw = tw.first; jw < tw.first + tw.count; ++jw) {
        const int ow = iw * s.w.stride - s.w.crop + jw * s.w.dilation;
        const int o = (od * s.h.out + oh) * s.w.out + ow;
        const int t = (jd * s.h.kernel + jh) * s.w.kernel + jw;
        detail::reduce_channels(sum, y + o, s.out_spatial, w + t, s.taps, w_channel, s.oc);
      }
    }
  }

  // Store: every input, also those of which all taps are cropped.
  x += int64_t{tile} * kChannels * s.in_spatial + position;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) x[int64_t{c} * s.in_spatial] = sum[c];
}

int64_t blocks_per_tile(const Problem& p) {
  return detail::divide_up(p.in_spatial(), int64_t{kThreads});
}

int64_t blocks(const Problem& p) {
  return p.batch * p.in_channels / detail::channel_tile(p.ic_per_group()) * blocks_per_tile(p);
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  detail::with_channel_tile(p.ic_per_group(), [&](auto tile) {
    detail::launch(dgrad_kernel<tile()>, blocks(p), kThreads, call.stream, detail::make_shape(p),
                   static_cast<const float*>(call.y), static_cast<const float*>(call.w),
                   static_cast<float*>(call.x), static_cast<unsigned>(blocks_per_tile(p)));
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "dgrad_direct",
    .op = Op::dgrad,
    .summary = "one thread per input position: only the taps that stay inside the output",
    .supports =
        [](const Problem& p, const Config& c) {
          const std::string reason = detail::refuse(p, c, detail::kF32Nchw);
          return reason.empty() ? detail::refuse_grid(blocks(p)) : reason;
        },
    // One multiply-add per valid (input, tap) and channel pair: the channel tile divides ic/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .launch = launch,
})

}  // namespace tconv
