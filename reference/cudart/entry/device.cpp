#include "reference/cudart/device.h"

#include <algorithm>
#include <string_view>

#include <cuda_profiler_api.h>

#include "reference/cudart/capture.h"
#include "reference/cudart/driver.h"
#include "reference/cudart/entry/entry.h"
#include "reference/cudart/findings.h"
#include "reference/cudart/memory.h"
#include "reference/cudart/modules.h"
#include "reference/cudart/pinned.h"

using namespace cudart;

namespace {
constexpr std::string_view kPciBusId = "0000:00:00.0";
unsigned device_flags = cudaDeviceScheduleAuto;
}  // namespace

CUDART_ENTRY cudaError_t cudaGetDeviceCount(int* count) {
  return call([&] { *count = 1; });
}
CUDART_ENTRY cudaError_t cudaGetDevice(int* device) {
  return call([&] { *device = 0; });
}
CUDART_ENTRY cudaError_t cudaSetDevice(int device) {
  return call([&] { check_device(device); });
}
CUDART_ENTRY cudaError_t cudaInitDevice(int device, unsigned, unsigned) {
  return call([&] { check_device(device); });
}
CUDART_ENTRY cudaError_t cudaSetValidDevices(int* devices, int count) {
  return call([&] { std::for_each(devices, devices + count, check_device); });
}
CUDART_ENTRY cudaError_t cudaChooseDevice(int* device, const cudaDeviceProp*) {
  return call([&] { *device = 0; });
}
CUDART_ENTRY cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call([&] {
    check_device(device);
    *properties = device_properties();
  });
}
CUDART_ENTRY cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  return call([&] {
    check_device(device);
    *value = device_attribute(attribute);
  });
}
CUDART_ENTRY cudaError_t cudaSetDeviceFlags(unsigned flags) {
  return call([&] { device_flags = flags; });
}
CUDART_ENTRY cudaError_t cudaGetDeviceFlags(unsigned* flags) {
  return call([&] { *flags = device_flags; });
}
CUDART_ENTRY cudaError_t cudaDeviceGetPCIBusId(char* id, int length, int device) {
  return call([&] {
    check_device(device);
    require(length > static_cast<int>(kPciBusId.size()), cudaErrorInvalidValue);
    *std::copy(kPciBusId.begin(), kPciBusId.end(), id) = '\0';
  });
}
CUDART_ENTRY cudaError_t cudaDeviceGetByPCIBusId(int* device, const char* id) {
  return call([&] {
    require(id == kPciBusId, cudaErrorInvalidValue);
    *device = 0;
  });
}

CUDART_ENTRY cudaError_t cudaDeviceSynchronize() { return call(require_no_capture); }
CUDART_ENTRY cudaError_t cudaDeviceReset() {
  return call([] {
    forget_captures();
    if (Context::get().has_machine()) report_leaks("at cudaDeviceReset");
    Modules::get().forget_loaded();
    forget_allocations();
    forget_pinned();
    Context::get().reset();
  });
}
CUDART_ENTRY cudaError_t cudaDeviceGetLimit(size_t* value, cudaLimit limit) {
  return call([&] { *value = device_limit(limit); });
}
CUDART_ENTRY cudaError_t cudaDeviceSetLimit(cudaLimit limit, size_t value) {
  return call([&] { set_device_limit(limit, value); });
}
CUDART_ENTRY cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* config) {
  return call([&] { *config = cudaFuncCachePreferNone; });
}
CUDART_ENTRY cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) {
  return call([] {});
}

CUDART_ENTRY cudaError_t cudaDeviceGetSharedMemConfig(cudaSharedMemConfig* config) {
  return call([&] { *config = cudaSharedMemBankSizeFourByte; });
}
CUDART_ENTRY cudaError_t cudaDeviceSetSharedMemConfig(cudaSharedMemConfig) {
  return call([] {});
}

// There is no second device to be a peer of.
CUDART_ENTRY cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  return call([&] {
    check_device(device);
    check_device(peer);
    *can = 0;
  });
}
CUDART_ENTRY cudaError_t cudaDeviceGetP2PAttribute(int*, cudaDeviceP2PAttr, int device, int peer) {
  return call([&] {
    check_device(device);
    check_device(peer);
    fail(cudaErrorInvalidDevice);
  });
}
CUDART_ENTRY cudaError_t cudaDeviceEnablePeerAccess(int, unsigned) {
  return call([] { fail(cudaErrorInvalidDevice); });
}
CUDART_ENTRY cudaError_t cudaDeviceDisablePeerAccess(int) {
  return call([] { fail(cudaErrorPeerAccessNotEnabled); });
}

CUDART_ENTRY cudaError_t cudaRuntimeGetVersion(int* version) {
  return call_anyway([&] { *version = CUDART_VERSION; });
}
CUDART_ENTRY cudaError_t cudaDriverGetVersion(int* version) {
  return call_anyway([&] { *version = CUDART_VERSION; });
}
CUDART_ENTRY cudaError_t cudaProfilerStart() {
  return call([] {});
}
CUDART_ENTRY cudaError_t cudaProfilerStop() {
  return call([] {});
}

static cudaError_t entry_point(const char* name, void** function,
                               cudaDriverEntryPointQueryResult* status) {
  return call([&] {
    require(name && function, cudaErrorInvalidValue);
    *function = driver_function(name);
    if (status)
      *status = *function ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
  });
}
CUDART_ENTRY cudaError_t cudaGetDriverEntryPoint(const char* name, void** function,
                                                 unsigned long long,
                                                 cudaDriverEntryPointQueryResult* status) {
  return entry_point(name, function, status);
}
CUDART_TWIN(cudaGetDriverEntryPoint, _ptsz)
#if CUDART_VERSION >= 12050
CUDART_ENTRY cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function,
                                                          unsigned, unsigned long long,
                                                          cudaDriverEntryPointQueryResult* status) {
  return entry_point(name, function, status);
}
CUDART_TWIN(cudaGetDriverEntryPointByVersion, _ptsz)
#endif

CUDART_ENTRY cudaChannelFormatDesc cudaCreateChannelDesc(int x, int y, int z, int w,
                                                         cudaChannelFormatKind kind) {
  return {x, y, z, w, kind};
}
