// The gcd split (operator.md 10) in three dimensions: outputs with the same residue of o modulo the
// stride form a phase. All outputs of a phase use the same taps, at inputs that advance by one: a
// dense stride-1 convolution.
#pragma once

#include <cstddef>
#include <string>

#include "kernels/detail/device_buffer.h"
#include "kernels/detail/index.cuh"
#include "kernels/strategy.h"

namespace tconv::detail {

/// One phase of each axis. If any of them has no taps, the phase has none and its outputs are zero.
struct Phase {
  AxisPhase d, h, w;

  __host__ __device__ int taps() const { return d.taps * h.taps * w.taps; }
  /// Outputs of one channel of one sample.
  __host__ __device__ int outputs() const { return d.outputs * h.outputs * w.outputs; }
};

__host__ __device__ inline int phase_count(const Shape& s) {
  return phases_of(s.d) * phases_of(s.h) * phases_of(s.w);
}

__host__ __device__ inline Phase phase_at(const Shape& s, int index) {
  const int w = phases_of(s.w), h = phases_of(s.h);
  return {phase_of(s.d, index / (h * w)), phase_of(s.h, index / w % h), phase_of(s.w, index % w)};
}

/// Where the taps of a phase start when the taps are sorted by class (d slowest): closed form, no
/// table. The phase must have taps.
__host__ __device__ inline int first_packed_tap(const Shape& s, const Phase& p) {
  return taps_before_class(s.d, p.d.tap) * s.h.kernel * s.w.kernel +
         p.d.taps * (taps_before_class(s.h, p.h.tap) * s.w.kernel +
                     p.h.taps * taps_before_class(s.w, p.w.tap));
}

/// Place of tap t (of the whole kernel) among the taps sorted by class.
__host__ __device__ inline int packed_tap(const Shape& s, int t) {
  const int td = t / (s.h.kernel * s.w.kernel), th = t / s.w.kernel % s.h.kernel;
  const int tw = t % s.w.kernel;
  const auto phase = [](const AxisIndex& a, int tap) {
    return AxisPhase{0, 0, tap % a.classes, taps_in_class(a, tap % a.classes), 0};
  };
  const Phase p{phase(s.d, td), phase(s.h, th), phase(s.w, tw)};
  const int jd = td / s.d.classes, jh = th / s.h.classes, jw = tw / s.w.classes;
  return first_packed_tap(s, p) + (jd * p.h.taps + jh) * p.w.taps + jw;
}

/// One output of a phase: its place in the output channel, and the input that tap j = 0 of each
/// axis reads there (maybe outside).
struct PhasePoint {
  int sample, output, d, h, w;
};

/// The m-th output of a phase, samples slowest. m < batch * p.outputs().
__host__ __device__ inline PhasePoint point_at(const Shape& s, const Phase& p, int m) {
  const int w = m % p.w.outputs, h = m / p.w.outputs % p.h.outputs;
  const int d = m / (p.w.outputs * p.h.outputs) % p.d.outputs;
  const int od = p.d.first + d * s.d.stride, oh = p.h.first + h * s.h.stride;
  const int ow = p.w.first + w * s.w.stride;
  return {m / p.outputs(), (od * s.h.out + oh) * s.w.out + ow, p.d.input + d, p.h.input + h,
          p.w.input + w};
}

/// Weights as the phases want them: [group][tap, sorted by class][ic][oc padded with zeros to a
/// multiple of `oc_multiple`], in the type and from the layout of the configuration. A phase reads
/// one dense matrix whose rows start on multiples of oc_multiple elements.
struct PhaseWeights : Prepared {
  PhaseWeights(const Shape&, const Config&, const void* w, int oc_multiple, cudaStream_t);
  /// Empty, or why these weights cannot be packed.
  static std::string refuse(const Problem&, int oc_multiple);

  template <class E>
  const E* as() const {
    return reinterpret_cast<const E*>(data.data());
  }

  int oc_padded;
  DeviceBuffer<std::byte> data;
};

/// Empty, or that the outputs of a channel, over the whole batch, are too many to be numbered in 32
/// bits.
inline std::string refuse_batched_outputs(const Problem& p) {
  if (p.batch == 0 || p.out_spatial() <= kIndexLimit / p.batch) return {};
  return "batch times output size per channel must be at most " + std::to_string(kIndexLimit);
}

}  // namespace tconv::detail
