// Streams and events: handles are checked, order is program order, and no time is made up.
#include <channel_descriptor.h>
#include <vector>

#include "tests/cudart/machine.h"

namespace {

TEST(Stream, CarriesItsFlagsAndPriority) {
  int least = 0, greatest = 0, priority = 1;
  ASSERT_CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  EXPECT_LE(greatest, least);
  cudaStream_t s = nullptr;
  ASSERT_CUDA(cudaStreamCreateWithPriority(&s, cudaStreamNonBlocking, greatest));
  unsigned flags = 0;
  EXPECT_CUDA(cudaStreamGetPriority(s, &priority));
  EXPECT_CUDA(cudaStreamGetFlags(s, &flags));
  EXPECT_EQ(priority, greatest);
  EXPECT_EQ(flags, static_cast<unsigned>(cudaStreamNonBlocking));
  EXPECT_CUDA(cudaStreamQuery(s));
  EXPECT_CUDA(cudaStreamDestroy(s));
}

TEST(Stream, HandlesThatAreNoneAreRefused) {
  VIRTUAL_GPU_ONLY();  // undefined on a real GPU
  cudaStream_t s = nullptr;
  ASSERT_CUDA(cudaStreamCreate(&s));
  ASSERT_CUDA(cudaStreamDestroy(s));
  EXPECT_EQ(cudaStreamSynchronize(s), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamDestroy(s), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaMemsetAsync(nullptr, 0, 0, s), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
}

TEST(Stream, WorkOfTwoStreamsIsOrderedByAnEvent) {
  cudaStream_t a = nullptr, b = nullptr;
  cudaEvent_t filled = nullptr;
  int* p = nullptr;
  int got = 0;
  ASSERT_CUDA(cudaStreamCreate(&a));
  ASSERT_CUDA(cudaStreamCreate(&b));
  ASSERT_CUDA(cudaEventCreateWithFlags(&filled, cudaEventDisableTiming));
  ASSERT_CUDA(cudaMallocAsync(reinterpret_cast<void**>(&p), sizeof(int), a));
  ASSERT_CUDA(cudaMemsetAsync(p, 1, sizeof(int), a));
  ASSERT_CUDA(cudaEventRecord(filled, a));
  ASSERT_CUDA(cudaStreamWaitEvent(b, filled, 0));
  ASSERT_CUDA(cudaMemcpyAsync(&got, p, sizeof(int), cudaMemcpyDeviceToHost, b));
  std::vector<int> order;
  ASSERT_CUDA(cudaLaunchHostFunc(
      b, [](void* o) { static_cast<std::vector<int>*>(o)->push_back(1); }, &order));
  ASSERT_CUDA(cudaStreamSynchronize(b));
  order.push_back(2);
  EXPECT_EQ(got, 0x01010101);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_CUDA(cudaEventQuery(filled));
  EXPECT_CUDA(cudaFreeAsync(p, b));
  EXPECT_CUDA(cudaEventDestroy(filled));
  EXPECT_CUDA(cudaStreamDestroy(a));
  EXPECT_CUDA(cudaStreamDestroy(b));
}

TEST(Event, TheVirtualGpuHasNoTimeAndSaysSoOnce) {
  VIRTUAL_GPU_ONLY();
  cudaEvent_t start = nullptr, stop = nullptr;
  ASSERT_CUDA(cudaEventCreate(&start));
  ASSERT_CUDA(cudaEventCreate(&stop));
  ASSERT_CUDA(cudaEventRecord(start));
  ASSERT_CUDA(cudaEventRecord(stop));
  float ms = -1;
  ::testing::internal::CaptureStderr();
  EXPECT_CUDA(cudaEventElapsedTime(&ms, start, stop));
  EXPECT_EQ(ms, 0.0F);
  EXPECT_CUDA(cudaEventElapsedTime(&ms, start, stop));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "ptxvm: cudaEventElapsedTime: the virtual GPU has no time, every elapsed time is 0\n");
}

TEST(Event, WhatWasNeverRecordedOrNotTimedHasNoElapsedTime) {
  cudaEvent_t never = nullptr, untimed = nullptr;
  float ms = 0;
  ASSERT_CUDA(cudaEventCreate(&never));
  EXPECT_EQ(cudaEventElapsedTime(&ms, never, never), cudaErrorInvalidResourceHandle);
  ASSERT_CUDA(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming));
  ASSERT_CUDA(cudaEventRecord(untimed));
  EXPECT_EQ(cudaEventElapsedTime(&ms, untimed, untimed), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(Unsupported, FunctionsNameThemselves) {
  VIRTUAL_GPU_ONLY();
  cudaArray_t array = nullptr;
  const cudaChannelFormatDesc format = cudaCreateChannelDesc<float>();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(cudaMallocArray(&array, &format, 4), cudaErrorNotSupported);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "ptxvm: cudaMallocArray is not supported by the virtual GPU\n");
  EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
}

}  // namespace
