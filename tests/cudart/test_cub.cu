// CUB's device-wide algorithms, straight from the toolkit: decoupled look-back between blocks,
// block barriers inside loops, shuffles and matches. Results are the standard library's.
#include <algorithm>
#include <cstdint>
#include <cub/device/device_histogram.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_select.cuh>
#include <numeric>
#include <random>
#include <vector>

#include "tests/cudart/device_vector.h"

namespace {

// One item, part of a warp, whole tiles, and more than one tile for each algorithm (a few thousand
// items a tile).
constexpr int kSizes[] = {1, 31, 1000, 4096, 50'001};

template <class T>
std::vector<T> random_values(int n, T low, T high) {
  std::mt19937 bits(static_cast<unsigned>(n));
  std::vector<T> values(static_cast<size_t>(n));
  for (T& v : values) {
    if constexpr (std::is_floating_point_v<T>)
      v = std::uniform_real_distribution<T>(low, high)(bits);
    else
      v = static_cast<T>(std::uniform_int_distribution<int64_t>(low, high)(bits));
  }
  return values;
}

/// Runs a CUB algorithm twice, as its users do: for the size of its workspace, and for the result.
template <class Algorithm>
void run(Algorithm algorithm) {
  size_t bytes = 0;
  ASSERT_CUDA(algorithm(nullptr, bytes));
  const DeviceVector<char> workspace(bytes);
  ASSERT_CUDA(algorithm(workspace.data(), bytes));
  ASSERT_CUDA(cudaDeviceSynchronize());
}

TEST(Cub, ReduceAddsIntegersExactly) {
  for (const int n : kSizes) {
    const auto values = random_values<int>(n, -1000, 1000);
    const DeviceVector<int> in(values), out(1);
    run([&](void* w, size_t& b) { return cub::DeviceReduce::Sum(w, b, in.data(), out.data(), n); });
    EXPECT_EQ(out.host()[0], std::accumulate(values.begin(), values.end(), 0)) << n;
  }
}

TEST(Cub, ReduceFindsTheLargestDouble) {
  for (const int n : kSizes) {
    const auto values = random_values<double>(n, -1, 1);
    const DeviceVector<double> in(values), out(1);
    run([&](void* w, size_t& b) { return cub::DeviceReduce::Max(w, b, in.data(), out.data(), n); });
    EXPECT_EQ(out.host()[0], *std::max_element(values.begin(), values.end())) << n;
  }
}

TEST(Cub, ScanLooksBackOverBlocks) {
  for (const int n : kSizes) {
    const auto values = random_values<int64_t>(n, -1'000'000, 1'000'000);
    const DeviceVector<int64_t> in(values), out(n);
    run([&](void* w, size_t& b) {
      return cub::DeviceScan::InclusiveSum(w, b, in.data(), out.data(), n);
    });
    std::vector<int64_t> expected(values.size());
    std::partial_sum(values.begin(), values.end(), expected.begin());
    EXPECT_EQ(out.host(), expected) << n;
  }
}

TEST(Cub, RadixSortOrdersPairsAndKeepsEqualKeysInOrder) {
  for (const int n : kSizes) {
    const auto keys = random_values<uint32_t>(n, 0, 5000);
    std::vector<int> index(keys.size());
    std::iota(index.begin(), index.end(), 0);
    const DeviceVector<uint32_t> keys_in(keys), keys_out(n);
    const DeviceVector<int> values_in(index), values_out(n);
    run([&](void* w, size_t& b) {
      return cub::DeviceRadixSort::SortPairs(w, b, keys_in.data(), keys_out.data(),
                                             values_in.data(), values_out.data(), n);
    });
    std::stable_sort(index.begin(), index.end(), [&](int a, int b) {
      return keys[static_cast<size_t>(a)] < keys[static_cast<size_t>(b)];
    });
    EXPECT_EQ(values_out.host(), index) << n;
  }
}

struct IsOdd {
  __host__ __device__ bool operator()(int v) const { return v & 1; }
};

TEST(Cub, SelectKeepsWhatThePredicateTakes) {
  for (const int n : kSizes) {
    const auto values = random_values<int>(n, 0, 100);
    const DeviceVector<int> in(values), out(n), count(1);
    run([&](void* w, size_t& b) {
      return cub::DeviceSelect::If(w, b, in.data(), out.data(), count.data(), n, IsOdd{});
    });
    std::vector<int> expected;
    std::copy_if(values.begin(), values.end(), std::back_inserter(expected), IsOdd{});
    std::vector<int> got = out.host();
    got.resize(static_cast<size_t>(count.host()[0]));
    EXPECT_EQ(got, expected) << n;
  }
}

TEST(Cub, HistogramCountsWithAtomics) {
  constexpr int kBins = 16;
  for (const int n : kSizes) {
    const auto values = random_values<int>(n, 0, kBins - 1);
    const DeviceVector<int> in(values), bins(kBins);
    run([&](void* w, size_t& b) {
      return cub::DeviceHistogram::HistogramEven(w, b, in.data(), bins.data(), kBins + 1, 0, kBins,
                                                 n);
    });
    std::vector<int> expected(kBins);
    for (const int v : values) ++expected[static_cast<size_t>(v)];
    EXPECT_EQ(bins.host(), expected) << n;
  }
}

}  // namespace
