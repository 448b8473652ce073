#include "kernels/detail/launch.cuh"
#include "kernels/detail/phase.cuh"

namespace tconv::detail {
namespace {

constexpr int kThreads = 256;

// packed[g][packed_tap(t)][ic][oc] = w[g*ic + ic][oc][t], 0 for oc >= s.oc. One thread per element
// of `packed`.
__global__ void __launch_bounds__(kThreads)
    pack_kernel(const __grid_constant__ Shape s, const float* __restrict__ w,
                float* __restrict__ packed, int oc_padded, int64_t size) {
  const int64_t element = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (element >= size) return;
  const int oc = static_cast<int>(element % oc_padded);
  const int64_t row = element / oc_padded;  // (group, tap, ic)
  const int ic = static_cast<int>(row % s.ic);
  const int t = static_cast<int>(row / s.ic % s.taps);
  const int64_t group = row / s.ic / s.taps;
  const int64_t to = ((group * s.taps + packed_tap(s, t)) * s.ic + ic) * oc_padded + oc;
  packed[to] = oc < s.oc ? w[((group * s.ic + ic) * s.oc + oc) * s.taps + t] : 0.0F;
}

}  // namespace

PhaseWeights::PhaseWeights(const Shape& s, const float* w, int oc_multiple, cudaStream_t stream)
    : oc_padded(divide_up(s.oc, oc_multiple) * oc_multiple),
      data(int64_t{s.groups} * s.taps * s.ic * oc_padded) {
  launch(pack_kernel, divide_up(data.size(), int64_t{kThreads}), kThreads, stream, s, w,
         data.data(), oc_padded, data.size());
}

}  // namespace tconv::detail
