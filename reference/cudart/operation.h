// What a stream is asked to do, as a value: run at once, or kept in a graph's node and run at each
// launch of it.
#pragma once

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include <cuda_runtime_api.h>

#include "reference/cudart/launch.h"

struct CUgraph_st;

namespace cudart {

/// Copies of a kernel's arguments: the program's may be gone when the kernel runs.
class Arguments {
 public:
  Arguments(const Function& f, void* const* args);
  /// As cudaLaunchKernel takes them; valid while this lives.
  void** pointers() const;

 private:
  std::vector<std::vector<std::byte>> values_;
  mutable std::vector<void*> pointers_;
};

struct KernelOperation {
  const void* function;  // as the program named it
  LaunchShape shape;
  Arguments args;
};
struct CopyOperation {
  cudaMemcpy3DParms parms;  // copies of fewer dimensions have extents of 1
};
struct FillOperation {
  cudaMemsetParams params;
  size_t slices = 1, slice_rows = 0;
};
struct HostOperation {
  cudaHostFn_t function;
  void* data;
};
struct GraphOperation {
  std::shared_ptr<CUgraph_st> graph;
};
struct EmptyOperation {};
struct WaitOperation {
  cudaEvent_t event;
};
struct RecordOperation {
  cudaEvent_t event;
};
/// A graph's memory keeps its address from the node's creation until no graph has the node, so that
/// every launch finds it there.
struct AllocOperation {
  cudaMemAllocNodeParams params;
  std::shared_ptr<void> memory;
};
struct FreeOperation {
  void* address;
};

using Operation =
    std::variant<KernelOperation, CopyOperation, FillOperation, HostOperation, GraphOperation,
                 EmptyOperation, WaitOperation, RecordOperation, AllocOperation, FreeOperation>;

cudaGraphNodeType type_of(const Operation& operation);

/// Each fails as the call that asks for the operation does, before anything runs.
Operation kernel_operation(const void* function, const LaunchShape& shape, void* const* args);
Operation copy_operation(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
Operation copy_operation_2d(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                            size_t width, size_t rows, cudaMemcpyKind kind);
Operation fill_operation(const cudaMemsetParams& params);
Operation alloc_operation(cudaMemAllocNodeParams& params);

/// Runs it to its end. A function of the program runs without the context's lock.
void run(const Operation& operation);

}  // namespace cudart
