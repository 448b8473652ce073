// What nvcc's host code calls before main, and around each <<<>>>.
#include "reference/cudart/capture.h"
#include "reference/cudart/entry/abi.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/launch.h"
#include "reference/cudart/modules.h"

using namespace cudart;

static FatBinary* binary_of(void** handle) { return reinterpret_cast<FatBinary*>(handle); }

CUDART_ENTRY void** __cudaRegisterFatBinary(void* wrapper) {
  FatBinary* binary = nullptr;
  call_anyway([&] { binary = Modules::get().add(wrapper); });
  return reinterpret_cast<void**>(binary);
}
CUDART_ENTRY void __cudaRegisterFatBinaryEnd(void**) {}
CUDART_ENTRY void __cudaUnregisterFatBinary(void** handle) {
  call_anyway([&] { Modules::get().remove(binary_of(handle)); });
}
CUDART_ENTRY char __cudaInitModule(void** handle) {
  return call([&] { Modules::get().place_managed(binary_of(handle)); }) == cudaSuccess ? 1 : 0;
}
CUDART_ENTRY void __cudaRegisterFunction(void** handle, const char* host, char*, const char* name,
                                         int, uint3*, uint3*, dim3*, dim3*, int*) {
  call_anyway([&] { Modules::get().add_function(binary_of(handle), host, name); });
}
CUDART_ENTRY void __cudaRegisterVar(void** handle, char* host, char*, const char* name, int,
                                    size_t size, int, int) {
  call_anyway([&] { Modules::get().add_variable(binary_of(handle), host, name, size); });
}
CUDART_ENTRY void __cudaRegisterManagedVar(void** handle, void** host, char*, const char* name, int,
                                           size_t size, int, int) {
  call_anyway([&] { Modules::get().add_variable(binary_of(handle), host, name, size, host); });
}

CUDART_ENTRY unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared,
                                                  CUstream_st* stream) {
  return call_anyway([&] { push_configuration({grid, block, shared, stream}); });
}
CUDART_ENTRY cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared,
                                                    void* stream) {
  return call_anyway([&] {
    const LaunchShape shape = pop_configuration();
    *grid = shape.grid;
    *block = shape.block;
    *shared = shape.dynamic_shared;
    *static_cast<cudaStream_t*>(stream) = shape.stream;
  });
}
CUDART_ENTRY cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host) {
  return call_anyway(
      [&] { *kernel = reinterpret_cast<cudaKernel_t>(&Modules::get().registered(host)); });
}
CUDART_ENTRY cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** args,
                                            size_t shared, cudaStream_t stream) {
  return call([&] { submit(stream, kernel_operation(kernel, {grid, block, shared}, args)); });
}
CUDART_TWIN(__cudaLaunchKernel, _ptsz)
