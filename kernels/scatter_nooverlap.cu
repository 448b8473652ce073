// scatter_nooverlap: where no two inputs reach one output (k <= s and its kin), every output is one
// tap of one input. A thread writes all outputs of a row of taps, so that the stores of
// neighbouring lanes join without gaps where k = s, as those of a pixel shuffle do: vectors instead
// of scatter_atomic's stores `stride` apart.
#include <algorithm>

#include "kernels/detail/capability.h"
#include "kernels/detail/element.cuh"
#include "kernels/detail/launch.cuh"

namespace tconv {
namespace {

using detail::AxisIndex;
using detail::Shape;

constexpr int kThreads = 256;
constexpr detail::Capability kCapability{detail::kFmaTypes, std::span(detail::kLayouts).first(1)};

/// What a launch's blocks are numbered by, fastest first.
struct Grid {
  unsigned blocks_per_row;  ///< inputs of a channel
  unsigned rows;            ///< parts of kTaps neighbouring taps
};

// One store for a row of taps, in so many words: left to itself the compiler splits the vectors of
// several channels into their elements, as it does not know how far apart they are.
template <class E, int kTaps>
__device__ __forceinline__ void store_row(E* to, const float (&from)[kTaps]) {
  union {
    E element[kTaps];
    uint4 four;
    uint2 two;
    unsigned one;
  } row;
#pragma unroll
  for (int t = 0; t < kTaps; ++t) row.element[t] = detail::narrow<E>(from[t]);
  if constexpr (kTaps * sizeof(E) == sizeof row.four) {
    __stwb(reinterpret_cast<uint4*>(to), row.four);
  } else if constexpr (kTaps * sizeof(E) == sizeof row.two) {
    __stwb(reinterpret_cast<uint2*>(to), row.two);
  } else if constexpr (kTaps * sizeof(E) == sizeof row.one) {
    __stwb(reinterpret_cast<unsigned*>(to), row.one);
  } else {
    *to = row.element[0];
  }
}

// y[n][oc][i*s - crop + t*d] = sum over ic of x[n][ic][i] * w[ic][oc][t], for kTaps neighbouring
// taps t along w and kChannels output channels. Lanes are neighbouring inputs: all of them want the
// same weights at the same time.
template <class E, int kTaps, int kChannels>
__global__ void __launch_bounds__(kThreads)
    row_kernel(const __grid_constant__ Shape s, const __grid_constant__ Grid grid,
               const E* __restrict__ x, const E* __restrict__ w, E* __restrict__ y, bool vectors) {
  const int64_t position = int64_t{blockIdx.x % grid.blocks_per_row} * kThreads + threadIdx.x;
  if (position >= s.in_spatial) return;
  const int row = static_cast<int>(blockIdx.x / grid.blocks_per_row % grid.rows);
  const unsigned tile = blockIdx.x / grid.blocks_per_row / grid.rows;  // (batch, group, channels)

  // Where: the first output of the row of taps. Nobody else reaches it.
  const int i = static_cast<int>(position), tap = row * kTaps;
  const int od = i / (s.h.in * s.w.in) * s.d.stride - s.d.crop +
                 tap / (s.h.kernel * s.w.kernel) * s.d.dilation;
  const int oh =
      i / s.w.in % s.h.in * s.h.stride - s.h.crop + tap / s.w.kernel % s.h.kernel * s.h.dilation;
  const int ow = i % s.w.in * s.w.stride - s.w.crop + tap % s.w.kernel * s.w.dilation;
  const bool cropped = static_cast<unsigned>(od) >= static_cast<unsigned>(s.d.out) ||
                       static_cast<unsigned>(oh) >= static_cast<unsigned>(s.h.out) ||
                       ow >= s.w.out || ow + (kTaps - 1) * s.w.dilation < 0;
  if (cropped) return;
  const unsigned tiles = static_cast<unsigned>(s.oc / kChannels);
  const unsigned sample_group = tile / tiles;
  const int64_t w_stride = int64_t{s.oc} * s.taps;  // between input channels
  x += int64_t{sample_group} * s.ic * s.in_spatial + position;
  w += int64_t{sample_group % s.groups} * s.ic * w_stride +
       int64_t{tile % tiles} * kChannels * s.taps + tap;

  // Sum: one load of x serves the whole row.
  float sum[kChannels][kTaps] = {};
  for (int ic = 0; ic < s.ic; ++ic, x += s.in_spatial, w += w_stride) {
    const float value = detail::widen(*x);
#pragma unroll
    for (int c = 0; c < kChannels; ++c) {
#pragma unroll
      for (int t = 0; t < kTaps; ++t)
        sum[c][t] = fmaf(value, detail::widen(w[int64_t{c} * s.taps + t]), sum[c][t]);
    }
  }

  // Store: a row at once where it lies on its size and inside.
  y += int64_t{tile} * kChannels * s.out_spatial + (int64_t{od} * s.h.out + oh) * s.w.out;
  const bool whole = vectors && ow >= 0 && ow + kTaps <= s.w.out;
#pragma unroll
  for (int c = 0; c < kChannels; ++c, y += s.out_spatial) {
    if (whole) {
      store_row(y + ow, sum[c]);
      continue;
    }
#pragma unroll
    for (int t = 0; t < kTaps; ++t) {
      const int o = ow + t * s.w.dilation;
      if (static_cast<unsigned>(o) < static_cast<unsigned>(s.w.out))
        y[o] = detail::narrow<E>(sum[c][t]);
    }
  }
}

/// Neighbouring taps of one thread: the largest vector that leaves no remainder.
int taps_of(const Problem& p) {
  const int64_t kernel = p.axes[2].kernel;
  return kernel % 4 == 0 ? 4 : kernel % 2 == 0 ? 2 : 1;
}

int channels_of(const Problem& p) { return p.oc_per_group() % 4 == 0 ? 4 : 1; }

Grid grid_of(const Problem& p) {
  return {static_cast<unsigned>(detail::divide_up(p.in_spatial(), int64_t{kThreads})),
          static_cast<unsigned>(p.taps() / taps_of(p))};
}

int64_t blocks(const Problem& p) {
  return p.batch * (p.out_channels / channels_of(p)) * (p.taps() / taps_of(p)) *
         detail::divide_up(p.in_spatial(), int64_t{kThreads});
}

/// Empty, or along which axis two inputs reach one output: their taps are `classes` apart, they
/// themselves `step`.
std::string refuse_overlap(const Problem& p) {
  const Shape s = detail::make_shape(p);
  const AxisIndex* const axes[] = {&s.d, &s.h, &s.w};
  for (size_t axis = 0; axis < 3; ++axis) {
    const AxisIndex& a = *axes[axis];
    if (a.kernel <= a.classes || a.in <= a.step) continue;
    return std::string("two inputs reach one output along ") + "dhw"[axis] + ": kernel " +
           std::to_string(a.kernel) + ", stride " + std::to_string(a.stride);
  }
  return {};
}

std::string supports(const Problem& p, const Config& c) {
  if (std::string reason = detail::refuse(p, c, kCapability); !reason.empty()) return reason;
  if (std::string reason = refuse_overlap(p); !reason.empty()) return reason;
  return detail::refuse_grid(blocks(p));
}

/// Rows of taps along w that are not wholly cropped, over all inputs of the axis.
int64_t rows_computed(const Axis& a, int64_t taps) {
  int64_t rows = 0;
  for (int64_t tap = 0; tap < a.kernel; tap += taps) {
    for (int64_t i = 0; i < a.in; ++i) {
      const int64_t first = i * a.stride - a.crop_lo + tap * a.dilation;
      rows += first < a.out && first + (taps - 1) * a.dilation >= 0;
    }
  }
  return rows;
}

/// Taps beyond the border are computed with the row that they are part of.
int64_t macs_executed(const Problem& p, const Config&) {
  return p.batch * p.in_channels * p.oc_per_group() * p.axes[0].valid_pairs() *
         p.axes[1].valid_pairs() * rows_computed(p.axes[2], taps_of(p)) * taps_of(p);
}

/// Without overlap, valid pairs and reached outputs are the same in number.
bool has_gaps(const Problem& p) {
  return std::any_of(p.axes.begin(), p.axes.end(),
                     [](const Axis& a) { return a.valid_pairs() < a.out; });
}

/// True if the rows of taps of all inputs start on multiples of their size.
template <class E>
bool has_vectors(const Problem& p, const E* y) {
  const Axis& a = p.axes[2];
  const int64_t taps = taps_of(p);
  return a.dilation == 1 && a.stride % taps == 0 && a.crop_lo % taps == 0 && a.out % taps == 0 &&
         reinterpret_cast<uintptr_t>(y) % (taps * sizeof(E)) == 0;
}

template <class E>
void launch_rows(const Call& call) {
  const Problem& p = call.problem;
  auto* const y = static_cast<E*>(call.y);
  const auto run = [&](auto kernel) {
    detail::launch(kernel, blocks(p), kThreads, call.stream, detail::make_shape(p), grid_of(p),
                   static_cast<const E*>(call.x), static_cast<const E*>(call.w), y,
                   has_vectors(p, y));
  };
  const bool tiled = channels_of(p) == 4;
  switch (taps_of(p)) {
    case 4:
      return tiled ? run(row_kernel<E, 4, 4>) : run(row_kernel<E, 4, 1>);
    case 2:
      return tiled ? run(row_kernel<E, 2, 4>) : run(row_kernel<E, 2, 1>);
    default:
      return tiled ? run(row_kernel<E, 1, 4>) : run(row_kernel<E, 1, 1>);
  }
}

void launch(const Call& call) {
  const Problem& p = call.problem;
  if (p.y_size() == 0) return;
  if (has_gaps(p)) {
    const auto bytes = static_cast<size_t>(p.y_size() * size_of(call.config.dtype));
    TCONV_CUDA(cudaMemsetAsync(call.y, 0, bytes, call.stream));
  }
  detail::with_element(call.config.dtype,
                       [&](auto element) { launch_rows<decltype(element)>(call); });
}

}  // namespace

TCONV_REGISTER_STRATEGY({
    .name = "scatter_nooverlap",
    .summary = "k <= s and its kin: one thread per input and row of taps, vector stores that join",
    .supports = supports,
    .macs_executed = macs_executed,
    .launch = launch,
})

}  // namespace tconv
