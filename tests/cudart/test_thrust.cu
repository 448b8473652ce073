// Thrust on the virtual GPU: its sorts, with its own allocator, streams and error checks.
#include <algorithm>
#include <random>
#include <thrust/device_vector.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>
#include <vector>

#include "tests/cudart/machine.h"

namespace {

struct FartherFromZero {
  __host__ __device__ bool operator()(int a, int b) const { return a * a > b * b; }
};

std::vector<int> random_ints(size_t n) {
  std::mt19937 bits(static_cast<unsigned>(n));
  std::vector<int> values(n);
  for (int& v : values) v = static_cast<int>(bits() % 20'001) - 10'000;
  return values;
}

TEST(Thrust, SortOfNumbersIsARadixSort) {
  for (const size_t n : {1U, 100U, 30'000U}) {
    std::vector<int> values = random_ints(n);
    thrust::device_vector<int> device = values;
    thrust::sort(device.begin(), device.end());
    std::sort(values.begin(), values.end());
    EXPECT_TRUE(std::equal(values.begin(), values.end(),
                           std::vector<int>(device.begin(), device.end()).begin()))
        << n;
  }
}

TEST(Thrust, SortByAPredicateIsAMergeSort) {
  for (const size_t n : {1U, 100U, 10'000U}) {
    std::vector<int> values = random_ints(n);
    thrust::device_vector<int> device = values;
    thrust::stable_sort(device.begin(), device.end(), FartherFromZero{});
    std::stable_sort(values.begin(), values.end(), FartherFromZero{});
    EXPECT_EQ(std::vector<int>(device.begin(), device.end()), values) << n;
  }
}

TEST(Thrust, ReduceAdds) {
  const thrust::device_vector<int> device(12'345, 3);
  EXPECT_EQ(thrust::reduce(device.begin(), device.end()), 37'035);
}

}  // namespace
