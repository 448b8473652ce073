// Programs for PTXVM_CHECK: kernels that a check catches, each beside one that differs by what
// makes it right, and the table of what is found.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <vector>

#include <cuda_pipeline.h>

namespace {

constexpr size_t kWords = 256;

/// Device memory that nobody has written to; freed at the end, so that nothing leaks.
struct Words {
  int* p = nullptr;
  explicit Words(size_t count = kWords) { cudaMalloc(&p, count * sizeof(int)); }
  Words(const Words&) = delete;
  ~Words() { cudaFree(p); }
  Words& zero() {
    cudaMemset(p, 0, kWords * sizeof(int));
    return *this;
  }
};

template <class... P, class... A>
cudaError_t launch(void (*kernel)(P...), int blocks, int threads, A... arguments) {
  kernel<<<blocks, threads>>>(P(arguments)...);
  return cudaDeviceSynchronize();
}

template <bool wrong>
__global__ void past_the_end(int* p) {
  p[threadIdx.x + (wrong ? 1 : 0)] = 1;
}
__global__ void store_one(int* p) { p[threadIdx.x] = 1; }
__global__ void add_one(int* p) { p[blockIdx.x * blockDim.x + threadIdx.x] += 1; }

template <bool wrong>
__global__ void shared_sum(int* p) {
  __shared__ int s[64];
  if (!wrong || threadIdx.x < 32) s[threadIdx.x] = 1;
  __syncthreads();
  p[threadIdx.x] = s[threadIdx.x] + s[(threadIdx.x + 2) % 64];
}

template <bool wrong>
__global__ void local_sum(int* p, int at) {
  int a[8];
  for (int i = 0; i < (wrong ? 4 : 8); ++i) a[(i + at) % 8] = i;
  p[threadIdx.x] = a[(at + 6) % 8] + 1;
}

template <bool wrong>
__global__ void rotate(int* p) {
  __shared__ int s[64];
  s[threadIdx.x] = int(threadIdx.x);
  if (!wrong) __syncthreads();
  p[threadIdx.x] = s[(threadIdx.x + 32) % 64];
}

template <bool wrong>
__global__ void swap_lanes(int* p) {
  __shared__ int s[32];
  s[threadIdx.x] = int(threadIdx.x);
  if (!wrong) __syncwarp();
  p[threadIdx.x] = s[threadIdx.x ^ 1];
}

template <bool wrong>
__global__ void count_blocks(int* p) {
  if (threadIdx.x != 0) return;
  if (wrong)
    *p += 1;
  else
    atomicAdd(p, 1);
}

/// The last of four blocks adds what they stored.
template <bool wrong>
__global__ void last_block_adds(int* p, int* ticket) {
  if (threadIdx.x != 0) return;
  p[blockIdx.x] = 1;
  if (!wrong) __threadfence();
  if (atomicAdd(ticket, 1) != 3) return;
  if (!wrong) __threadfence();
  p[4] = p[0] + p[1] + p[2] + p[3];
}

template <bool wrong>
__global__ void copy_ahead(const int* from, int* to) {
  __shared__ int s[32];
  __pipeline_memcpy_async(&s[threadIdx.x], &from[threadIdx.x], sizeof(int));
  __pipeline_commit();
  if (!wrong) __pipeline_wait_prior(0);
  to[threadIdx.x] = s[threadIdx.x];
}

template <bool wrong>
__global__ void barrier_for_some(int* p) {
  if (threadIdx.x < (wrong ? 16 : 32)) return;
  __syncthreads();
  p[threadIdx.x] = 1;
}

template <bool wrong>
__global__ void halves_meet(int* p) {
  __syncwarp(threadIdx.x < 16 ? 0xffffu : wrong ? 0xffffffffu : 0xffff0000u);
  p[threadIdx.x] = 1;
}

template <bool wrong>
__global__ void counts_that_differ(int* p) {
  if (threadIdx.x < 32)
    asm volatile("barrier.sync 1, 64;" ::: "memory");
  else
    asm volatile("barrier.sync 1, %0;" ::"r"(wrong ? 96 : 64) : "memory");
  p[threadIdx.x] = 1;
}

/// Zeros for wgmma, m64n8k16: A, then B, without swizzling.
template <bool wrong>
__global__ void product_ahead(int* p) {
  __shared__ alignas(128) int operands[640];
  for (unsigned i = threadIdx.x; i < 640; i += 128) operands[i] = 0;
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();
  const uint64_t a = 0x0000001000080000u + uint64_t(__cvta_generic_to_shared(operands)) / 16;
  float d[4] = {1, 2, 3, 4};
  const auto keep = [&] {  // the compiler moves no use of them over this
    asm volatile("" : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])::"memory");
  };
  keep();
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  asm volatile(
      "{.reg .pred adds; setp.ne.b32 adds, 1, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%0, %1, %2, %3}, %4, %5, adds, 1, 1, 0, "
      "0;}"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "l"(a), "l"(a + 128));
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  if (!wrong) asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
  keep();
  p[threadIdx.x] = int(d[0] + d[1] + d[2] + d[3]);
}

/// Copies out of shared memory, which then changes.
template <bool fenced, bool waits>
__device__ void copy_out(int* p) {
  __shared__ alignas(128) int s[64];
  s[threadIdx.x] = int(threadIdx.x);
  if (fenced) asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile(
        "cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], 256;"
        "cp.async.bulk.commit_group;" ::"l"(p),
        "r"(unsigned(__cvta_generic_to_shared(s)))
        : "memory");
    if (waits) asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
  }
  __syncthreads();
  s[threadIdx.x] += 1;
  __syncthreads();
  p[64 + threadIdx.x] = s[threadIdx.x ^ 1];
  if (threadIdx.x == 0) asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
}
template <bool wrong>
__global__ void source_changes(int* p) {
  copy_out<true, !wrong>(p);
}
template <bool wrong>
__global__ void unfenced_source(int* p) {
  copy_out<!wrong, true>(p);
}

struct Case {
  const char* name;
  std::function<cudaError_t(bool wrong)> program;
  cudaError_t code;
  const char *kind, *detail;
  const char* check;  // that alone finds it
  bool has_address, has_other, has_allocation;
};
void PrintTo(const Case& c, std::ostream* to) { *to << c.name; }

#define EITHER(wrong, kernel, ...) \
  (wrong) ? launch(kernel<true>, __VA_ARGS__) : launch(kernel<false>, __VA_ARGS__)

const std::vector<Case>& cases() {
  constexpr cudaError_t launch_failure = cudaErrorLaunchFailure;
  static const std::vector<Case> all = {
      {"past_the_end", [](bool wrong) { return EITHER(wrong, past_the_end, 1, 256, Words().p); },
       cudaErrorIllegalAddress, "out of bounds", "0 bytes after the end of allocation", "mem", true,
       false, true},
      {"use_after_free",
       [](bool wrong) {
         int* p = nullptr;
         cudaMalloc(&p, 1024);
         if (wrong) cudaFree(p);
         const cudaError_t error = launch(store_one, 1, 32, p);
         if (!wrong) cudaFree(p);
         return error;
       },
       cudaErrorIllegalAddress, "use after free", "0 bytes into freed allocation", "mem", true,
       false, true},
      {"global_unwritten",
       [](bool wrong) {
         Words words;
         if (!wrong) words.zero();
         return launch(add_one, 1, 64, words.p);
       },
       launch_failure, "uninitialised read", "global load of 4 bytes", "init", true, false, true},
      {"shared_unwritten", [](bool wrong) { return EITHER(wrong, shared_sum, 1, 64, Words().p); },
       launch_failure, "uninitialised read", "shared load of 4 bytes", "init", true, false, false},
      {"local_unwritten", [](bool wrong) { return EITHER(wrong, local_sum, 1, 32, Words().p, 1); },
       launch_failure, "uninitialised read", "local load of 4 bytes", "init", true, false, false},
      {"race_of_warps", [](bool wrong) { return EITHER(wrong, rotate, 1, 64, Words().p); },
       launch_failure, "race", "shared store of 4 bytes at 0x80 that another warp read", "race",
       true, true, false},
      {"race_of_lanes", [](bool wrong) { return EITHER(wrong, swap_lanes, 1, 32, Words().p); },
       launch_failure, "race", "that another lane of the warp wrote", "race", true, true, false},
      {"race_of_blocks",
       [](bool wrong) { return EITHER(wrong, count_blocks, 4, 32, Words().zero().p); },
       launch_failure, "race", "with nothing to order the two", "race", true, true, true},
      {"unfenced_ticket",
       [](bool wrong) {
         return EITHER(wrong, last_block_adds, 4, 32, Words().p, Words().zero().p);
       },
       launch_failure, "race", "with no fence (__threadfence) before the atomic", "race", true,
       true, true},
      {"copy_not_waited_for",
       [](bool wrong) { return EITHER(wrong, copy_ahead, 1, 32, Words().zero().p, Words().p); },
       launch_failure, "race", "destination of an asynchronous copy", "race", true, true, false},
      {"product_not_waited_for",
       [](bool wrong) { return EITHER(wrong, product_ahead, 1, 128, Words().p); }, launch_failure,
       "race", "the result of a wgmma that was not waited for", "race", false, true, false},
      {"source_not_waited_for",
       [](bool wrong) { return EITHER(wrong, source_changes, 1, 64, Words().p); }, launch_failure,
       "race", "over the source of a bulk copy", "race", true, true, false},
      {"missing_proxy_fence",
       [](bool wrong) { return EITHER(wrong, unfenced_source, 1, 64, Words().p); }, launch_failure,
       "race", "with no fence.proxy.async in between", "race", true, true, false},
      {"divergent_barrier",
       [](bool wrong) { return EITHER(wrong, barrier_for_some, 1, 64, Words().p); }, launch_failure,
       "barrier misuse", "lanes 0xffff have ended", "sync", false, false, false},
      {"syncwarp_masks", [](bool wrong) { return EITHER(wrong, halves_meet, 1, 32, Words().p); },
       launch_failure, "barrier misuse", "__syncwarp with mask 0xffffffff", "sync", false, false,
       false},
      {"barrier_counts",
       [](bool wrong) { return EITHER(wrong, counts_that_differ, 1, 64, Words().p); },
       launch_failure, "barrier misuse", "expects 96 threads", "mem", false, false, false},
  };
  return all;
}

}  // namespace
