// Graphs: built node by node and captured from streams, replayed, and changed between replays.
// Expected values are computed on the host.
#include <algorithm>
#include <vector>

#include "tests/cudart/device_vector.h"

namespace {

__global__ void add(int* p, int n, int value) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) p[i] += value;
}
__global__ void multiply(int* p, int n, int value) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) p[i] *= value;
}
__global__ void sum(int* out, const int* a, const int* b, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = a[i] + b[i];
}

constexpr int kItems = 100;

/// A stream that asks not to wait for the default one, and destroys itself.
struct Stream {
  Stream() { EXPECT_CUDA(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking)); }
  ~Stream() { cudaStreamDestroy(handle); }
  cudaStream_t handle = nullptr;
};
struct Event {
  Event() { EXPECT_CUDA(cudaEventCreateWithFlags(&handle, cudaEventDisableTiming)); }
  ~Event() { cudaEventDestroy(handle); }
  cudaEvent_t handle = nullptr;
};

cudaGraphExec_t instantiated(cudaGraph_t graph) {
  cudaGraphExec_t exec = nullptr;
  EXPECT_CUDA(cudaGraphInstantiate(&exec, graph, 0));
  return exec;
}

std::vector<cudaGraphNode_t> nodes_of(cudaGraph_t graph) {
  size_t n = 0;
  EXPECT_CUDA(cudaGraphGetNodes(graph, nullptr, &n));
  std::vector<cudaGraphNode_t> nodes(n);
  EXPECT_CUDA(cudaGraphGetNodes(graph, nodes.data(), &n));
  return nodes;
}

// The argument's storage is gone before the replay: the graph keeps values.
void capture_add(cudaStream_t s, int* p, int value) { add<<<1, 128, 0, s>>>(p, kItems, value); }

TEST(Graph, ACapturedPipelineRunsAtEachLaunchAndNotBefore) {
  const Stream s;
  const DeviceVector<int> d(kItems);
  std::vector<int> host(kItems, -1);
  ASSERT_CUDA(cudaMemset(d.data(), 0, kItems * sizeof(int)));
  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeGlobal));
  capture_add(s.handle, d.data(), 3);
  multiply<<<1, 128, 0, s.handle>>>(d.data(), kItems, 2);
  ASSERT_CUDA(cudaMemcpyAsync(host.data(), d.data(), kItems * sizeof(int), cudaMemcpyDeviceToHost,
                              s.handle));
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaStreamEndCapture(s.handle, &graph));
  EXPECT_EQ(host, std::vector<int>(kItems, -1));
  EXPECT_EQ(d.host(), std::vector<int>(kItems, 0));

  const cudaGraphExec_t exec = instantiated(graph);
  ASSERT_CUDA(cudaGraphDestroy(graph));  // the executable stands alone
  ASSERT_CUDA(cudaGraphUpload(exec, s.handle));
  for (const int expected : {6, 18, 42}) {
    ASSERT_CUDA(cudaGraphLaunch(exec, s.handle));
    ASSERT_CUDA(cudaStreamSynchronize(s.handle));
    EXPECT_EQ(host, std::vector<int>(kItems, expected));
  }
  EXPECT_CUDA(cudaGraphExecDestroy(exec));
  EXPECT_EQ(cudaGraphDestroy(graph), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(Graph, KernelParametersCanBeChangedInTheExecutableOnly) {
  const Stream s;
  const DeviceVector<int> d(kItems);
  ASSERT_CUDA(cudaMemset(d.data(), 0, kItems * sizeof(int)));
  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeThreadLocal));
  capture_add(s.handle, d.data(), 3);
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaStreamEndCapture(s.handle, &graph));
  const cudaGraphExec_t exec = instantiated(graph);
  const cudaGraphNode_t node = nodes_of(graph).at(0);

  cudaKernelNodeParams p{};
  ASSERT_CUDA(cudaGraphKernelNodeGetParams(node, &p));
  EXPECT_EQ(p.blockDim.x, 128U);
  EXPECT_EQ(*static_cast<int*>(p.kernelParams[2]), 3);
  int* data = d.data();
  int n = kItems, value = 10;
  void* args[] = {&data, &n, &value};
  p.kernelParams = args;
  ASSERT_CUDA(cudaGraphExecKernelNodeSetParams(exec, node, &p));
  value = -1;  // was copied
  ASSERT_CUDA(cudaGraphLaunch(exec, s.handle));
  EXPECT_EQ(d.host(), std::vector<int>(kItems, 10));
  ASSERT_CUDA(cudaGraphKernelNodeGetParams(node, &p));
  EXPECT_EQ(*static_cast<int*>(p.kernelParams[2]), 3);

  ASSERT_CUDA(cudaGraphNodeSetEnabled(exec, node, 0));
  ASSERT_CUDA(cudaGraphLaunch(exec, s.handle));
  EXPECT_EQ(d.host(), std::vector<int>(kItems, 10));
  EXPECT_CUDA(cudaGraphExecDestroy(exec));
  EXPECT_CUDA(cudaGraphDestroy(graph));
}

TEST(Graph, UpdateTakesTheParametersOfAGraphOfTheSameShape) {
  const Stream s;
  const DeviceVector<int> d(kItems);
  ASSERT_CUDA(cudaMemset(d.data(), 0, kItems * sizeof(int)));
  cudaGraph_t graphs[3] = {};
  for (int i = 0; i < 3; ++i) {
    ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeRelaxed));
    capture_add(s.handle, d.data(), i + 1);
    if (i == 2) capture_add(s.handle, d.data(), 1);
    ASSERT_CUDA(cudaStreamEndCapture(s.handle, &graphs[i]));
  }
  const cudaGraphExec_t exec = instantiated(graphs[0]);
  cudaGraphExecUpdateResultInfo info{};
  ASSERT_CUDA(cudaGraphExecUpdate(exec, graphs[1], &info));
  EXPECT_EQ(info.result, cudaGraphExecUpdateSuccess);
  ASSERT_CUDA(cudaGraphLaunch(exec, s.handle));
  EXPECT_EQ(d.host(), std::vector<int>(kItems, 2));
  EXPECT_EQ(cudaGraphExecUpdate(exec, graphs[2], &info), cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(info.result, cudaGraphExecUpdateErrorTopologyChanged);
  cudaGetLastError();
  EXPECT_CUDA(cudaGraphExecDestroy(exec));
  for (const cudaGraph_t graph : graphs) EXPECT_CUDA(cudaGraphDestroy(graph));
}

TEST(Graph, NodesRunInTheOrderOfTheirEdges) {
  const DeviceVector<int> d(kItems);
  int* data = d.data();
  int n = kItems, three = 3, five = 5;
  void* add_args[] = {&data, &n, &three};
  void* multiply_args[] = {&data, &n, &five};
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaGraphCreate(&graph, 0));
  cudaKernelNodeParams kernel{};
  kernel.gridDim = 1;
  kernel.blockDim = 128;
  cudaGraphNode_t last = nullptr, middle = nullptr, first = nullptr, read = nullptr, told = nullptr;
  // Created from the last to the first.
  kernel.func = reinterpret_cast<void*>(multiply);
  kernel.kernelParams = multiply_args;
  ASSERT_CUDA(cudaGraphAddKernelNode(&last, graph, nullptr, 0, &kernel));
  kernel.func = reinterpret_cast<void*>(add);
  kernel.kernelParams = add_args;
  ASSERT_CUDA(cudaGraphAddKernelNode(&middle, graph, nullptr, 0, &kernel));
  cudaMemsetParams fill{};
  fill.dst = data;
  fill.value = 7;
  fill.elementSize = 4;
  fill.width = kItems;
  fill.height = 1;
  ASSERT_CUDA(cudaGraphAddMemsetNode(&first, graph, nullptr, 0, &fill));
  const cudaGraphNode_t from[] = {first, middle}, to[] = {middle, last};
  ASSERT_CUDA(cudaGraphAddDependencies(graph, from, to, nullptr, 2));
  std::vector<int> host(kItems);
  ASSERT_CUDA(cudaGraphAddMemcpyNode1D(&read, graph, &last, 1, host.data(), data,
                                       kItems * sizeof(int), cudaMemcpyDeviceToHost));
  cudaHostNodeParams tell{[](void* h) {
                            auto& values = *static_cast<std::vector<int>*>(h);
                            for (int& v : values) v = -v;
                          },
                          &host};
  ASSERT_CUDA(cudaGraphAddHostNode(&told, graph, &read, 1, &tell));

  size_t count = 0;
  ASSERT_CUDA(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &count));
  EXPECT_EQ(count, 4U);
  cudaGraphNode_t root[2] = {};
  count = 2;
  ASSERT_CUDA(cudaGraphGetRootNodes(graph, root, &count));
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(root[0], first);
  cudaGraphNodeType type{};
  ASSERT_CUDA(cudaGraphNodeGetType(told, &type));
  EXPECT_EQ(type, cudaGraphNodeTypeHost);

  cudaGraph_t copy = nullptr;
  ASSERT_CUDA(cudaGraphClone(&copy, graph));
  ASSERT_CUDA(cudaGraphDestroy(graph));
  const cudaGraphExec_t exec = instantiated(copy);
  ASSERT_CUDA(cudaGraphLaunch(exec, nullptr));
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(host, std::vector<int>(kItems, -(7 + 3) * 5));
  EXPECT_CUDA(cudaGraphExecDestroy(exec));
  EXPECT_CUDA(cudaGraphDestroy(copy));
}

TEST(Graph, ACircleOfEdgesCannotBeInstantiated) {
  cudaGraph_t graph = nullptr;
  cudaGraphNode_t a = nullptr, b = nullptr;
  ASSERT_CUDA(cudaGraphCreate(&graph, 0));
  ASSERT_CUDA(cudaGraphAddEmptyNode(&a, graph, nullptr, 0));
  ASSERT_CUDA(cudaGraphAddEmptyNode(&b, graph, &a, 1));
  ASSERT_CUDA(cudaGraphAddDependencies(graph, &b, &a, nullptr, 1));
  cudaGraphExec_t exec = nullptr;
  EXPECT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaErrorInvalidValue);
  cudaGetLastError();
  EXPECT_CUDA(cudaGraphDestroy(graph));
}

TEST(Capture, ForksAndJoinsThroughEvents) {
  const Stream a, b;
  const Event forked, joined;
  const DeviceVector<int> left(kItems), right(kItems), out(kItems);
  ASSERT_CUDA(cudaMemset(left.data(), 0, kItems * sizeof(int)));
  ASSERT_CUDA(cudaMemset(right.data(), 0, kItems * sizeof(int)));
  ASSERT_CUDA(cudaStreamBeginCapture(a.handle, cudaStreamCaptureModeGlobal));
  ASSERT_CUDA(cudaEventRecord(forked.handle, a.handle));
  ASSERT_CUDA(cudaStreamWaitEvent(b.handle, forked.handle, 0));
  cudaStreamCaptureStatus status{};
  ASSERT_CUDA(cudaStreamIsCapturing(b.handle, &status));
  EXPECT_EQ(status, cudaStreamCaptureStatusActive);
  capture_add(a.handle, left.data(), 2);
  capture_add(b.handle, right.data(), 5);
  ASSERT_CUDA(cudaEventRecord(joined.handle, b.handle));
  ASSERT_CUDA(cudaStreamWaitEvent(a.handle, joined.handle, 0));
  sum<<<1, 128, 0, a.handle>>>(out.data(), left.data(), right.data(), kItems);
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaStreamEndCapture(a.handle, &graph));
  size_t edges = 0, dependencies = 0;
  ASSERT_CUDA(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &edges));
  EXPECT_EQ(edges, 2U);
  ASSERT_CUDA(cudaGraphNodeGetDependencies(nodes_of(graph).at(2), nullptr, nullptr, &dependencies));
  EXPECT_EQ(dependencies, 2U);
  const cudaGraphExec_t exec = instantiated(graph);
  ASSERT_CUDA(cudaGraphLaunch(exec, a.handle));
  ASSERT_CUDA(cudaGraphLaunch(exec, a.handle));
  EXPECT_EQ(out.host(), std::vector<int>(kItems, 14));
  EXPECT_CUDA(cudaGraphExecDestroy(exec));
  EXPECT_CUDA(cudaGraphDestroy(graph));
}

TEST(Capture, AStreamThatIsNotJoinedBackEndsInAnError) {
  const Stream a, b;
  const Event forked;
  const DeviceVector<int> d(kItems);
  ASSERT_CUDA(cudaStreamBeginCapture(a.handle, cudaStreamCaptureModeGlobal));
  ASSERT_CUDA(cudaEventRecord(forked.handle, a.handle));
  ASSERT_CUDA(cudaStreamWaitEvent(b.handle, forked.handle, 0));
  capture_add(b.handle, d.data(), 5);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(b.handle, &graph), cudaErrorStreamCaptureUnmatched);
  EXPECT_EQ(cudaStreamEndCapture(a.handle, &graph), cudaErrorStreamCaptureUnjoined);
  EXPECT_EQ(graph, nullptr);
  EXPECT_EQ(cudaStreamEndCapture(a.handle, &graph), cudaErrorIllegalState);
  cudaGetLastError();
}

/// A capture in which `call` must fail with `code`, and which is lost by that.
template <class Call>
void expect_lost(cudaStreamCaptureMode mode, cudaError_t code, Call&& call) {
  const Stream s;
  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, mode));
  EXPECT_EQ(call(s.handle), code);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(s.handle, &graph), cudaErrorStreamCaptureInvalidated);
  cudaGetLastError();
}

TEST(Capture, CallsThatCannotBeCapturedFailAndEndIt) {
  const auto unsafe = cudaStreamCaptureModeGlobal, relaxed = cudaStreamCaptureModeRelaxed;
  const auto refused = cudaErrorStreamCaptureUnsupported;
  expect_lost(relaxed, refused, [](cudaStream_t s) { return cudaStreamSynchronize(s); });
  expect_lost(relaxed, refused, [](cudaStream_t s) { return cudaStreamQuery(s); });
  expect_lost(relaxed, refused, [](cudaStream_t) { return cudaDeviceSynchronize(); });
  expect_lost(unsafe, refused, [](cudaStream_t) {
    void* p = nullptr;
    return cudaMalloc(&p, 16);
  });
  const Event e;
  expect_lost(relaxed, cudaErrorCapturedEvent, [&](cudaStream_t s) {
    EXPECT_CUDA(cudaEventRecord(e.handle, s));
    return cudaEventQuery(e.handle);
  });
}

TEST(Capture, RelaxedModeLetsUnsafeCallsThrough) {
  const Stream s;
  void* p = nullptr;
  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeRelaxed));
  EXPECT_CUDA(cudaMalloc(&p, 16));
  cudaGraph_t graph = nullptr;
  EXPECT_CUDA(cudaStreamEndCapture(s.handle, &graph));
  EXPECT_CUDA(cudaFree(p));
  EXPECT_CUDA(cudaGraphDestroy(graph));

  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeGlobal));
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  ASSERT_CUDA(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, cudaStreamCaptureModeGlobal);
  EXPECT_CUDA(cudaMalloc(&p, 16));
  EXPECT_CUDA(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_CUDA(cudaStreamEndCapture(s.handle, &graph));
  EXPECT_CUDA(cudaFree(p));
  EXPECT_CUDA(cudaGraphDestroy(graph));
}

TEST(Capture, TheDefaultStreamCannotBeCapturedNorUsedBesideACapturedOneThatWaitsForIt) {
  EXPECT_EQ(cudaStreamBeginCapture(cudaStreamLegacy, cudaStreamCaptureModeGlobal),
            cudaErrorStreamCaptureUnsupported);
  const DeviceVector<int> d(kItems);
  cudaStream_t blocking = nullptr;
  ASSERT_CUDA(cudaStreamCreate(&blocking));
  ASSERT_CUDA(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed));
  EXPECT_EQ(cudaMemset(d.data(), 0, 4), cudaErrorStreamCaptureImplicit);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(blocking, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_CUDA(cudaStreamDestroy(blocking));
  cudaGetLastError();
}

TEST(Capture, StreamOrderedMemoryHasOneAddressInEveryLaunch) {
  const Stream s;
  int* p = nullptr;
  const DeviceVector<int> out(kItems);
  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeGlobal));
  ASSERT_CUDA(cudaMallocAsync(reinterpret_cast<void**>(&p), kItems * sizeof(int), s.handle));
  ASSERT_CUDA(cudaMemsetAsync(p, 0, kItems * sizeof(int), s.handle));
  capture_add(s.handle, p, 4);
  sum<<<1, 128, 0, s.handle>>>(out.data(), p, p, kItems);
  ASSERT_CUDA(cudaFreeAsync(p, s.handle));
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaStreamEndCapture(s.handle, &graph));
  const cudaGraphExec_t exec = instantiated(graph);
  for (int i = 0; i < 2; ++i) {
    ASSERT_CUDA(cudaMemset(out.data(), 0, kItems * sizeof(int)));
    ASSERT_CUDA(cudaGraphLaunch(exec, s.handle));
    EXPECT_EQ(out.host(), std::vector<int>(kItems, 8));
  }
  EXPECT_CUDA(cudaGraphExecDestroy(exec));
  EXPECT_CUDA(cudaGraphDestroy(graph));
}

TEST(Capture, AGraphLaunchedInACaptureBecomesAChild) {
  const Stream s;
  const DeviceVector<int> d(kItems);
  ASSERT_CUDA(cudaMemset(d.data(), 0, kItems * sizeof(int)));
  cudaGraph_t inner = nullptr, outer = nullptr;
  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeGlobal));
  capture_add(s.handle, d.data(), 2);
  ASSERT_CUDA(cudaStreamEndCapture(s.handle, &inner));
  const cudaGraphExec_t exec = instantiated(inner);
  ASSERT_CUDA(cudaStreamBeginCapture(s.handle, cudaStreamCaptureModeGlobal));
  ASSERT_CUDA(cudaGraphLaunch(exec, s.handle));
  multiply<<<1, 128, 0, s.handle>>>(d.data(), kItems, 3);
  ASSERT_CUDA(cudaStreamEndCapture(s.handle, &outer));
  EXPECT_EQ(d.host(), std::vector<int>(kItems, 0));
  const cudaGraphExec_t both = instantiated(outer);
  ASSERT_CUDA(cudaGraphLaunch(both, s.handle));
  EXPECT_EQ(d.host(), std::vector<int>(kItems, 6));
  for (const cudaGraphExec_t e : {exec, both}) EXPECT_CUDA(cudaGraphExecDestroy(e));
  for (const cudaGraph_t g : {inner, outer}) EXPECT_CUDA(cudaGraphDestroy(g));
}

}  // namespace
