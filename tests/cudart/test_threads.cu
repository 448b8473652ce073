// Host threads may call everything at once; errors are each thread's own.
#include <thread>
#include <vector>

#include "tests/cudart/machine.h"

namespace {

__global__ void fill(int* p, int value) { p[threadIdx.x] = value; }

// Returns the number of wrong elements.
int work(int id) {
  int wrong = 0;
  cudaStream_t stream = nullptr;
  cudaStreamCreate(&stream);
  for (int round = 0; round < 20; ++round) {
    int* p = nullptr;
    std::vector<int> host(64);
    cudaMallocAsync(reinterpret_cast<void**>(&p), 64 * sizeof(int), stream);
    fill<<<1, 64, 0, stream>>>(p, id * 100 + round);
    cudaMemcpyAsync(host.data(), p, 64 * sizeof(int), cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    for (const int v : host) wrong += v != id * 100 + round;
    cudaFreeAsync(p, stream);
  }
  cudaStreamDestroy(stream);
  return wrong;
}

TEST(Threads, WorkSideBySide) {
  std::vector<int> wrong(8, -1);
  std::vector<std::thread> threads;
  for (int id = 0; id < 8; ++id) threads.emplace_back([&wrong, id] { wrong[id] = work(id); });
  for (auto& t : threads) t.join();
  EXPECT_EQ(wrong, std::vector<int>(8, 0));
  EXPECT_CUDA(cudaGetLastError());
}

TEST(Threads, HaveTheirOwnLastError) {
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  std::thread([] { EXPECT_CUDA(cudaGetLastError()); }).join();
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

}  // namespace
