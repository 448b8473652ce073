#include "kernels/detail/launch.cuh"
#include "tests/kernels/mutant.h"

namespace tconv {
namespace {

using detail::Shape;
using detail::TapRun;

constexpr int kThreads = 64;
constexpr int kMaxTaps = 64;
/// The last warp brings the weights. Where warps run one after another, as on the virtual GPU, the
/// others are then ahead of it unless a barrier holds them: a removed one cannot hide.
constexpr int kProducer = kThreads / 32 - 1;

// y[n][oc][o] = sum of x[n][ic][i] * w[ic][oc][t], one thread per output, weights of one (ic, oc)
// at a time in shared memory.
template <Mutation kMutation>
__global__ void mutant_kernel(const __grid_constant__ Shape s, const float* __restrict__ x,
                              const float* __restrict__ w, float* __restrict__ y) {
  __shared__ float weights[kMaxTaps];
  const int blocks_per_channel = detail::divide_up(s.out_spatial, kThreads);
  const int channel = static_cast<int>(blockIdx.x) / blocks_per_channel;  // (batch, oc)
  const int o =
      static_cast<int>(blockIdx.x) % blocks_per_channel * kThreads + static_cast<int>(threadIdx.x);
  const int oc = channel % s.oc, group = channel / s.oc % s.groups;
  const TapRun rd = detail::taps_of(s.d, o / (s.h.out * s.w.out));
  const TapRun rh = detail::taps_of(s.h, o / s.w.out % s.h.out);
  const TapRun rw = detail::taps_of(s.w, o % s.w.out);
  const bool exists = o < s.out_spatial;
  const int shift = kMutation == Mutation::index_shifted ? 1 : 0;

  float sum = 0;
  for (int ic = 0; ic < s.ic; ++ic) {
    const float* const from = x + (int64_t{channel / s.oc} * s.ic + ic) * s.in_spatial;
    if (static_cast<int>(threadIdx.x) / 32 == kProducer) {
      for (int t = static_cast<int>(threadIdx.x) % 32; t < s.taps; t += 32) {
        weights[t] = w[((int64_t{group} * s.ic + ic) * s.oc + oc) * s.taps + t];
      }
    }
    if (kMutation != Mutation::barrier_removed) __syncthreads();  // the weights are complete
    for (int jd = 0; jd < rd.count && exists; ++jd) {
      const int id = rd.input - jd * s.d.step, td = rd.tap + jd * s.d.classes;
      for (int jh = 0; jh < rh.count; ++jh) {
        const int ih = id * s.h.in + rh.input - jh * s.h.step;
        const int th = td * s.h.kernel + rh.tap + jh * s.h.classes;
        for (int jw = 0; jw < rw.count; ++jw) {
          const int i = ih * s.w.in + rw.input - jw * s.w.step + shift;
          sum = fmaf(from[i], weights[th * s.w.kernel + rw.tap + jw * s.w.classes], sum);
        }
      }
    }
    __syncthreads();  // everybody is done with these weights
  }
  if (!exists) return;
  if (kMutation == Mutation::phase_dropped && o % s.w.out % s.w.stride == s.w.stride - 1) sum = 0;
  if (kMutation == Mutation::output_unwritten && o == s.out_spatial - 1) return;
  y[int64_t{channel} * s.out_spatial + o] = sum;
}

template <Mutation kMutation>
void launch(const Call& call) {
  const Problem& p = call.problem;
  const int64_t blocks =
      p.batch * p.out_channels * detail::divide_up(p.out_spatial(), int64_t{kThreads});
  detail::launch(mutant_kernel<kMutation>, blocks, kThreads, call.stream, detail::make_shape(p),
                 static_cast<const float*>(call.x), static_cast<const float*>(call.w),
                 static_cast<float*>(call.y));
}

}  // namespace

Strategy mutant(Mutation mutation) {
  Strategy s;
  s.name = "mutant";
  s.summary = "a test kernel with a planted fault";
  s.supports = [](const Problem& p, const Config&) {
    return std::string(p.taps() <= kMaxTaps ? "" : "at most 64 taps");
  };
  s.macs_executed = [](const Problem& p, const Config&) { return p.macs_needed(); };
  switch (mutation) {
    case Mutation::none:
      s.launch = launch<Mutation::none>;
      break;
    case Mutation::barrier_removed:
      s.launch = launch<Mutation::barrier_removed>;
      break;
    case Mutation::index_shifted:
      s.launch = launch<Mutation::index_shifted>;
      break;
    case Mutation::phase_dropped:
      s.launch = launch<Mutation::phase_dropped>;
      break;
    case Mutation::output_unwritten:
      s.launch = launch<Mutation::output_unwritten>;
      break;
  }
  return s;
}

}  // namespace tconv
