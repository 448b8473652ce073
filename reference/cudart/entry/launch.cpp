#include "reference/cudart/launch.h"

#include "reference/cudart/capture.h"
#include "reference/cudart/entry/entry.h"

using namespace cudart;

CUDART_ENTRY cudaError_t cudaLaunchKernel(const void* func, dim3 grid, dim3 block, void** args,
                                          size_t shared, cudaStream_t stream) {
  return call([&] { submit(stream, kernel_operation(func, {grid, block, shared}, args)); });
}
CUDART_TWIN(cudaLaunchKernel, _ptsz)

CUDART_ENTRY cudaError_t cudaLaunchCooperativeKernel(const void* func, dim3 grid, dim3 block,
                                                     void** args, size_t shared,
                                                     cudaStream_t stream) {
  return call([&] {
    const LaunchShape shape{
        .grid = grid, .block = block, .dynamic_shared = shared, .cooperative = true};
    submit(stream, kernel_operation(func, shape, args));
  });
}
CUDART_TWIN(cudaLaunchCooperativeKernel, _ptsz)

CUDART_ENTRY cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* func,
                                             void** args) {
  return call([&] {
    require(config, cudaErrorInvalidValue);
    submit(config->stream, kernel_operation(func, shape_of(*config), args));
  });
}
CUDART_TWIN(cudaLaunchKernelExC, _ptsz)

CUDART_ENTRY cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t fn, void* data) {
  return call([&] {
    require(fn, cudaErrorInvalidValue);
    submit(stream, HostOperation{fn, data});
  });
}
CUDART_TWIN(cudaLaunchHostFunc, _ptsz)

CUDART_ENTRY cudaError_t cudaGetKernel(cudaKernel_t* kernel, const void* host) {
  return call([&] { *kernel = reinterpret_cast<cudaKernel_t>(&Modules::get().registered(host)); });
}
CUDART_ENTRY cudaError_t cudaGetFuncBySymbol(cudaFunction_t* function, const void* host) {
  return call(
      [&] { *function = reinterpret_cast<cudaFunction_t>(&Modules::get().registered(host)); });
}
CUDART_ENTRY cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* func) {
  return call([&] { *attributes = function_attributes(func); });
}
CUDART_ENTRY cudaError_t cudaFuncSetAttribute(const void* func, cudaFuncAttribute attribute,
                                              int value) {
  return call([&] { set_function_attribute(func, attribute, value); });
}
CUDART_ENTRY cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t kernel,
                                                         cudaFuncAttribute attribute, int value,
                                                         int) {
  return call([&] { set_function_attribute(kernel, attribute, value); });
}
CUDART_ENTRY cudaError_t cudaFuncSetCacheConfig(const void* func, cudaFuncCache) {
  return call([&] { Modules::get().registered(func); });
}
CUDART_ENTRY cudaError_t cudaFuncSetSharedMemConfig(const void* func, cudaSharedMemConfig) {
  return call([&] { Modules::get().registered(func); });
}
CUDART_ENTRY cudaError_t cudaFuncGetName(const char** name, const void* func) {
  return call([&] { *name = Modules::get().registered(func).name.c_str(); });
}
CUDART_ENTRY cudaError_t cudaFuncGetParamInfo(const void* func, size_t index, size_t* offset,
                                              size_t* size) {
  return call([&] {
    const auto& info = Modules::get().function(func).info;
    require(index < info.param_sizes.size(), cudaErrorInvalidValue);
    *offset = info.param_offsets[index];
    if (size) *size = info.param_sizes[index];
  });
}

CUDART_ENTRY cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks,
                                                                       const void* func,
                                                                       int threads, size_t shared) {
  return call([&] { *blocks = blocks_per_sm(Modules::get().function(func), threads, shared); });
}
CUDART_ENTRY cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, const void* func, int threads, size_t shared, unsigned) {
  return call([&] { *blocks = blocks_per_sm(Modules::get().function(func), threads, shared); });
}
CUDART_ENTRY cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t* shared, const void* func,
                                                                   int blocks, int threads) {
  return call(
      [&] { *shared = available_dynamic_shared(Modules::get().function(func), blocks, threads); });
}
CUDART_ENTRY cudaError_t cudaOccupancyMaxPotentialClusterSize(int* blocks, const void* func,
                                                              const cudaLaunchConfig_t*) {
  return call([&] {
    Modules::get().function(func);
    *blocks = largest_cluster();
  });
}
CUDART_ENTRY cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void* func,
                                                        const cudaLaunchConfig_t* config) {
  return call(
      [&] { *clusters = active_clusters(Modules::get().function(func), shape_of(*config)); });
}
