// scatter_atomic: input-stationary. Each input position, for each tap, first reduces its input
// channels in registers and then adds one number to the output it reaches: one atomic per
// (position, tap, output channel), never per input channel. Where no two inputs reach the same
// output (k <= s and its kin) plain stores do, and the result is deterministic.
#include <algorithm>

#include "kernels/detail/launch.cuh"
#include "kernels/detail/reduce_channels.cuh"

namespace tconv {
namespace {

using detail::AxisIndex;
using detail::Shape;

constexpr int kThreads = 256;
/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

// y[n][oc][i*s - crop + t*d] += sum over ic of x[n][ic][i] * w[ic][oc][t].
// One thread per input position and kChannels output channels; lanes are neighbouring positions, so
// that all of them want the same weights at the same time.
template <int kChannels, bool kAtomic>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    scatter_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                   const float* __restrict__ w, float* __restrict__ y, unsigned blocks_per_tile) {
  const unsigned tile = blockIdx.x / blocks_per_tile;  // (batch, group, channel tile)
  const int64_t position = int64_t{blockIdx.x % blocks_per_tile} * kThreads + threadIdx.x;
  if (position >= s.in_spatial) return;

  // Where: this thread's input, and the output that its tap 0 would reach.
  const int i = static_cast<int>(position);
  const int od0 = i / (s.h.in * s.w.in) * s.d.stride - s.d.crop;
  const int oh0 = i / s.w.in % s.h.in * s.h.stride - s.h.crop;
  const int ow0 = i % s.w.in * s.w.stride - s.w.crop;
  const unsigned tiles = static_cast<unsigned>(s.oc / kChannels);
  const unsigned sample_group = tile / tiles;
  const unsigned group = sample_group % s.groups;
  const int64_t w_stride = int64_t{s.oc} * s.taps;  // between input channels
  x += int64_t{sample_group} * s.ic * s.in_spatial + position;
  w += group * s.ic * w_stride + int64_t{tile % tiles} * kChannels * s.taps;
  y += int64_t{tile} * kChannels * s.out_spatial;

  for (int t = 0; t < s.taps; ++t) {
    const int od = od0 + t / (s.h.kernel * s.w.kernel) * s.d.dilation;
    const int oh = oh0 + t / s.w.kernel % s.h.kernel * s.h.dilation;
    const int ow = ow0 + t % s.w.kernel * s.w.dilation;
    const bool cropped = static_cast<unsigned>(od) >= static_cast<unsigned>(s.d.out) ||
                         static_cast<unsigned>(oh) >= static_cast<unsigned>(s.h.out) ||
                         static_cast<unsigned>(ow) >= static_cast<unsigned>(s.w.out);
    if (cropped) continue;

    float sum[kChannels] = {};
    detail::reduce_channels(sum, x, s.in_spatial, w + t, w_stride, s.taps, s.ic);
    float* const target = y + (int64_t{od} * s.h.out + oh) * s.w.out + ow;
#pragma unroll
    for (int c = 0; c < kChannels; ++c) {
      if constexpr (kAtomic) {
        atomicAdd(target + int64_t{c} * s.out_spatial, sum[c]);
      } else {
        target[int64_t{c} * s.out_spatial] = sum[c];
      }
    }
  }
}

/// True if two inputs of this axis reach one output: their taps are `classes` apart, they
/// themselves `step`. Cropping is not considered.
bool overlaps(const AxisIndex& a) { return a.kernel > a.classes && a.in > a.step; }

bool overlaps(const Problem& p) {
  const Shape s = detail::make_shape(p);
  return overlaps(s.d) || overlaps(s.h) || overlaps(s.w);
}

/// True if plain stores leave an output unwritten. Without overlap, valid pairs and reached outputs
/// are the same in number.
bool has_gaps(const Problem& p) {
  return std::any_of(p.axes.begin(), p.axes.end(),
                     [](const Axis& a) { return a.valid_pairs() < a.out; });
}

int64_t blocks_per_tile(const Problem& p) {
  return detail::divide_up(p.in_spatial(), int64_t{kThreads});
}

int64_t blocks(const Problem& p) {
  return p.batch * p.out_channels / detail::channel_tile(p.oc_per_group()) * blocks_per_tile(p);
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  if (p.y_size() == 0) return;
  const bool atomic = overlaps(p);
  if (atomic || has_gaps(p)) {
    const size_t bytes = static_cast<size_t>(p.y_size()) * sizeof(float);
    TCONV_CUDA(cudaMemsetAsync(call.y, 0, bytes, call.stream));
  }
  detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
    const auto kernel = atomic ? scatter_kernel<tile(), true> : scatter_kernel<tile(), false>;
    detail::launch(kernel, blocks(p), kThreads, call.stream, detail::make_shape(p),
                   static_cast<const float*>(call.x), static_cast<const float*>(call.w),
                   static_cast<float*>(call.y), static_cast<unsigned>(blocks_per_tile(p)));
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "scatter_atomic",
    .summary = "one thread per input position: channels reduced in registers, one atomic per tap; "
               "plain stores where nothing overlaps",
    .supports =
        [](const Problem& p, const Config& c) {
          const std::string reason = detail::refuse(p, c, detail::kF32Nchw);
          return reason.empty() ? detail::refuse_grid(blocks(p)) : reason;
        },
    // One multiply-add per valid (input, tap) and channel pair: cropped taps are skipped, the
    // channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .deterministic = [](const Problem& p, const Config&) { return !overlaps(p); },
    .launch = launch,
})

}  // namespace tconv
