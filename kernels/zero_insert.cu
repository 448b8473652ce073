// zero_insert: the textbook's first definition, materialised. Stretch the input with s-1 zeros
// between neighbours, pad it, and correlate at stride 1 with the kernel rotated by 180 degrees.
// About s^D times the multiplications that are needed: macs_executed counts them all.
#include <algorithm>

#include "kernels/detail/launch.cuh"
#include "kernels/detail/reduce_channels.cuh"

namespace tconv {
namespace {

using detail::AxisIndex;
using detail::Shape;

constexpr int kThreads = 256;
/// Above this many bytes the batch is taken in parts, one after the other through the same
/// workspace.
constexpr int64_t kWorkspaceGoal = int64_t{1} << 30;

/// Extent of a stretched and padded axis: every output sees all of its d*(k-1)+1 neighbours.
__host__ __device__ constexpr int stretched(const AxisIndex& a) {
  return a.out + a.dilation * (a.kernel - 1);
}

/// The input that sits at place u of a stretched axis, or -1 for a zero. Output 0 with tap 0 lies
/// d*(k-1) - crop to the right of the low end, which is the padding; a negative one crops.
__device__ int input_at(const AxisIndex& a, int u) {
  const int place = u - (a.dilation * (a.kernel - 1) - a.crop);
  const bool inside = place >= 0 && place % a.stride == 0 && place / a.stride < a.in;
  return inside ? place / a.stride : -1;
}

// stretched[n][ic][u] = x[n][ic][i] where an input sits at u, else 0. One thread per element.
__global__ void __launch_bounds__(kThreads)
    stretch_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                   float* __restrict__ out, unsigned blocks_per_channel) {
  const int h = stretched(s.h), w = stretched(s.w), size = stretched(s.d) * h * w;
  const unsigned channel = blockIdx.x / blocks_per_channel;  // (batch, channel)
  const int64_t place = int64_t{blockIdx.x % blocks_per_channel} * kThreads + threadIdx.x;
  if (place >= size) return;
  const int u = static_cast<int>(place);
  const int id = input_at(s.d, u / (h * w)), ih = input_at(s.h, u / w % h),
            iw = input_at(s.w, u % w);
  float value = 0;
  if (id >= 0 && ih >= 0 && iw >= 0) {
    value = x[int64_t{channel} * s.in_spatial + (int64_t{id} * s.h.in + ih) * s.w.in + iw];
  }
  out[int64_t{channel} * size + place] = value;
}

// y[n][oc][o] = sum over ic, t of stretched[n][ic][o + t*d] * w[ic][oc][k-1-t].
// One thread per output position and kChannels output channels. The padding leaves nothing to test
// in the loops.
template <int kChannels>
__global__ void __launch_bounds__(kThreads)
    correlate_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                     const float* __restrict__ w, float* __restrict__ y, unsigned blocks_per_tile) {
  const unsigned tile = blockIdx.x / blocks_per_tile;  // (batch, group, channel tile)
  const int64_t position = int64_t{blockIdx.x % blocks_per_tile} * kThreads + threadIdx.x;
  if (position >= s.out_spatial) return;
  const int o = static_cast<int>(position);
  const int od = o / (s.h.out * s.w.out), oh = o / s.w.out % s.h.out, ow = o % s.w.out;
  const int uh = stretched(s.h), uw = stretched(s.w), size = stretched(s.d) * uh * uw;
  const unsigned tiles = static_cast<unsigned>(s.oc / kChannels);
  const unsigned sample_group = tile / tiles;
  const unsigned group = sample_group % s.groups;
  const int64_t w_stride = int64_t{s.oc} * s.taps;  // between input channels
  x += int64_t{sample_group} * s.ic * size;
  w += group * s.ic * w_stride + int64_t{tile % tiles} * kChannels * s.taps;

  float sum[kChannels] = {};
  const float* rotated = w + s.taps;  // a kernel read backwards is a kernel rotated by 180 degrees
  for (int td = 0; td < s.d.kernel; ++td) {
    for (int th = 0; th < s.h.kernel; ++th) {
      const int row = ((od + td * s.d.dilation) * uh + oh + th * s.h.dilation) * uw + ow;
      for (int tw = 0; tw < s.w.kernel; ++tw) {
        const float* const from = x + row + tw * s.w.dilation;
        detail::reduce_channels(sum, from, size, --rotated, w_stride, s.taps, s.ic);
      }
    }
  }
  y += int64_t{tile} * kChannels * s.out_spatial + position;
#pragma unroll
  for (int c = 0; c < kChannels; ++c) y[int64_t{c} * s.out_spatial] = sum[c];
}

/// Elements of one stretched channel, or any number beyond kIndexLimit if they are that many.
int64_t stretched_size(const Problem& p) {
  int64_t size = 1;
  for (const Axis& a : p.axes) {
    if (size > detail::kIndexLimit) break;  // too large already: the rest could overflow
    size *= a.out + a.dilation * (a.kernel - 1);
  }
  return size;
}

int64_t bytes_per_sample(const Problem& p) {
  return p.in_channels * stretched_size(p) * static_cast<int64_t>(sizeof(float));
}

/// Samples that go through the workspace at a time.
int64_t batch_part(const Problem& p) {
  return std::clamp(kWorkspaceGoal / bytes_per_sample(p), int64_t{1},
                    std::max<int64_t>(p.batch, 1));
}

int64_t blocks_per_channel(int64_t positions) {
  return detail::divide_up(positions, int64_t{kThreads});
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kF32Nchw); !reason.empty()) return reason;
  if (stretched_size(p) > detail::kIndexLimit) {
    return "zero-inserted input has " + std::to_string(stretched_size(p)) +
           " elements per channel or more: must be at most " + std::to_string(detail::kIndexLimit);
  }
  const int64_t stretch = batch_part(p) * p.in_channels * blocks_per_channel(stretched_size(p));
  const int64_t correlate = batch_part(p) * p.out_channels * blocks_per_channel(p.out_spatial());
  return detail::refuse_grid(std::max(stretch, correlate));
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const Shape s = detail::make_shape(p);
  const int64_t stretch_blocks = blocks_per_channel(stretched_size(p));
  const int64_t output_blocks = blocks_per_channel(p.out_spatial());
  auto* const stretched_x = static_cast<float*>(call.workspace);
  for (int64_t first = 0; first < p.batch; first += batch_part(p)) {
    const int64_t samples = std::min(batch_part(p), p.batch - first);
    const float* const x = static_cast<const float*>(call.x) + first * p.in_channels * s.in_spatial;
    float* const y = static_cast<float*>(call.y) + first * p.out_channels * s.out_spatial;
    detail::launch(stretch_kernel, samples * p.in_channels * stretch_blocks, kThreads, call.stream,
                   s, x, stretched_x, static_cast<unsigned>(stretch_blocks));
    detail::with_channel_tile(s.oc, [&](auto tile) {
      detail::launch(correlate_kernel<tile()>, samples * p.out_channels / tile() * output_blocks,
                     kThreads, call.stream, s, static_cast<const float*>(stretched_x),
                     static_cast<const float*>(call.w), y, static_cast<unsigned>(output_blocks));
    });
  }
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "zero_insert",
    .summary = "input stretched with zeros, then a stride-1 correlation: the definition, with all "
               "of its waste",
    .supports = supports,
    .workspace =
        [](const Problem& p, const Config&) {
          return p.batch == 0 ? 0 : batch_part(p) * bytes_per_sample(p);
        },
    // Every tap at every output, zeros included; the channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.flops_dense_output() / 2; },
    .launch = launch,
})

}  // namespace tconv
