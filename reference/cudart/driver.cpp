#include "reference/cudart/driver.h"

#include <algorithm>
#include <map>
#include <string>

#include <cuda.h>

#include "reference/cudart/address.h"
#include "reference/cudart/answer.h"
#include "reference/cudart/capture.h"
#include "reference/cudart/device.h"
#include "reference/cudart/memory.h"
#include "reference/cudart/tensor_map.h"

namespace cudart {
namespace {

CUcontext context() { return reinterpret_cast<CUcontext>(&Context::get()); }

// The names of the codes that come from here.
const std::map<int, const char*>& error_names() {
  static const std::map<int, const char*> names = {
      {CUDA_SUCCESS, "CUDA_SUCCESS"},
      {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
      {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
      {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED"},
      {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
      {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE"},
      {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE"},
      {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT"},
      {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX"},
      {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"},
      {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND"},
      {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY"},
      {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
      {CUDA_ERROR_LAUNCH_TIMEOUT, "CUDA_ERROR_LAUNCH_TIMEOUT"},
      {CUDA_ERROR_ASSERT, "CUDA_ERROR_ASSERT"},
      {CUDA_ERROR_HARDWARE_STACK_ERROR, "CUDA_ERROR_HARDWARE_STACK_ERROR"},
      {CUDA_ERROR_ILLEGAL_INSTRUCTION, "CUDA_ERROR_ILLEGAL_INSTRUCTION"},
      {CUDA_ERROR_MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS"},
      {CUDA_ERROR_INVALID_ADDRESS_SPACE, "CUDA_ERROR_INVALID_ADDRESS_SPACE"},
      {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"},
      {CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE"},
      {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED"},
      {CUDA_ERROR_UNKNOWN, "CUDA_ERROR_UNKNOWN"},
  };
  return names;
}

CUresult get_error_name(CUresult error, const char** name) {
  const auto found = error_names().find(error);
  if (name) *name = found == error_names().end() ? nullptr : found->second;
  return name && *name ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult get_error_string(CUresult error, const char** text) {
  if (text) *text = error_text(static_cast<cudaError_t>(error));
  return text && *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult init(unsigned flags) {
  return answer([&] { require(flags == 0, cudaErrorInvalidValue); });
}
CUresult driver_get_version(int* version) {
  return answer([&] { *version = CUDA_VERSION; });
}
CUresult device_get_count(int* count) {
  return answer([&] { *count = 1; });
}
CUresult device_get(CUdevice* device, int ordinal) {
  return answer([&] {
    check_device(ordinal);
    *device = ordinal;
  });
}
CUresult device_get_attribute(int* value, CUdevice_attribute attribute, CUdevice device) {
  return answer([&] {
    check_device(device);
    *value = device_attribute(static_cast<cudaDeviceAttr>(attribute));
  });
}
CUresult ctx_get_current(CUcontext* current) {
  return answer([&] { *current = context(); });
}
CUresult ctx_get_device(CUdevice* device) {
  return answer([&] { *device = 0; });
}
CUresult stream_get_ctx(CUstream stream, CUcontext* of) {
  return answer([&] {
    stream_of(stream);
    *of = context();
  });
}

CUresult mem_get_address_range(CUdeviceptr* base, size_t* size, CUdeviceptr address) {
  return answer([&] {
    const auto* allocation = memory().find(address);
    require(allocation, cudaErrorSymbolNotFound);
    if (base) *base = allocation->address;
    if (size) *size = allocation->size;
  });
}

template <class T>
void give(void* out, T value) {
  *static_cast<T*>(out) = value;
}

CUresult pointer_get_attribute(void* out, CUpointer_attribute attribute, CUdeviceptr address) {
  return answer([&] {
    const cudaPointerAttributes a = pointer_attributes(pointer(address));
    const auto* allocation = memory().find(address);
    require(out && a.type != cudaMemoryTypeUnregistered, cudaErrorInvalidValue);
    const bool host = a.type == cudaMemoryTypeHost;
    switch (attribute) {
      case CU_POINTER_ATTRIBUTE_CONTEXT:
        return give(out, context());
      case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
        return give<unsigned>(out, host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE);
      case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
        return give(out, number(a.devicePointer));
      case CU_POINTER_ATTRIBUTE_HOST_POINTER:
        require(a.hostPointer, cudaErrorInvalidValue);
        return give(out, a.hostPointer);
      case CU_POINTER_ATTRIBUTE_IS_MANAGED:
        return give<unsigned>(out, a.type == cudaMemoryTypeManaged);
      case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
        return give<int>(out, 0);
      case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
        require(allocation, cudaErrorInvalidValue);
        return give(out, allocation->address);
      case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
        require(allocation, cudaErrorInvalidValue);
        return give<size_t>(out, allocation->size);
      default:
        fail(cudaErrorNotSupported, "cuPointerGetAttribute: the virtual GPU has no attribute " +
                                        std::to_string(static_cast<int>(attribute)));
    }
  });
}

template <class T>
CUresult memset_async(CUdeviceptr to, T value, size_t count, CUstream stream) {
  return answer([&] {
    require(to % sizeof(T) == 0, cudaErrorInvalidValue);
    submit(stream, fill_operation({.dst = pointer(to),
                                   .pitch = count * sizeof(T),
                                   .value = value,
                                   .elementSize = sizeof(T),
                                   .width = count,
                                   .height = 1}));
  });
}
template <class T>
CUresult memset(CUdeviceptr to, T value, size_t count) {
  return memset_async(to, value, count, nullptr);
}

// Kernels by handles of cudaGetFuncBySymbol or cudaLibraryGetKernel.
CUresult launch_kernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                       unsigned by, unsigned bz, unsigned shared, CUstream stream, void** args,
                       void** extra) {
  return answer([&] {
    require(!extra, cudaErrorNotSupported);
    submit(stream, kernel_operation(function, {{gx, gy, gz}, {bx, by, bz}, shared}, args));
  });
}
CUresult launch_kernel_ex(const CUlaunchConfig* c, CUfunction function, void** args, void** extra) {
  return answer([&] {
    require(c, cudaErrorInvalidValue);
    require(!extra, cudaErrorNotSupported);
    static_assert(sizeof(CUlaunchAttribute) == sizeof(cudaLaunchAttribute));
    const cudaLaunchConfig_t config{.gridDim = {c->gridDimX, c->gridDimY, c->gridDimZ},
                                    .blockDim = {c->blockDimX, c->blockDimY, c->blockDimZ},
                                    .dynamicSmemBytes = c->sharedMemBytes,
                                    .stream = c->hStream,
                                    .attrs = reinterpret_cast<cudaLaunchAttribute*>(c->attrs),
                                    .numAttrs = c->numAttrs};
    submit(c->hStream, kernel_operation(function, shape_of(config), args));
  });
}

struct Row {
  std::string_view name;
  void* function;
};
// The declaration of cuda.h checks ours.
#define ROW(name, ours) \
  Row { #name, reinterpret_cast < void*>(static_cast <decltype(&name)>(ours)) }

}  // namespace

// A further function is one more row.
void* driver_function(std::string_view name) {
  static const Row table[] = {
      ROW(cuCtxGetCurrent, ctx_get_current),
      ROW(cuCtxGetDevice, ctx_get_device),
      ROW(cuDeviceGet, device_get),
      ROW(cuDeviceGetAttribute, device_get_attribute),
      ROW(cuDeviceGetCount, device_get_count),
      ROW(cuDriverGetVersion, driver_get_version),
      ROW(cuGetErrorName, get_error_name),
      ROW(cuGetErrorString, get_error_string),
      ROW(cuInit, init),
      ROW(cuLaunchKernel, launch_kernel),
      ROW(cuLaunchKernelEx, launch_kernel_ex),
      ROW(cuMemGetAddressRange, mem_get_address_range),
      ROW(cuMemsetD16, memset<unsigned short>),
      ROW(cuMemsetD16Async, memset_async<unsigned short>),
      ROW(cuMemsetD32, memset<unsigned>),
      ROW(cuMemsetD32Async, memset_async<unsigned>),
      ROW(cuMemsetD8, memset<unsigned char>),
      ROW(cuMemsetD8Async, memset_async<unsigned char>),
      ROW(cuPointerGetAttribute, pointer_get_attribute),
      ROW(cuStreamGetCtx, stream_get_ctx),
      ROW(cuTensorMapEncodeIm2col, tensor_map_encode_im2col),
      ROW(cuTensorMapEncodeIm2colWide, tensor_map_encode_im2col_wide),
      ROW(cuTensorMapEncodeTiled, tensor_map_encode_tiled),
      ROW(cuTensorMapReplaceAddress, tensor_map_replace_address),
  };
  const Row* found = std::ranges::find(table, name, &Row::name);
  return found == std::end(table) ? nullptr : found->function;
}

}  // namespace cudart
