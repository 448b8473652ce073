#include "reference/cudart/operation.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "reference/cudart/copy.h"
#include "reference/cudart/graph.h"
#include "reference/cudart/memory.h"
#include "reference/cudart/stream.h"

namespace cudart {

Arguments::Arguments(const Function& f, void* const* args) {
  const auto& sizes = f.info.param_sizes;
  require(sizes.empty() || args, cudaErrorInvalidValue);
  for (size_t i = 0; i < sizes.size(); ++i) {
    const auto* from = static_cast<const std::byte*>(args[i]);
    require(from, cudaErrorInvalidValue);
    values_.emplace_back(from, from + sizes[i]);
  }
}

void** Arguments::pointers() const {
  pointers_.clear();
  for (const auto& value : values_) pointers_.push_back(const_cast<std::byte*>(value.data()));
  return pointers_.data();
}

cudaGraphNodeType type_of(const Operation& operation) {
  constexpr cudaGraphNodeType types[] = {cudaGraphNodeTypeKernel,    cudaGraphNodeTypeMemcpy,
                                         cudaGraphNodeTypeMemset,    cudaGraphNodeTypeHost,
                                         cudaGraphNodeTypeGraph,     cudaGraphNodeTypeEmpty,
                                         cudaGraphNodeTypeWaitEvent, cudaGraphNodeTypeEventRecord,
                                         cudaGraphNodeTypeMemAlloc,  cudaGraphNodeTypeMemFree};
  static_assert(std::size(types) == std::variant_size_v<Operation>);
  return types[operation.index()];
}

Operation kernel_operation(const void* function, const LaunchShape& requested, void* const* args) {
  const Function& f = Modules::get().function(function);
  return KernelOperation{function, checked_shape(f, requested), Arguments(f, args)};
}

Operation copy_operation(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return copy_operation_2d(to, bytes, from, bytes, bytes, 1, kind);
}

Operation copy_operation_2d(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                            size_t width, size_t rows, cudaMemcpyKind kind) {
  cudaMemcpy3DParms p{};
  p.srcPtr = {const_cast<void*>(from), from_pitch, width, rows};
  p.dstPtr = {to, to_pitch, width, rows};
  p.extent = {width, rows, 1};
  p.kind = kind;
  return CopyOperation{p};
}

Operation fill_operation(const cudaMemsetParams& params) {
  const unsigned size = params.elementSize;
  require(size == 1 || size == 2 || size == 4, cudaErrorInvalidValue);
  return FillOperation{params};
}

Operation alloc_operation(cudaMemAllocNodeParams& params) {
  require(params.poolProps.location.type == cudaMemLocationTypeDevice &&
              params.poolProps.location.id == 0,
          cudaErrorInvalidValue);
  params.dptr = allocate(params.bytesize, "graph memory node");
  require(params.dptr, cudaErrorInvalidValue);
  return AllocOperation{params, std::shared_ptr<void>(params.dptr, release_if_live)};
}

namespace {

void run_one(const KernelOperation& k) { run_kernel(k.function, k.shape, k.args.pointers()); }
void run_one(const CopyOperation& c) { copy_3d(c.parms); }
void run_one(const FillOperation& f) {
  const cudaMemsetParams& p = f.params;
  const Extent extent{p.width * p.elementSize, p.height, f.slices};
  fill({p.dst, p.pitch, f.slice_rows}, p.value, extent, p.elementSize);
}
void run_one(const HostOperation& h) {
  const Unlocked unlocked;
  h.function(h.data);
}
void run_one(const GraphOperation& g) {
  for (const CUgraphNode_st* node : execution_order(*g.graph))
    if (Context::get().usable()) run(node->operation);
}
void run_one(const EmptyOperation&) {}
void run_one(const WaitOperation&) {}  // everything before is over
void run_one(const RecordOperation& r) { event_of(r.event).recorded = true; }
void run_one(const AllocOperation&) {}
void run_one(const FreeOperation&) {}

}  // namespace

void run(const Operation& operation) {
  std::visit([](const auto& one) { run_one(one); }, operation);
}

}  // namespace cudart
