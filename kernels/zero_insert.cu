// zero_insert: the textbook's first definition, materialised. Stretch the input with s-1 zeros
// between neighbours, pad it, and correlate at stride 1 with the kernel rotated by 180 degrees.
// About s^D times the multiplications that are needed: macs_executed counts them all.
#include <algorithm>

#include "kernels/detail/direct.cuh"

namespace tconv {
namespace {

using detail::AxisIndex;
using detail::DirectTile;
using detail::Shape;

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

/// Elements of one stretched channel.
__host__ __device__ constexpr int stretched(const Shape& s) {
  return stretched(s.d) * stretched(s.h) * stretched(s.w);
}

// stretched[n][ic][u] = x[n][ic][i] where an input sits at u, else 0. One thread per element.
template <class E, Layout kLayout>
__global__ void __launch_bounds__(detail::kDirectThreads)
    stretch_kernel(const __grid_constant__ Shape s, const E* __restrict__ x, E* __restrict__ out,
                   detail::DirectPart part) {
  const int h = stretched(s.h), w = stretched(s.w), channels = s.groups * s.ic;
  const DirectTile tile = detail::direct_tile<kLayout, 1>(1, channels, stretched(s), part);
  if (tile.none) return;
  const int u = tile.position;
  const int id = input_at(s.d, u / (h * w)), ih = input_at(s.h, u / w % h),
            iw = input_at(s.w, u % w);
  E value = detail::narrow<E>(0);
  if (id >= 0 && ih >= 0 && iw >= 0) {
    value = x[detail::element_at<kLayout>(1, channels, s.in_spatial, tile,
                                          (int64_t{id} * s.h.in + ih) * s.w.in + iw)];
  }
  out[tile.output] = value;
}

// y[n][oc][o] = sum over ic, t of stretched[n][ic][o + t*d] * w[ic][oc][k-1-t].
// One thread per output position and kChannels output channels. The padding leaves nothing to test
// in the loops.
template <class E, Layout kLayout, int kChannels>
__global__ void __launch_bounds__(detail::kDirectThreads)
    correlate_kernel(const __grid_constant__ Shape s, const E* __restrict__ x,
                     const E* __restrict__ w, E* __restrict__ y, detail::OutputEpilogue epilogue,
                     detail::DirectAlignment aligned, detail::DirectPart part) {
  const DirectTile tile =
      detail::direct_tile<kLayout, kChannels>(s.groups, s.oc, s.out_spatial, part);
  if (tile.none) return;
  const int o = tile.position;
  const int od = o / (s.h.out * s.w.out), oh = o / s.w.out % s.h.out, ow = o % s.w.out;
  const int uh = stretched(s.h), uw = stretched(s.w);
  const detail::TapOperands<E, kLayout, kChannels> operands(s, stretched(s), x, w, tile, aligned);

  float sum[kChannels] = {};
  int rotated = s.taps;  // a kernel read backwards is a kernel rotated by 180 degrees
  for (int td = 0; td < s.d.kernel; ++td) {
    for (int th = 0; th < s.h.kernel; ++th) {
      const int row = ((od + td * s.d.dilation) * uh + oh + th * s.h.dilation) * uw + ow;
      for (int tw = 0; tw < s.w.kernel; ++tw) {
        operands.reduce(sum, row + tw * s.w.dilation, --rotated);
      }
    }
  }
  detail::apply(epilogue, sum, tile.group * s.oc + tile.channel);
  detail::store_tile<kLayout>(y + tile.output, s.out_spatial, sum, aligned.y);
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

int64_t bytes_per_sample(const Problem& p, const Config& c) {
  return p.in_channels * stretched_size(p) * size_of(c.dtype);
}

/// Samples that go through the workspace at a time.
int64_t batch_part(const Problem& p, const Config& c) {
  return std::clamp(kWorkspaceGoal / bytes_per_sample(p, c), int64_t{1},
                    std::max<int64_t>(p.batch, 1));
}

detail::DirectGrid stretch_grid(const Problem& p, Layout layout, int64_t samples) {
  return detail::direct_grid(layout, samples, p.in_channels, 1, stretched_size(p),
                             detail::kOnePosition);
}

detail::DirectGrid correlate_grid(const Problem& p, Layout layout, int64_t samples) {
  return detail::direct_grid(layout, samples, p.out_channels,
                             detail::channel_tile(p.oc_per_group()), p.out_spatial());
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kFmaFusing); !reason.empty()) return reason;
  if (stretched_size(p) > detail::kIndexLimit) {
    return "zero-inserted input has " + std::to_string(stretched_size(p)) +
           " elements per channel or more: must be at most " + std::to_string(detail::kIndexLimit);
  }
  const int64_t samples = batch_part(p, c);
  std::string reason = detail::refuse_grid(stretch_grid(p, c.layout, samples));
  return reason.empty() ? detail::refuse_grid(correlate_grid(p, c.layout, samples)) : reason;
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  const Shape s = detail::make_shape(p);
  const int64_t part = batch_part(p, call.config);
  detail::with_storage(call.config, [&](auto element, auto layout) {
    using E = decltype(element);
    auto* const zero_inserted = static_cast<E*>(call.workspace);
    const auto* const w = static_cast<const E*>(call.w);
    for (int64_t first = 0; first < p.batch; first += part) {
      const int64_t samples = std::min(part, p.batch - first);
      const auto* const x = static_cast<const E*>(call.x) + first * p.in_channels * s.in_spatial;
      auto* const y = static_cast<E*>(call.y) + first * p.out_channels * s.out_spatial;
      const detail::DirectGrid stretch = stretch_grid(p, layout(), samples);
      detail::launch(stretch_kernel<E, layout()>, stretch.blocks, detail::kDirectThreads,
                     call.stream, s, x, zero_inserted, stretch.part());
      const detail::DirectGrid correlate = correlate_grid(p, layout(), samples);
      detail::with_channel_tile(s.oc, [&](auto tile) {
        detail::launch(
            correlate_kernel<E, layout(), tile()>, correlate.blocks, detail::kDirectThreads,
            call.stream, s, static_cast<const E*>(zero_inserted), w, y, detail::epilogue_of(call),
            detail::direct_alignment<tile()>(zero_inserted, w, y, s.ic), correlate.part());
      });
    }
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "zero_insert",
    .summary = "input stretched with zeros, then a stride-1 correlation: the definition, with all "
               "of its waste",
    .supports = supports,
    .workspace =
        [](const Problem& p, const Config& c) {
          return p.batch == 0 ? 0 : batch_part(p, c) * bytes_per_sample(p, c);
        },
    // Every tap at every output, zeros included; the channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.flops_dense_output() / 2; },
    .launch = launch,
})

}  // namespace tconv
