// Threads that wait for each other: grids, tiles, locks between blocks, and barriers that warps
// meet at in different roles. A machine that runs one of them to its end first would never come
// back.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <numeric>
#include <vector>

#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/latch>
#include <cuda/pipeline>
#include <cuda/semaphore>

#include "tests/cudart/device_vector.h"

namespace cg = cooperative_groups;

namespace {

constexpr int kBlocks = 6, kThreads = 96;

// Each round, every thread adds its neighbour's value of the round before; blocks must agree on the
// round.
__global__ void add_neighbours(int* a, int* b, int rounds) {
  const auto grid = cg::this_grid();
  const int n = static_cast<int>(grid.size()), i = static_cast<int>(grid.thread_rank());
  for (int r = 0; r < rounds; ++r) {
    b[i] = a[i] + a[(i + 1) % n];
    grid.sync();
    int* const old = a;
    a = b;
    b = old;
  }
}

TEST(Progress, GridSyncLetsNoBlockRunAhead) {
  constexpr int n = kBlocks * kThreads, rounds = 8;
  std::vector<int> expected(n);
  std::iota(expected.begin(), expected.end(), 0);
  const DeviceVector<int> a(expected), b(n);
  int *pa = a.data(), *pb = b.data(), r = rounds;
  void* args[] = {&pa, &pb, &r};
  ASSERT_CUDA(cudaLaunchCooperativeKernel(reinterpret_cast<const void*>(add_neighbours), kBlocks,
                                          kThreads, args, 0, nullptr));
  for (int round = 0; round < rounds; ++round) {
    const std::vector<int> old = expected;
    for (int i = 0; i < n; ++i) expected[i] = old[i] + old[(i + 1) % n];
  }
  EXPECT_EQ(a.host(), expected);
}

__global__ void tile_sums(int* out) {
  const auto tile = cg::tiled_partition<8>(cg::this_thread_block());
  const int value = static_cast<int>(threadIdx.x * threadIdx.x);
  out[threadIdx.x] = cg::reduce(tile, value, cg::plus<int>());
}

TEST(Progress, TilesOfAWarpReduceOnTheirOwn) {
  const DeviceVector<int> out(64);
  tile_sums<<<1, 64>>>(out.data());
  std::vector<int> expected(64);
  for (int i = 0; i < 64; ++i)
    for (int j = i / 8 * 8; j < i / 8 * 8 + 8; ++j) expected[i] += j * j;
  EXPECT_EQ(out.host(), expected);
}

// Every thread takes the lock, also those of one warp against each other.
__global__ void count_under_lock(int* lock, int* count) {
  for (bool done = false; !done;) {
    if (atomicCAS(lock, 0, 1) == 0) {
      __threadfence();
      *reinterpret_cast<volatile int*>(count) = *reinterpret_cast<volatile int*>(count) + 1;
      __threadfence();
      atomicExch(lock, 0);
      done = true;
    }
  }
}

TEST(Progress, ASpinLockAdmitsOneThreadOfAllBlocks) {
  const DeviceVector<int> lock(std::vector<int>{0}), count(std::vector<int>{0});
  count_under_lock<<<kBlocks, kThreads>>>(lock.data(), count.data());
  EXPECT_EQ(count.host()[0], kBlocks * kThreads);
}

// Block i waits for block i - 1: any order of blocks must get there.
__global__ void pass_on(int* data, int* flag) {
  cuda::atomic_ref<int, cuda::thread_scope_device> ready(flag[0]);
  if (threadIdx.x == 0) {
    const int turn = static_cast<int>(gridDim.x - 1 - blockIdx.x);  // the last block goes first
    while (ready.load(cuda::memory_order_acquire) != turn) {
    }
    data[turn] = turn == 0 ? 1 : 2 * data[turn - 1];
    ready.store(turn + 1, cuda::memory_order_release);
  }
}

TEST(Progress, BlocksHandOverInAnyOrder) {
  const DeviceVector<int> data(kBlocks), flag(std::vector<int>{0});
  pass_on<<<kBlocks, 32>>>(data.data(), flag.data());
  EXPECT_EQ(data.host(), (std::vector<int>{1, 2, 4, 8, 16, 32}));
}

// Warp 0 fills a buffer, warp 1 empties it; they meet at two named barriers, arriving at one and
// waiting at the other.
__global__ void produce_and_consume(int* out, int rounds) {
  __shared__ int buffer[32];
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int r = 0; r < rounds; ++r) {
    if (threadIdx.x < 32) {
      if (r > 0) asm volatile("bar.sync 2, 64;" ::: "memory");  // empty
      buffer[lane] = r * 100 + lane;
      __threadfence_block();
      asm volatile("bar.arrive 1, 64;" ::: "memory");  // full
    } else {
      asm volatile("bar.sync 1, 64;" ::: "memory");
      out[r * 32 + lane] = buffer[31 - lane];
      if (r + 1 < rounds) asm volatile("bar.arrive 2, 64;" ::: "memory");
    }
  }
}

TEST(Progress, WarpsInRolesMeetAtNamedBarriers) {
  constexpr int rounds = 5;
  const DeviceVector<int> out(32 * rounds);
  produce_and_consume<<<1, 64>>>(out.data(), rounds);
  std::vector<int> expected;
  for (int r = 0; r < rounds; ++r)
    for (int lane = 0; lane < 32; ++lane) expected.push_back(r * 100 + 31 - lane);
  EXPECT_EQ(out.host(), expected);
}

// Threads of all blocks, lanes of one warp among them, pass a door that admits kAdmitted at a time.
constexpr int kAdmitted = 2;
struct Door {
  cuda::counting_semaphore<cuda::thread_scope_device, kAdmitted> free{kAdmitted};
  int inside = 0, most = 0, passed = 0;
};
__device__ Door door;
__global__ void pass_the_door() {
  cuda::atomic_ref<int, cuda::thread_scope_device> inside(door.inside), most(door.most),
      passed(door.passed);
  door.free.acquire();
  most.fetch_max(inside.fetch_add(1) + 1);
  passed.fetch_add(1);
  inside.fetch_sub(1);
  door.free.release();
}
__global__ void read_the_door(int* out) {
  out[0] = door.inside;
  out[1] = door.most;
  out[2] = door.passed;
}

TEST(Progress, ASemaphoreAdmitsNoMoreThanItCounts) {
  const DeviceVector<int> out(3);
  pass_the_door<<<kBlocks, kThreads>>>();
  read_the_door<<<1, 1>>>(out.data());
  const std::vector<int> seen = out.host();
  EXPECT_EQ(seen[0], 0);
  EXPECT_GE(seen[1], 1);
  EXPECT_LE(seen[1], kAdmitted);
  EXPECT_EQ(seen[2], kBlocks * kThreads);
}

// Nobody passes a latch before the last one has arrived.
__global__ void exchange_at_latch(int* out) {
  using Latch = cuda::latch<cuda::thread_scope_block>;
  __shared__ alignas(Latch) char storage[sizeof(Latch)];
  __shared__ int values[kThreads];
  auto* latch = reinterpret_cast<Latch*>(storage);
  if (threadIdx.x == 0) new (latch) Latch(kThreads);
  __syncthreads();
  values[threadIdx.x] = 3 * static_cast<int>(threadIdx.x);
  latch->arrive_and_wait();
  out[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
}

TEST(Progress, ALatchOpensWhenAllHaveArrived) {
  const DeviceVector<int> out(kThreads);
  exchange_at_latch<<<1, kThreads>>>(out.data());
  const std::vector<int> seen = out.host();
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ(seen[t], 3 * (kThreads - 1 - t)) << t;
}

// Two stages: while a stage is summed, the next one is on its way.
__global__ void sum_through_pipeline(int* out, const int* in, int stages) {
  constexpr int kStages = 2;
  __shared__ int buffer[kStages][kThreads];
  const auto block = cg::this_thread_block();
  auto pipe = cuda::make_pipeline();
  int fetched = 0, sum = 0;
  for (int s = 0; s < stages; ++s) {
    for (; fetched < stages && fetched < s + kStages; ++fetched) {
      pipe.producer_acquire();
      cuda::memcpy_async(&buffer[fetched % kStages][threadIdx.x],
                         &in[fetched * kThreads + threadIdx.x], sizeof(int), pipe);
      pipe.producer_commit();
    }
    if (s + 1 < stages)
      cuda::pipeline_consumer_wait_prior<1>(pipe);
    else
      cuda::pipeline_consumer_wait_prior<0>(pipe);
    block.sync();
    sum += buffer[s % kStages][(threadIdx.x + 1) % kThreads];
    block.sync();
    pipe.consumer_release();
  }
  out[threadIdx.x] = sum;
}

TEST(Progress, PipelinesOfAsynchronousCopiesKeepTheirStages) {
  constexpr int stages = 7;
  std::vector<int> in(stages * kThreads);
  std::iota(in.begin(), in.end(), 1);
  const DeviceVector<int> d(in), out(kThreads);
  sum_through_pipeline<<<1, kThreads>>>(out.data(), d.data(), stages);
  std::vector<int> expected(kThreads);
  for (int t = 0; t < kThreads; ++t)
    for (int s = 0; s < stages; ++s) expected[t] += in[s * kThreads + (t + 1) % kThreads];
  EXPECT_EQ(out.host(), expected);
}

// cuda::barrier counts copies as well as threads.
__global__ void reverse_through_barrier(int* data) {
  using Barrier = cuda::barrier<cuda::thread_scope_block>;
  __shared__ int buffer[kThreads];
#pragma nv_diag_suppress static_var_with_dynamic_init
  __shared__ Barrier barrier;
  const auto block = cg::this_thread_block();
  if (block.thread_rank() == 0) init(&barrier, kThreads);
  block.sync();
  int* const mine = data + blockIdx.x * kThreads;
  cuda::memcpy_async(block, buffer, mine, sizeof(buffer), barrier);
  barrier.arrive_and_wait();
  mine[threadIdx.x] = buffer[kThreads - 1 - threadIdx.x];
}

TEST(Progress, BarriersWaitForAsynchronousCopies) {
  std::vector<int> values(kBlocks * kThreads);
  std::iota(values.begin(), values.end(), 0);
  const DeviceVector<int> d(values);
  reverse_through_barrier<<<kBlocks, kThreads>>>(d.data());
  for (int b = 0; b < kBlocks; ++b)
    std::reverse(values.begin() + b * kThreads, values.begin() + (b + 1) * kThreads);
  EXPECT_EQ(d.host(), values);
}

}  // namespace
