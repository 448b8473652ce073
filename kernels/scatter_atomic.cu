// scatter_atomic: input-stationary. Each input position, for each tap, first reduces its input
// channels in registers and then adds one number to the output it reaches: one atomic per
// (position, tap, output channel), never per input channel. Where no two inputs reach the same
// output (k <= s and its kin) plain stores do, and the result is deterministic. f16 and bf16 are
// added up in a float workspace and rounded once, in a launch of its own.
#include <algorithm>
#include <type_traits>

#include "kernels/detail/direct.cuh"
#include "kernels/detail/narrow.h"

namespace tconv {
namespace {

using detail::AxisIndex;
using detail::DirectTile;
using detail::Shape;

/// Grants 64 registers a thread; left alone, ptxas aims for fewer and spills.
constexpr int kBlocksPerSm = 4;

// y[n][oc][i*s - crop + t*d] += sum over ic of x[n][ic][i] * w[ic][oc][t].
// One thread per input position and kChannels output channels. Atomic additions are to floats: in a
// narrower type each would round.
template <class E, class Sum, Layout kLayout, int kChannels, bool kAtomic>
__global__ void __launch_bounds__(detail::kDirectThreads, kBlocksPerSm)
    scatter_kernel(const __grid_constant__ Shape s, const E* __restrict__ x,
                   const E* __restrict__ w, Sum* __restrict__ y, detail::OutputEpilogue epilogue,
                   detail::DirectAlignment aligned, detail::DirectPart part) {
  // Where: this thread's input, and the output that its tap 0 would reach.
  const DirectTile tile =
      detail::direct_tile<kLayout, kChannels>(s.groups, s.oc, s.in_spatial, part);
  if (tile.none) return;
  const int i = tile.position;
  const int od0 = i / (s.h.in * s.w.in) * s.d.stride - s.d.crop;
  const int oh0 = i / s.w.in % s.h.in * s.h.stride - s.h.crop;
  const int ow0 = i % s.w.in * s.w.stride - s.w.crop;
  const detail::TapOperands<E, kLayout, kChannels> operands(s, s.in_spatial, x, w, tile, aligned);
  y += detail::element_at<kLayout>(s.groups, s.oc, s.out_spatial, tile, 0);
  const int64_t next_output = detail::pixel_stride<kLayout>(s.groups, s.oc);

  for (int t = 0; t < s.taps; ++t) {
    const int od = od0 + t / (s.h.kernel * s.w.kernel) * s.d.dilation;
    const int oh = oh0 + t / s.w.kernel % s.h.kernel * s.h.dilation;
    const int ow = ow0 + t % s.w.kernel * s.w.dilation;
    const bool cropped = static_cast<unsigned>(od) >= static_cast<unsigned>(s.d.out) ||
                         static_cast<unsigned>(oh) >= static_cast<unsigned>(s.h.out) ||
                         static_cast<unsigned>(ow) >= static_cast<unsigned>(s.w.out);
    if (cropped) continue;

    float sum[kChannels] = {};
    operands.reduce(sum, i, t);
    Sum* const target = y + ((int64_t{od} * s.h.out + oh) * s.w.out + ow) * next_output;
    if constexpr (kAtomic) {
      const int64_t next_channel = kLayout == Layout::nchw ? s.out_spatial : 1;
#pragma unroll
      for (int c = 0; c < kChannels; ++c) atomicAdd(target + c * next_channel, sum[c]);
    } else {
      detail::apply(epilogue, sum, tile.group * s.oc + tile.channel);
      detail::store_tile<kLayout>(target, s.out_spatial, sum, aligned.y);
    }
  }
}

// y[..] = the epilogue of nothing: what outputs hold that no tap reaches. A channel has `inner`
// neighbours.
template <class E>
__global__ void __launch_bounds__(detail::kDirectThreads)
    gap_kernel(E* __restrict__ y, int64_t size, int64_t inner, int channels,
               detail::OutputEpilogue epilogue) {
  const int64_t i = int64_t{blockIdx.x} * detail::kDirectThreads + threadIdx.x;
  if (i < size) y[i] = detail::narrow<E>(epilogue(0, static_cast<int>(i / inner % channels)));
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

detail::DirectGrid grid(const Problem& p, Layout layout) {
  return detail::direct_grid(layout, p.batch, p.out_channels,
                             detail::channel_tile(p.oc_per_group()), p.in_spatial());
}

int64_t gap_blocks(const Problem& p) {
  return detail::divide_up(p.y_size(), int64_t{detail::kDirectThreads});
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, detail::kFmaFusing); !reason.empty()) return reason;
  if (c.epilogue != Epilogue::none && overlaps(p)) {
    return "epilogue " + std::string(to_string(c.epilogue)) +
           ": inputs overlap, and an atomic sum has no last writer";
  }
  if (std::string reason = detail::refuse_grid(gap_blocks(p)); !reason.empty()) return reason;
  return detail::refuse_grid(grid(p, c.layout));
}

int64_t workspace(const Problem& p, const Config& c) {
  return overlaps(p) ? detail::float_sums(c.dtype, p.y_size()) : 0;
}

template <class E, class Sum, Layout kLayout, bool kAtomic>
void scatter(const Call& call, Sum* y) {
  const Problem& p = call.problem;
  const auto* const x = static_cast<const E*>(call.x);
  const auto* const w = static_cast<const E*>(call.w);
  const detail::DirectGrid blocks = grid(p, kLayout);
  detail::with_channel_tile(p.oc_per_group(), [&](auto tile) {
    detail::launch(scatter_kernel<E, Sum, kLayout, tile(), kAtomic>, blocks.blocks,
                   detail::kDirectThreads, call.stream, detail::make_shape(p), x, w, y,
                   detail::epilogue_of(call),
                   detail::direct_alignment<tile()>(x, w, y, p.ic_per_group()), blocks.part());
  });
}

template <class E, Layout kLayout>
void scatter_atomically(const Call& call) {
  const int64_t size = call.problem.y_size();
  const bool in_place = std::is_same_v<E, float>;
  auto* const sums = static_cast<float*>(in_place ? call.y : call.workspace);
  TCONV_CUDA(cudaMemsetAsync(sums, 0, static_cast<size_t>(size) * sizeof(float), call.stream));
  scatter<E, float, kLayout, true>(call, sums);
  if (!in_place) detail::narrow_sums(call.config.dtype, sums, call.y, size, call.stream);
}

template <class E, Layout kLayout>
void scatter_plainly(const Call& call) {
  const Problem& p = call.problem;
  auto* const y = static_cast<E*>(call.y);
  if (has_gaps(p) && call.config.epilogue == Epilogue::none) {
    const size_t bytes = static_cast<size_t>(p.y_size()) * sizeof(E);
    TCONV_CUDA(cudaMemsetAsync(y, 0, bytes, call.stream));
  } else if (has_gaps(p)) {
    detail::launch(gap_kernel<E>, gap_blocks(p), detail::kDirectThreads, call.stream, y, p.y_size(),
                   kLayout == Layout::nchw ? p.out_spatial() : 1, static_cast<int>(p.out_channels),
                   detail::epilogue_of(call));
  }
  scatter<E, E, kLayout, false>(call, y);
}

void launch(const Call& call) {
  if (call.problem.y_size() == 0) return;
  detail::with_storage(call.config, [&](auto element, auto layout) {
    if (overlaps(call.problem)) {
      scatter_atomically<decltype(element), layout()>(call);
    } else {
      scatter_plainly<decltype(element), layout()>(call);
    }
  });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "scatter_atomic",
    .summary = "one thread per input position: channels reduced in registers, one atomic per tap; "
               "plain stores where nothing overlaps",
    .supports = supports,
    .workspace = workspace,
    // One multiply-add per valid (input, tap) and channel pair: cropped taps are skipped, the
    // channel tile divides oc/g.
    .macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); },
    .deterministic = [](const Problem& p, const Config&) { return !overlaps(p); },
    .launch = launch,
})

}  // namespace tconv
