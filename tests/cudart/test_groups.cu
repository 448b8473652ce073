// What threads do together through the CUDA headers: warp intrinsics, cooperative groups up to
// clusters, barriers, pipelines and libcu++ atomics. Each kernel checks itself.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>
#include <numeric>

#include <cuda/atomic>
#include <cuda/barrier>
#include <cuda/pipeline>

#include "tests/cudart/device_vector.h"

// Barriers and pipelines are initialised by a thread of the block.
#pragma nv_diag_suppress static_var_with_dynamic_init

namespace {

namespace cg = cooperative_groups;

__device__ int failed_line;
#define CHECK_THAT(condition) \
  if (!(condition)) atomicCAS(&failed_line, 0, __LINE__)

/// 0, or a line of a kernel where a thread found something else.
int line_that_failed() {
  EXPECT_CUDA(cudaGetLastError());
  EXPECT_CUDA(cudaDeviceSynchronize());
  int line = -1;
  EXPECT_CUDA(cudaMemcpyFromSymbol(&line, failed_line, sizeof line));
  return line;
}

constexpr unsigned kThreads = 256;
constexpr unsigned kAll = 0xffffffff;

__global__ void warp_intrinsics() {
  const int lane = threadIdx.x % 32;
  CHECK_THAT(__shfl_sync(kAll, lane, 5) == 5);
  CHECK_THAT(__shfl_up_sync(kAll, lane, 3) == (lane < 3 ? lane : lane - 3));
  CHECK_THAT(__shfl_down_sync(kAll, lane, 3, 8) == (lane % 8 + 3 < 8 ? lane + 3 : lane));
  CHECK_THAT(__shfl_xor_sync(kAll, double(lane), 7) == (lane ^ 7));
  CHECK_THAT(__ballot_sync(kAll, lane % 3 == 0) == 0x49249249u);
  CHECK_THAT(__match_any_sync(kAll, lane / 4) == 0xfu << (lane / 4 * 4));
  CHECK_THAT(__reduce_add_sync(kAll, lane) == 496 && __reduce_min_sync(kAll, lane - 5) == -5);
  if (lane % 2) CHECK_THAT(__shfl_sync(0xaaaaaaaa, lane, 3) == 3);
  __syncwarp();
  CHECK_THAT(__syncthreads_count(lane == 0) == kThreads / 32);
  CHECK_THAT(__fns(0xf0f0, 0, 3) == 6 && __byte_perm(0x33221100, 0x77665544, 0x7520) == 0x77552200);
}

__global__ void simd_in_a_word() {
  CHECK_THAT(__vadd2(0x0001ffff, 0x00010001) == 0x00020000);
  CHECK_THAT(__vabsdiffu4(0x01020304, 0x04030201) == 0x03010103);
  CHECK_THAT(__vsadu2(0x00010005, 0x00040001) == 7);
  CHECK_THAT(__vmaxs2(0x0001fffe, 0x00020001) == 0x00020001);
  CHECK_THAT(__vcmpgtu4(0x02010203, 0x01010102) == 0xff00ffff);
  CHECK_THAT(__vsubss2(0x80000000, 0x00010000) == 0x80000000);
  CHECK_THAT(__vimin_s16x2_relu(0xffff0003, 0x00050001) == 0x00000001);
}

template <int size>
__device__ void check_tile(const cg::thread_block& block) {
  const auto tile = cg::tiled_partition<size>(block);
  const int rank = int(tile.thread_rank());
  CHECK_THAT(cg::reduce(tile, rank, cg::plus<int>()) == size * (size - 1) / 2);
  CHECK_THAT(cg::reduce(tile, float(rank), cg::less<float>()) == 0);
  CHECK_THAT(cg::inclusive_scan(tile, rank) == rank * (rank + 1) / 2);
  CHECK_THAT(cg::exclusive_scan(tile, rank) == rank * (rank - 1) / 2);
  CHECK_THAT(tile.shfl_xor(rank, size / 2) == (rank ^ (size / 2)));
  const auto even = cg::binary_partition(tile, rank % 2 == 0);
  CHECK_THAT(cg::reduce(even, 1, cg::plus<int>()) == size / 2);
  const auto pair = cg::labeled_partition(tile, rank / 2);
  CHECK_THAT(pair.size() == 2);
}

__global__ void groups() {
  const auto block = cg::this_thread_block();
  check_tile<32>(block);
  check_tile<8>(block);
  check_tile<2>(block);
  if (threadIdx.x % 3 == 0) {
    const auto active = cg::coalesced_threads();
    CHECK_THAT(cg::exclusive_scan(active, 1) == int(active.thread_rank()));
  }
  // Two warps meet in shared memory that belongs to the system.
  const auto two = cg::tiled_partition<64>(block);
  CHECK_THAT(cg::reduce(two, int(two.thread_rank()), cg::plus<int>()) == 2016);
  CHECK_THAT(cg::inclusive_scan(two, 1) == int(two.thread_rank()) + 1);
}

__global__ void copies(const int* in, int tiles) {
  __shared__ alignas(16) int stages[2][kThreads];
  const auto block = cg::this_thread_block();
  const int other = int(kThreads - 1 - threadIdx.x);
  cg::memcpy_async(block, stages[0], in, sizeof stages[0]);
  cg::wait(block);
  CHECK_THAT(stages[0][other] == other);
  block.sync();

  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  if (threadIdx.x == 0) init(&barrier, kThreads);
  block.sync();
  cuda::memcpy_async(block, stages[1], in, cuda::aligned_size_t<16>(sizeof stages[1]), barrier);
  barrier.arrive_and_wait();
  CHECK_THAT(stages[1][other] == other);
  block.sync();

  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, 2> state;
  auto pipe = cuda::make_pipeline(block, &state);
  int fetched = 0, sum = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    for (; fetched < tiles && fetched < tile + 2; ++fetched) {
      pipe.producer_acquire();
      cuda::memcpy_async(block, stages[fetched % 2], in + fetched * int(kThreads), sizeof stages[0],
                         pipe);
      pipe.producer_commit();
    }
    pipe.consumer_wait();
    sum += stages[tile % 2][other] - tile * int(kThreads);
    pipe.consumer_release();
  }
  CHECK_THAT(sum == tiles * other);
}

template <class T, cuda::thread_scope scope>
__device__ void check_atomic(T* at) {
  const cuda::atomic_ref<T, scope> a(*at);
  if (threadIdx.x == 0) a.store(T(0), cuda::std::memory_order_release);
  __syncthreads();
  a.fetch_add(T(3), cuda::std::memory_order_relaxed);
  __syncthreads();
  CHECK_THAT(a.load(cuda::std::memory_order_acquire) == T(3 * kThreads));
  __syncthreads();
  T expected = T(3 * kThreads);
  const int winners = __syncthreads_count(a.compare_exchange_strong(expected, T(9)));
  CHECK_THAT(winners == 1 && a.load() == T(9));
  __syncthreads();
  a.exchange(T(threadIdx.x % 50));
  __syncthreads();
  CHECK_THAT(a.load() < T(50));
  __syncthreads();
}

struct alignas(16) Wide {
  long long a, b;
};

__global__ void atomics() {
  __shared__ long long shared;
  __shared__ short narrow;
  static __device__ long long global;
  static __device__ float4 four;
  static __device__ Wide wide;
  check_atomic<int, cuda::thread_scope_system>(reinterpret_cast<int*>(&global));
  check_atomic<unsigned long long, cuda::thread_scope_device>(
      reinterpret_cast<unsigned long long*>(&shared));
  check_atomic<float, cuda::thread_scope_block>(reinterpret_cast<float*>(&shared));
  check_atomic<double, cuda::thread_scope_device>(reinterpret_cast<double*>(&global));
  check_atomic<short, cuda::thread_scope_block>(&narrow);
  if (threadIdx.x == 0) four = {}, wide = {};
  __syncthreads();
  atomicAdd(&four, make_float4(1, 2, 3, 4));
  Wide seen = wide, before;
  do {
    before = seen;
    seen = atomicCAS(&wide, before, Wide{before.a + 1, before.b + 3});
  } while (seen.a != before.a || seen.b != before.b);
  __syncthreads();
  CHECK_THAT(four.x == kThreads && four.w == 4 * kThreads);
  CHECK_THAT(wide.a == kThreads && wide.b == 3 * kThreads);
}

__global__ void __cluster_dims__(4, 1, 1) clusters() {
  const auto cluster = cg::this_cluster();
  const unsigned rank = cluster.block_rank(), next = (rank + 1) % 4;
  __shared__ unsigned values[kThreads];
  values[threadIdx.x] = rank * 1000 + threadIdx.x;
  CHECK_THAT(cluster.num_blocks() == 4 && cluster.num_threads() == 4 * kThreads);
  CHECK_THAT(cluster.thread_rank() == rank * kThreads + threadIdx.x);
  cluster.sync();
  unsigned* const theirs = cluster.map_shared_rank(values, next);
  CHECK_THAT(theirs[threadIdx.x] == next * 1000 + threadIdx.x);
  CHECK_THAT(cluster.query_shared_rank(theirs) == next);
  cluster.sync();
  atomicAdd(cluster.map_shared_rank(values, 0), 1);
  cluster.barrier_wait(cluster.barrier_arrive());
  if (rank == 0) CHECK_THAT(values[0] == 4 * kThreads);
  cluster.sync();
}

TEST(Groups, WarpIntrinsics) {
  warp_intrinsics<<<2, kThreads>>>();
  EXPECT_EQ(line_that_failed(), 0);
}

TEST(Groups, SimdInAWord) {
  simd_in_a_word<<<1, 32>>>();
  EXPECT_EQ(line_that_failed(), 0);
}

TEST(Groups, TilesPartitionsAndCoalescedThreads) {
  groups<<<3, kThreads>>>();
  EXPECT_EQ(line_that_failed(), 0);
}

TEST(Groups, AsynchronousCopies) {
  std::vector<int> values(4 * kThreads);
  std::iota(values.begin(), values.end(), 0);
  const DeviceVector<int> in(values);
  copies<<<2, kThreads>>>(in.data(), 4);
  EXPECT_EQ(line_that_failed(), 0);
}

TEST(Groups, Atomics) {
  atomics<<<1, kThreads>>>();
  EXPECT_EQ(line_that_failed(), 0);
}

TEST(Groups, Clusters) {
  clusters<<<8, kThreads>>>();
  EXPECT_EQ(line_that_failed(), 0);
}

}  // namespace
