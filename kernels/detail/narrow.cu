#include "kernels/detail/launch.cuh"
#include "kernels/detail/narrow.h"
#include "kernels/detail/neighbours.cuh"

namespace tconv::detail {
namespace {

constexpr int kThreads = 256;
constexpr int kElements = 4;  // per thread

template <class E>
__global__ void __launch_bounds__(kThreads)
    narrow_kernel(const float* __restrict__ from, E* __restrict__ to, int64_t size, bool aligned) {
  const int64_t first = (int64_t{blockIdx.x} * kThreads + threadIdx.x) * kElements;
  if (first + kElements <= size) {
    float sums[kElements];
    load(sums, from + first, true);
    store(to + first, sums, aligned);
  } else {
    for (int64_t i = first; i < size; ++i) to[i] = narrow<E>(from[i]);
  }
}

}  // namespace

void narrow_sums(DType dtype, const float* from, void* to, int64_t size, cudaStream_t stream) {
  with_element(dtype, [&](auto element) {
    auto* const narrowed = static_cast<decltype(element)*>(to);
    launch(narrow_kernel<decltype(element)>, divide_up(size, int64_t{kThreads} * kElements),
           kThreads, stream, from, narrowed, size, lies_on<kElements>(narrowed));
  });
}

}  // namespace tconv::detail
