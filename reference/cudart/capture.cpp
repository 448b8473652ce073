#include "reference/cudart/capture.h"

#include <algorithm>
#include <list>
#include <map>
#include <thread>
#include <utility>

#include "reference/cudart/memory.h"

namespace cudart {
namespace {

using NodeList = std::vector<cudaGraphNode_t>;

struct Capture {
  unsigned long long id;
  cudaStreamCaptureMode mode;
  const CUstream_st* origin;
  std::thread::id thread;
  cudaGraph_t graph;
  bool own_graph;
  bool invalid = false;
  // For each stream in the capture, what its next operation comes after.
  std::map<const CUstream_st*, NodeList> streams;
  // For each event recorded in it, what the event stands for.
  std::map<const CUevent_st*, NodeList> events;
};

std::list<Capture>& captures() {
  static auto& list = *new std::list<Capture>;  // used by the program's exit handlers
  return list;
}

Capture* capture_of(const CUstream_st& stream) {
  const auto found = std::ranges::find_if(
      captures(), [&](const Capture& c) { return c.streams.contains(&stream); });
  return found == captures().end() ? nullptr : &*found;
}

Capture* capture_of(const CUevent_st& event) {
  const auto found =
      std::ranges::find_if(captures(), [&](const Capture& c) { return c.events.contains(&event); });
  return found == captures().end() ? nullptr : &*found;
}

[[noreturn]] void invalidate(Capture& capture, cudaError_t code) {
  capture.invalid = true;
  fail(code);
}

Capture& valid(Capture& capture) {
  require(!capture.invalid, cudaErrorStreamCaptureInvalidated);
  return capture;
}

bool is_legacy(const CUstream_st& stream) { return &stream == &stream_of(cudaStreamLegacy); }

// The legacy stream waits for every stream that did not ask to be left alone, which one in a
// capture cannot answer.
void require_no_implicit_wait(const CUstream_st& stream) {
  if (!is_legacy(stream)) return;
  for (Capture& c : captures())
    for (const auto& [member, tips] : c.streams)
      if (!(member->flags & cudaStreamNonBlocking)) invalidate(c, cudaErrorStreamCaptureImplicit);
}

void append(NodeList& to, const NodeList& nodes) {
  for (const cudaGraphNode_t n : nodes)
    if (std::ranges::find(to, n) == to.end()) to.push_back(n);
}

void add_to(Capture& capture, const CUstream_st& stream, Operation operation) {
  NodeList& tips = valid(capture).streams.at(&stream);
  tips = {add_node(graph_of(capture.graph), tips, std::move(operation))};
}

cudaStreamCaptureMode& thread_mode() {
  thread_local cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  return mode;
}

bool protects(const Capture& c) {
  const bool mine = c.thread == std::this_thread::get_id();
  if (thread_mode() == cudaStreamCaptureModeRelaxed) return false;
  if (mine) return c.mode != cudaStreamCaptureModeRelaxed;
  return thread_mode() == cudaStreamCaptureModeGlobal && c.mode == cudaStreamCaptureModeGlobal;
}

// Streams whose work the origin does not wait for: a tip that nothing comes after, and that is not
// the origin's.
bool is_joined(const Capture& c) {
  const NodeList& ends = c.streams.at(c.origin);
  NodeList reached = ends;
  for (size_t i = 0; i < reached.size(); ++i) append(reached, reached[i]->dependencies);
  return std::ranges::all_of(c.streams, [&](const auto& stream) {
    return std::ranges::all_of(stream.second, [&](cudaGraphNode_t tip) {
      return std::ranges::find(reached, tip) != reached.end();
    });
  });
}

}  // namespace

void submit(cudaStream_t handle, Operation operation) {
  const CUstream_st& stream = stream_of(handle);
  if (Capture* capture = capture_of(stream)) return add_to(*capture, stream, std::move(operation));
  require_no_implicit_wait(stream);
  run(operation);
}

void* allocate_on(cudaStream_t stream, size_t bytes, const char* label) {
  if (!is_capturing(stream)) return allocate(bytes, label);
  cudaMemAllocNodeParams params{};
  params.poolProps.location.type = cudaMemLocationTypeDevice;
  params.bytesize = bytes;
  Operation operation = alloc_operation(params);
  submit(stream, std::move(operation));
  return params.dptr;
}

void release_on(cudaStream_t stream, void* device) {
  if (is_capturing(stream))
    submit(stream, FreeOperation{device});
  else
    release(device);
}

void begin_capture(cudaStream_t handle, cudaStreamCaptureMode mode, cudaGraph_t graph,
                   Nodes dependencies) {
  static unsigned long long count = 0;
  require(mode >= cudaStreamCaptureModeGlobal && mode <= cudaStreamCaptureModeRelaxed,
          cudaErrorInvalidValue);
  const CUstream_st& stream = stream_of(handle);
  require(!is_legacy(stream), cudaErrorStreamCaptureUnsupported);
  require(!capture_of(stream), cudaErrorIllegalState);
  for (const cudaGraphNode_t node : dependencies)
    require(graph && &node_of(node).graph == graph, cudaErrorInvalidValue);
  const bool own = graph == nullptr;
  captures().push_back({.id = ++count,
                        .mode = mode,
                        .origin = &stream,
                        .thread = std::this_thread::get_id(),
                        .graph = own ? create_graph() : &graph_of(graph),
                        .own_graph = own,
                        .streams = {{&stream, {dependencies.begin(), dependencies.end()}}},
                        .events = {}});
}

cudaGraph_t end_capture(cudaStream_t handle) {
  const CUstream_st& stream = stream_of(handle);
  Capture* capture = capture_of(stream);
  require(capture, cudaErrorIllegalState);
  require(capture->origin == &stream, cudaErrorStreamCaptureUnmatched);
  require(capture->mode == cudaStreamCaptureModeRelaxed ||
              capture->thread == std::this_thread::get_id(),
          cudaErrorStreamCaptureWrongThread);
  const cudaError_t failure = capture->invalid      ? cudaErrorStreamCaptureInvalidated
                              : is_joined(*capture) ? cudaSuccess
                                                    : cudaErrorStreamCaptureUnjoined;
  const cudaGraph_t graph = capture->graph;
  if (failure != cudaSuccess && capture->own_graph) destroy_graph(graph);
  captures().remove_if([&](const Capture& c) { return &c == capture; });
  require(failure == cudaSuccess, failure);
  return graph;
}

CaptureInfo capture_info(cudaStream_t handle) {
  const CUstream_st& stream = stream_of(handle);
  const Capture* capture = capture_of(stream);
  if (!capture) {
    require_no_implicit_wait(stream);
    return {};
  }
  if (capture->invalid) return {.status = cudaStreamCaptureStatusInvalidated, .dependencies = {}};
  return {cudaStreamCaptureStatusActive, capture->id, capture->graph, capture->streams.at(&stream)};
}

bool is_capturing(cudaStream_t stream) { return capture_of(stream_of(stream)) != nullptr; }

void update_capture_dependencies(cudaStream_t handle, Nodes dependencies, bool replace) {
  const CUstream_st& stream = stream_of(handle);
  Capture* capture = capture_of(stream);
  require(capture, cudaErrorIllegalState);
  for (const cudaGraphNode_t node : dependencies)
    require(&node_of(node).graph == valid(*capture).graph, cudaErrorInvalidValue);
  NodeList& tips = capture->streams.at(&stream);
  if (replace) tips.clear();
  append(tips, {dependencies.begin(), dependencies.end()});
}

void record_event(cudaEvent_t handle, cudaStream_t on, bool as_node) {
  const CUstream_st& stream = stream_of(on);
  CUevent_st& event = event_of(handle);
  Capture* capture = capture_of(stream);
  if (capture && as_node) return add_to(*capture, stream, RecordOperation{handle});
  if (!capture) require_no_implicit_wait(stream);
  for (Capture& c : captures()) c.events.erase(&event);
  if (capture)
    valid(*capture).events[&event] = capture->streams.at(&stream);
  else
    event.recorded = true;
}

void wait_event(cudaStream_t on, cudaEvent_t handle, bool as_node) {
  const CUstream_st& stream = stream_of(on);
  const CUevent_st& event = event_of(handle);
  Capture* into = capture_of(stream);
  Capture* from = capture_of(event);
  if (into && as_node) return add_to(*into, stream, WaitOperation{handle});
  if (!into && !from) return require_no_implicit_wait(stream);
  if (into && !from) {
    if (!event.recorded) return;  // nothing to wait for
    invalidate(*into, cudaErrorStreamCaptureIsolation);
  }
  if (into && into != from) {
    from->invalid = true;
    invalidate(*into, cudaErrorStreamCaptureMerge);
  }
  if (is_legacy(stream)) invalidate(*from, cudaErrorStreamCaptureImplicit);
  append(valid(*from).streams[&stream], from->events.at(&event));
}

void require_uncaptured(cudaEvent_t event) {
  if (Capture* capture = capture_of(event_of(event))) invalidate(*capture, cudaErrorCapturedEvent);
}

void require_not_capturing(cudaStream_t handle) {
  const CUstream_st& stream = stream_of(handle);
  if (Capture* capture = capture_of(stream))
    invalidate(*capture, cudaErrorStreamCaptureUnsupported);
  require_no_implicit_wait(stream);
}

void require_no_capture() {
  for (Capture& c : captures()) c.invalid = true;
  require(captures().empty(), cudaErrorStreamCaptureUnsupported);
}

void require_safe_for_captures() {
  bool safe = true;
  for (Capture& c : captures()) {
    if (!protects(c)) continue;
    c.invalid = true;
    safe = false;
  }
  require(safe, cudaErrorStreamCaptureUnsupported);
}

cudaStreamCaptureMode exchange_capture_mode(cudaStreamCaptureMode mode) {
  require(mode >= cudaStreamCaptureModeGlobal && mode <= cudaStreamCaptureModeRelaxed,
          cudaErrorInvalidValue);
  return std::exchange(thread_mode(), mode);
}

void leave_captures(cudaStream_t handle) {
  const CUstream_st& stream = stream_of(handle);
  captures().remove_if([&](const Capture& c) { return c.origin == &stream; });
  for (Capture& c : captures()) c.streams.erase(&stream);
}

void leave_captures(cudaEvent_t handle) {
  const CUevent_st& event = event_of(handle);
  for (Capture& c : captures()) c.events.erase(&event);
}

void forget_captures() { captures().clear(); }

}  // namespace cudart
