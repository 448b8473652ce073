// libcuda.so.1, for programs that are linked with the driver (-lcuda): its functions by the names
// that cuda.h gives them. They are those of driver.cpp, found as a program finds them.
#include <dlfcn.h>

#include <cuda.h>
#include <cuda_runtime_api.h>

namespace {

/// Null without the virtual GPU's runtime: the real one would ask this library again.
template <class F>
F* of_the_runtime(const char* name) {
  if (!dlsym(RTLD_DEFAULT, "ptxvmVersion")) return nullptr;
  void* function = nullptr;
#if CUDART_VERSION >= 12050
  cudaGetDriverEntryPointByVersion(name, &function, CUDART_VERSION, cudaEnableDefault, nullptr);
#else
  cudaGetDriverEntryPoint(name, &function, cudaEnableDefault, nullptr);
#endif
  return reinterpret_cast<F*>(function);
}

}  // namespace

// The declaration of cuda.h, which may give the function another name (_v2), checks ours.
#define FORWARD(name, parameters, ...)                                  \
  CUresult CUDAAPI name parameters {                                    \
    static const auto function = of_the_runtime<decltype(name)>(#name); \
    return function ? function(__VA_ARGS__) : CUDA_ERROR_STUB_LIBRARY;  \
  }

FORWARD(cuInit, (unsigned flags), flags)
FORWARD(cuDriverGetVersion, (int* version), version)
FORWARD(cuGetErrorName, (CUresult error, const char** name), error, name)
FORWARD(cuGetErrorString, (CUresult error, const char** text), error, text)
FORWARD(cuDeviceGet, (CUdevice * device, int ordinal), device, ordinal)
FORWARD(cuDeviceGetCount, (int* count), count)
FORWARD(cuDeviceGetAttribute, (int* value, CUdevice_attribute attribute, CUdevice device), value,
        attribute, device)
FORWARD(cuCtxGetCurrent, (CUcontext * context), context)
FORWARD(cuCtxGetDevice, (CUdevice * device), device)
FORWARD(cuStreamGetCtx, (CUstream stream, CUcontext* context), stream, context)
FORWARD(cuMemGetAddressRange, (CUdeviceptr * base, size_t* size, CUdeviceptr address), base, size,
        address)
FORWARD(cuPointerGetAttribute, (void* value, CUpointer_attribute attribute, CUdeviceptr address),
        value, attribute, address)
FORWARD(cuMemsetD8, (CUdeviceptr to, unsigned char value, size_t count), to, value, count)
FORWARD(cuMemsetD16, (CUdeviceptr to, unsigned short value, size_t count), to, value, count)
FORWARD(cuMemsetD32, (CUdeviceptr to, unsigned value, size_t count), to, value, count)
FORWARD(cuMemsetD8Async, (CUdeviceptr to, unsigned char value, size_t count, CUstream stream), to,
        value, count, stream)
FORWARD(cuMemsetD16Async, (CUdeviceptr to, unsigned short value, size_t count, CUstream stream), to,
        value, count, stream)
FORWARD(cuMemsetD32Async, (CUdeviceptr to, unsigned value, size_t count, CUstream stream), to,
        value, count, stream)
FORWARD(cuLaunchKernel,
        (CUfunction function_to_run, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
         unsigned by, unsigned bz, unsigned shared, CUstream stream, void** arguments,
         void** extra),
        function_to_run, gx, gy, gz, bx, by, bz, shared, stream, arguments, extra)
FORWARD(cuLaunchKernelEx,
        (const CUlaunchConfig* config, CUfunction function_to_run, void** arguments, void** extra),
        config, function_to_run, arguments, extra)
FORWARD(cuTensorMapEncodeTiled,
        (CUtensorMap * map, CUtensorMapDataType type, cuuint32_t rank, void* address,
         const cuuint64_t* sizes, const cuuint64_t* strides, const cuuint32_t* box,
         const cuuint32_t* steps, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
         CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill),
        map, type, rank, address, sizes, strides, box, steps, interleave, swizzle, promotion, fill)
FORWARD(cuTensorMapEncodeIm2col,
        (CUtensorMap * map, CUtensorMapDataType type, cuuint32_t rank, void* address,
         const cuuint64_t* sizes, const cuuint64_t* strides, const int* lower, const int* upper,
         cuuint32_t channels, cuuint32_t pixels, const cuuint32_t* steps,
         CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
         CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill),
        map, type, rank, address, sizes, strides, lower, upper, channels, pixels, steps, interleave,
        swizzle, promotion, fill)
FORWARD(cuTensorMapEncodeIm2colWide,
        (CUtensorMap * map, CUtensorMapDataType type, cuuint32_t rank, void* address,
         const cuuint64_t* sizes, const cuuint64_t* strides, int lower, int upper,
         cuuint32_t channels, cuuint32_t pixels, const cuuint32_t* steps,
         CUtensorMapInterleave interleave, CUtensorMapIm2ColWideMode mode,
         CUtensorMapSwizzle swizzle, CUtensorMapL2promotion promotion,
         CUtensorMapFloatOOBfill fill),
        map, type, rank, address, sizes, strides, lower, upper, channels, pixels, steps, interleave,
        mode, swizzle, promotion, fill)
FORWARD(cuTensorMapReplaceAddress, (CUtensorMap * map, void* address), map, address)
