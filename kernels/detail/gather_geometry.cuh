// What gather_mma gathers from where to where, in each of its modes.
#pragma once

#include "kernels/detail/gather_mode.h"
#include "kernels/detail/input_loader.cuh"
#include "kernels/detail/phase.cuh"
#include "kernels/detail/strides.cuh"
#include "kernels/detail/triple.cuh"

namespace tconv::detail {

/// Rows gather channels of the source at the positions that their taps reach.
struct Gather {
  Shape s;
  GatherMode mode;
  ChannelStrides source, target;
  Extents extents;  ///< of the source
  int taps;         ///< in packed weights and table
  int vectors_per_tap;
  int results;               ///< columns that exist
  int columns;               ///< padded to whole tiles
  unsigned tiles_per_phase;  ///< of rows, in the phase with most of them
  unsigned phases;
  int part_vectors;    ///< depth of a part
  bool whole_vectors;  ///< runs of the target's channels can be stored as vectors
};

/// Taps that a row sums over on each axis, numbered j; in mode `phases`, all of the kernel's.
__host__ __device__ inline Triple gather_taps(const Shape& s, GatherMode mode) {
  if (mode != GatherMode::joined) return kernel_of(s);
  return {divide_up(s.d.kernel, s.d.stride), divide_up(s.h.kernel, s.h.stride),
          divide_up(s.w.kernel, s.w.stride)};
}

__host__ __device__ inline Phase gather_phase(const Shape& s, GatherMode mode, int index) {
  if (mode == GatherMode::phases) return phase_at(s, index);
  const auto whole = [mode](const AxisIndex& a) {
    if (mode == GatherMode::backward) return AxisPhase{0, a.in, 0, a.kernel, -a.crop};
    // Outputs o with the same q = (o + crop) / stride read inputs q - j through taps r + j*stride.
    const int first = a.crop / a.stride, last = (a.out - 1 + a.crop) / a.stride;
    return AxisPhase{0, last - first + 1, 0, divide_up(a.kernel, a.stride), first};
  };
  return {whole(s.d), whole(s.h), whole(s.w)};
}

/// The m-th row of a phase: its place in a channel of the target (mode `joined`: none of its own),
/// and what tap j = 0 reads there.
__device__ __forceinline__ PhasePoint gather_point(const Gather& g, const Phase& p, int m) {
  if (g.mode == GatherMode::phases) return point_at(g.s, p, m);
  const int i = m % p.outputs();
  const Triple at = triple_at({p.d.outputs, p.h.outputs, p.w.outputs}, i);
  const Triple step = g.mode == GatherMode::backward ? strides_of(g.s) : Triple{1, 1, 1};
  return {m / p.outputs(), i, p.d.input + at.d * step.d, p.h.input + at.h * step.h,
          p.w.input + at.w * step.w};
}

/// What the m-th row reads first, relative to its group of sample 0.
__device__ __forceinline__ ColumnStart gather_start(const Gather& g, const Phase& p, int m) {
  // Table rows lead back for fprop, on for dgrad: either way such a row stays outside.
  if (m >= g.s.batch * p.outputs())
    return g.mode == GatherMode::backward ? no_column() : ColumnStart{0, -1, -1, -1};
  const PhasePoint at = gather_point(g, p, m);
  const int64_t pixel = (int64_t{at.d} * g.extents.h + at.h) * g.extents.w + at.w;
  return {at.sample * g.source.sample + pixel * g.source.pixel, at.d, at.h, at.w};
}

/// Tap t of gather_taps(): its place in packed order, and how far back it reads.
struct GatherTap {
  int place;
  Triple back;
};
__device__ __forceinline__ GatherTap gather_tap(const Gather& g, int t) {
  const Triple tap = triple_at(gather_taps(g.s, g.mode), t);
  if (g.mode == GatherMode::joined) return {t, tap};
  const auto back = [&](const AxisIndex& a, int i) {
    return g.mode == GatherMode::backward ? -i * a.dilation : i / a.classes * a.step;
  };
  return {g.mode == GatherMode::backward ? t : packed_tap(g.s, t),
          {back(g.s.d, tap.d), back(g.s.h, tap.h), back(g.s.w, tap.w)}};
}

/// The weight that multiplies channel `channel` of the source at tap t of gather_taps() for a
/// column: place in w, or -1 if there is none.
__device__ __forceinline__ int64_t gather_weight(const Gather& g, Layout layout, int group, int t,
                                                 int channel, int column) {
  const Shape& s = g.s;
  if (column >= g.results || channel >= g.source.channels) return -1;
  if (g.mode == GatherMode::joined) {
    const Triple j = triple_at(gather_taps(s, g.mode), t);
    const Triple r = triple_at(strides_of(s), column / s.oc);
    const int d = r.d + j.d * s.d.stride, h = r.h + j.h * s.h.stride, w = r.w + j.w * s.w.stride;
    if (d >= s.d.kernel || h >= s.h.kernel || w >= s.w.kernel) return -1;
    t = (d * s.h.kernel + h) * s.w.kernel + w;
    column %= s.oc;
  }
  const bool backward = g.mode == GatherMode::backward;
  const int ic = backward ? column : channel, oc = backward ? channel : column;
  return weight_at(s, layout, int64_t{group} * s.ic + ic, oc, t);
}

}  // namespace tconv::detail
