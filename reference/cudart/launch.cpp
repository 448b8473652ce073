#include "reference/cudart/launch.h"

#include <algorithm>
#include <string>
#include <vector>

#include "reference/cudart/counters.h"
#include "reference/cudart/device.h"
#include "reference/cudart/faults.h"
#include "reference/cudart/stream.h"

namespace cudart {
namespace {

constexpr int kMaxCluster = 8;  // the portable size; 16 is a choice of the H100

uint64_t volume(const dim3& d) { return uint64_t{d.x} * d.y * d.z; }
ptxvm::Dim3 vm_dim(const dim3& d) { return {d.x, d.y, d.z}; }

bool fits(const dim3& d, const int (&limit)[3]) {
  const auto ok = [](unsigned n, int most) { return n >= 1 && n <= static_cast<unsigned>(most); };
  return ok(d.x, limit[0]) && ok(d.y, limit[1]) && ok(d.z, limit[2]);
}

void check_shape(const Function& f, const LaunchShape& shape) {
  const cudaDeviceProp& p = device_properties();
  const bool dims = fits(shape.grid, p.maxGridSize) && fits(shape.block, p.maxThreadsDim);
  require(dims && volume(shape.block) <= static_cast<uint64_t>(p.maxThreadsPerBlock),
          cudaErrorInvalidConfiguration);
  if (volume(shape.block) > f.info.max_threads)
    fail(cudaErrorInvalidValue, f.name + ": " + std::to_string(volume(shape.block)) +
                                    " threads a block, __launch_bounds__ allows " +
                                    std::to_string(f.info.max_threads));
  if (shape.dynamic_shared > dynamic_shared_limit(f))
    fail(cudaErrorInvalidValue, f.name + ": " + std::to_string(shape.dynamic_shared) +
                                    " bytes of dynamic shared memory, the kernel may use " +
                                    std::to_string(dynamic_shared_limit(f)) +
                                    " (cudaFuncAttributeMaxDynamicSharedMemorySize raises it)");
}

void check_cluster(const LaunchShape& shape) {
  if (volume(shape.cluster) == 1) return;
  if (!device_properties().clusterLaunch)
    fail(cudaErrorNotSupported, "clusters need compute capability 9.0: set PTXVM_DEVICE=h100-sxm");
  const bool divides = volume(shape.cluster) > 0 && shape.grid.x % shape.cluster.x == 0 &&
                       shape.grid.y % shape.cluster.y == 0 && shape.grid.z % shape.cluster.z == 0;
  require(divides, cudaErrorInvalidConfiguration);
  require(volume(shape.cluster) <= 16, cudaErrorInvalidClusterSize);
}

// __cluster_dims__ makes every launch of the kernel one with clusters.
LaunchShape with_required_cluster(const Function& f, LaunchShape shape) {
  const ptxvm::Dim3& required = f.info.required_cluster;
  if (required.count() > 1) shape.cluster = {required.x, required.y, required.z};
  return shape;
}

void check_cooperative(const Function& f, const LaunchShape& shape) {
  if (!shape.cooperative) return;
  const int per_sm = blocks_per_sm(f, static_cast<int>(volume(shape.block)), shape.dynamic_shared);
  const auto resident = static_cast<uint64_t>(per_sm) *
                        static_cast<uint64_t>(device_properties().multiProcessorCount);
  require(volume(shape.grid) <= resident, cudaErrorCooperativeLaunchTooLarge);
}

std::vector<LaunchShape>& pushed() {
  thread_local std::vector<LaunchShape> stack;
  return stack;
}

int rounded_warps(int threads) { return (threads + 31) / 32 * 32; }

}  // namespace

LaunchShape checked_shape(const Function& f, const LaunchShape& requested) {
  const LaunchShape shape = with_required_cluster(f, requested);
  check_shape(f, shape);
  check_cluster(shape);
  check_cooperative(f, shape);
  return shape;
}

void run_kernel(const void* function, const LaunchShape& requested, void** args) {
  count_call(FaultKind::launch);
  const Function& f = Modules::get().function(function);
  const LaunchShape shape = checked_shape(f, requested);
  const ptxvm::Launch request{.kernel = f.kernel,
                              .grid = vm_dim(shape.grid),
                              .block = vm_dim(shape.block),
                              .cluster = vm_dim(shape.cluster),
                              .dynamic_shared = static_cast<uint32_t>(shape.dynamic_shared),
                              .cooperative = shape.cooperative,
                              .args = {args, f.info.param_sizes.size()}};
  try {
    keep_counters(Context::get().machine().run(request));
  } catch (const ptxvm::Trap& trap) {
    Context::get().fault(trap);
  }
}

LaunchShape shape_of(const cudaLaunchConfig_t& config) {
  LaunchShape shape{config.gridDim, config.blockDim, config.dynamicSmemBytes, config.stream};
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const cudaLaunchAttribute& a = config.attrs[i];
    if (a.id == cudaLaunchAttributeCooperative) shape.cooperative = a.val.cooperative != 0;
    if (a.id == cudaLaunchAttributeClusterDimension)
      shape.cluster = {a.val.clusterDim.x, a.val.clusterDim.y, a.val.clusterDim.z};
    if (a.id == cudaLaunchAttributeProgrammaticEvent)
      event_of(a.val.programmaticEvent.event).recorded = true;
    if (a.id == cudaLaunchAttributeLaunchCompletionEvent)
      event_of(a.val.launchCompletionEvent.event).recorded = true;
  }
  return shape;
}

uint32_t dynamic_shared_limit(const Function& f) {
  if (f.max_dynamic_shared) return *f.max_dynamic_shared;
  const auto whole = static_cast<uint32_t>(device_properties().sharedMemPerBlock);
  return whole - std::min(whole, f.info.static_shared);
}

cudaFuncAttributes function_attributes(const void* function) {
  const Function& f = Modules::get().function(function);
  cudaFuncAttributes a{};
  a.sharedSizeBytes = f.info.static_shared;
  a.localSizeBytes = f.info.local_bytes;
  a.maxThreadsPerBlock = static_cast<int>(f.info.max_threads);
  a.numRegs = f.info.registers;
  a.ptxVersion = f.info.target;
  a.binaryVersion = Context::get().sm();
  a.maxDynamicSharedSizeBytes = static_cast<int>(dynamic_shared_limit(f));
  a.preferredShmemCarveout = -1;
  if (f.info.required_cluster.count() > 1) {
    a.clusterDimMustBeSet = 1;
    a.requiredClusterWidth = static_cast<int>(f.info.required_cluster.x);
    a.requiredClusterHeight = static_cast<int>(f.info.required_cluster.y);
    a.requiredClusterDepth = static_cast<int>(f.info.required_cluster.z);
  }
  return a;
}

void set_function_attribute(const void* function, cudaFuncAttribute attribute, int value) {
  Function& f = Modules::get().function(function);
  require(
      attribute >= cudaFuncAttributeMaxDynamicSharedMemorySize && attribute < cudaFuncAttributeMax,
      cudaErrorInvalidValue);
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize)
    return;  // the others are hints to a scheduler or a cache
  const size_t most = device_properties().sharedMemPerBlockOptin;
  require(value >= 0 && static_cast<size_t>(value) + f.info.static_shared <= most,
          cudaErrorInvalidValue);
  f.max_dynamic_shared = static_cast<uint32_t>(value);
}

int blocks_per_sm(const Function& f, int threads, size_t dynamic_shared) {
  const cudaDeviceProp& p = device_properties();
  require(threads > 0, cudaErrorInvalidValue);
  if (threads > std::min<int>(p.maxThreadsPerBlock, static_cast<int>(f.info.max_threads))) return 0;
  if (dynamic_shared + f.info.static_shared > p.sharedMemPerBlockOptin) return 0;
  const size_t shared = f.info.static_shared + dynamic_shared + p.reservedSharedMemPerBlock;
  const int by_threads = p.maxThreadsPerMultiProcessor / rounded_warps(threads);
  const auto by_shared = shared == 0 ? p.maxBlocksPerMultiProcessor
                                     : static_cast<int>(p.sharedMemPerMultiprocessor / shared);
  return std::min({by_threads, by_shared, p.maxBlocksPerMultiProcessor});
}

size_t available_dynamic_shared(const Function& f, int blocks, int threads) {
  require(blocks > 0 && blocks <= blocks_per_sm(f, threads, 0), cudaErrorInvalidValue);
  const cudaDeviceProp& p = device_properties();
  const size_t share = p.sharedMemPerMultiprocessor / static_cast<size_t>(blocks);
  const size_t taken = f.info.static_shared + p.reservedSharedMemPerBlock;
  return std::min(share - taken, p.sharedMemPerBlockOptin - f.info.static_shared);
}

int largest_cluster() { return device_properties().clusterLaunch ? kMaxCluster : 0; }

int active_clusters(const Function& f, const LaunchShape& shape) {
  check_cluster(shape);
  const int per_sm = blocks_per_sm(f, static_cast<int>(volume(shape.block)), shape.dynamic_shared);
  return per_sm * device_properties().multiProcessorCount / static_cast<int>(volume(shape.cluster));
}

void push_configuration(const LaunchShape& shape) { pushed().push_back(shape); }

LaunchShape pop_configuration() {
  require(!pushed().empty(), cudaErrorMissingConfiguration);
  const LaunchShape shape = pushed().back();
  pushed().pop_back();
  return shape;
}

}  // namespace cudart
