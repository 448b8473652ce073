#include "kernels/detail/launch.cuh"
#include "kernels/detail/phase.cuh"
#include "kernels/detail/strides.cuh"

namespace tconv::detail {
namespace {

constexpr int kThreads = 256;

// packed[g][packed_tap(t)][ic][oc] = w[g*ic + ic][oc][t], 0 for oc >= s.oc. One block per (g, t)
// and 256 of its elements.
template <class E>
__global__ void __launch_bounds__(kThreads)
    pack_kernel(const __grid_constant__ Shape s, const E* __restrict__ w, E* __restrict__ packed,
                int oc_padded, unsigned blocks_per_tap, Layout layout) {
  const int element = static_cast<int>(blockIdx.x % blocks_per_tap * kThreads + threadIdx.x);
  if (element >= s.ic * oc_padded) return;
  const int t = static_cast<int>(blockIdx.x / blocks_per_tap % s.taps);
  const int64_t group = blockIdx.x / blocks_per_tap / s.taps;
  const int ic = element / oc_padded, oc = element % oc_padded;
  const int64_t to = (group * s.taps + packed_tap(s, t)) * s.ic * oc_padded + element;
  packed[to] = oc < s.oc ? w[weight_at(s, layout, group * s.ic + ic, oc, t)] : narrow<E>(0);
}

int64_t blocks_per_tap(int64_t ic, int64_t oc_padded) {
  return divide_up(ic * oc_padded, int64_t{kThreads});
}

}  // namespace

std::string PhaseWeights::refuse(const Problem& p, int oc_multiple) {
  const int64_t oc_padded = divide_up(p.oc_per_group(), int64_t{oc_multiple}) * oc_multiple;
  if (p.ic_per_group() > kIndexLimit / oc_padded) {
    return "input channels times output channels of a group must be at most " +
           std::to_string(kIndexLimit);
  }
  return refuse_grid(p.groups * p.taps() * blocks_per_tap(p.ic_per_group(), oc_padded));
}

PhaseWeights::PhaseWeights(const Shape& s, const Config& config, const void* w, int oc_multiple,
                           cudaStream_t stream)
    : oc_padded(divide_up(s.oc, oc_multiple) * oc_multiple),
      data(int64_t{s.groups} * s.taps * s.ic * oc_padded * size_of(config.dtype)) {
  const int64_t blocks = blocks_per_tap(s.ic, oc_padded);
  with_element(config.dtype, [&](auto element) {
    using E = decltype(element);
    launch(pack_kernel<E>, int64_t{s.groups} * s.taps * blocks, kThreads, stream, s,
           static_cast<const E*>(w), reinterpret_cast<E*>(data.data()), oc_padded,
           static_cast<unsigned>(blocks), config.layout);
  });
}

}  // namespace tconv::detail
