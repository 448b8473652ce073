#include "reference/cudart/device.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "reference/cudart/context.h"

namespace cudart {
namespace {

constexpr int kMaxBlock[3] = {1024, 1024, 64};
constexpr int kMaxGrid[3] = {2147483647, 65535, 65535};
constexpr size_t kConstantBytes = 64 << 10;
constexpr size_t kReservedShared = 1
                                   << 10;  // per block, for the system, from compute capability 8.0
constexpr size_t kMaxPitch = 2147483647;

cudaDeviceProp properties_of(const tconv::DeviceProfile& profile, uint64_t memory_bytes) {
  cudaDeviceProp p{};
  const std::string name = "Virtual " + std::string(profile.device_name) + " (ptxvm)";
  name.copy(p.name, sizeof(p.name) - 1);
  std::copy_n("ptxvm virtual GPU", sizeof(p.uuid.bytes), p.uuid.bytes);
  p.totalGlobalMem = memory_bytes;
  p.sharedMemPerBlock = static_cast<size_t>(profile.shared_bytes_per_block);
  p.sharedMemPerBlockOptin = static_cast<size_t>(profile.shared_bytes_per_block_optin);
  p.sharedMemPerMultiprocessor = static_cast<size_t>(profile.shared_bytes_per_sm);
  p.reservedSharedMemPerBlock = profile.sm_major >= 8 ? kReservedShared : 0;
  p.regsPerBlock = p.regsPerMultiprocessor = profile.registers_per_sm;
  p.warpSize = 32;
  p.memPitch = kMaxPitch;
  p.maxThreadsPerBlock = kMaxBlock[0];
  std::copy(std::begin(kMaxBlock), std::end(kMaxBlock), p.maxThreadsDim);
  std::copy(std::begin(kMaxGrid), std::end(kMaxGrid), p.maxGridSize);
  p.maxThreadsPerMultiProcessor = profile.threads_per_sm;
  p.maxBlocksPerMultiProcessor = profile.blocks_per_sm;
  p.multiProcessorCount = profile.sms;
  p.l2CacheSize = static_cast<int>(profile.l2_bytes);
  p.totalConstMem = kConstantBytes;
  p.major = profile.sm_major;
  p.minor = profile.sm_minor;
  p.textureAlignment = p.surfaceAlignment = 512;
  p.texturePitchAlignment = 32;
  p.globalL1CacheSupported = p.localL1CacheSupported = 1;
  p.canMapHostMemory = p.unifiedAddressing = p.hostRegisterSupported = 1;
  p.concurrentKernels = p.asyncEngineCount = p.streamPrioritiesSupported = 1;
  p.computePreemptionSupported = p.cooperativeLaunch = p.memoryPoolsSupported = 1;
  p.managedMemory = p.concurrentManagedAccess = 1;
  p.clusterLaunch = profile.sm_major >= 9;
  return p;
}

// Attributes that cudaDeviceProp has no field for, or that need a number of the profile.
std::map<int, int> attribute_table() {
  const cudaDeviceProp& p = device_properties();
  const auto clip = [](size_t v) { return static_cast<int>(std::min<size_t>(v, 2147483647)); };
  return {
      {cudaDevAttrMaxThreadsPerBlock, p.maxThreadsPerBlock},
      {cudaDevAttrMaxBlockDimX, p.maxThreadsDim[0]},
      {cudaDevAttrMaxBlockDimY, p.maxThreadsDim[1]},
      {cudaDevAttrMaxBlockDimZ, p.maxThreadsDim[2]},
      {cudaDevAttrMaxGridDimX, p.maxGridSize[0]},
      {cudaDevAttrMaxGridDimY, p.maxGridSize[1]},
      {cudaDevAttrMaxGridDimZ, p.maxGridSize[2]},
      {cudaDevAttrMaxSharedMemoryPerBlock, clip(p.sharedMemPerBlock)},
      {cudaDevAttrTotalConstantMemory, clip(p.totalConstMem)},
      {cudaDevAttrWarpSize, p.warpSize},
      {cudaDevAttrMaxPitch, clip(p.memPitch)},
      {cudaDevAttrMaxRegistersPerBlock, p.regsPerBlock},
      {cudaDevAttrClockRate, static_cast<int>(Context::get().profile().boost_ghz * 1e6)},  // kHz
      {cudaDevAttrTextureAlignment, clip(p.textureAlignment)},
      {cudaDevAttrGpuOverlap, 1},
      {cudaDevAttrMultiProcessorCount, p.multiProcessorCount},
      {cudaDevAttrCanMapHostMemory, p.canMapHostMemory},
      {cudaDevAttrSurfaceAlignment, clip(p.surfaceAlignment)},
      {cudaDevAttrConcurrentKernels, p.concurrentKernels},
      {cudaDevAttrL2CacheSize, p.l2CacheSize},
      {cudaDevAttrMaxThreadsPerMultiProcessor, p.maxThreadsPerMultiProcessor},
      {cudaDevAttrAsyncEngineCount, p.asyncEngineCount},
      {cudaDevAttrUnifiedAddressing, p.unifiedAddressing},
      {cudaDevAttrTexturePitchAlignment, clip(p.texturePitchAlignment)},
      {cudaDevAttrComputeCapabilityMajor, p.major},
      {cudaDevAttrComputeCapabilityMinor, p.minor},
      {cudaDevAttrStreamPrioritiesSupported, p.streamPrioritiesSupported},
      {cudaDevAttrGlobalL1CacheSupported, p.globalL1CacheSupported},
      {cudaDevAttrLocalL1CacheSupported, p.localL1CacheSupported},
      {cudaDevAttrMaxSharedMemoryPerMultiprocessor, clip(p.sharedMemPerMultiprocessor)},
      {cudaDevAttrMaxRegistersPerMultiprocessor, p.regsPerMultiprocessor},
      {cudaDevAttrComputePreemptionSupported, p.computePreemptionSupported},
      {cudaDevAttrCooperativeLaunch, p.cooperativeLaunch},
      {cudaDevAttrMaxSharedMemoryPerBlockOptin, clip(p.sharedMemPerBlockOptin)},
      {cudaDevAttrHostRegisterSupported, p.hostRegisterSupported},
      {cudaDevAttrMaxBlocksPerMultiprocessor, p.maxBlocksPerMultiProcessor},
      {cudaDevAttrReservedSharedMemoryPerBlock, clip(p.reservedSharedMemPerBlock)},
      {cudaDevAttrMemoryPoolsSupported, p.memoryPoolsSupported},
      {cudaDevAttrClusterLaunch, p.clusterLaunch},
      {cudaDevAttrManagedMemory, p.managedMemory},
      {cudaDevAttrConcurrentManagedAccess, p.concurrentManagedAccess},
  };
}

using Limits = std::array<size_t, 7>;  // indexed by cudaLimit
Limits& limits() {
  static Limits values{1024, size_t{1} << 20, size_t{8} << 20, 2, 2048, 64, 0};
  return values;
}

size_t& limit_slot(cudaLimit limit) {
  require(limit >= 0 && static_cast<size_t>(limit) < limits().size(), cudaErrorUnsupportedLimit);
  return limits()[static_cast<size_t>(limit)];
}

}  // namespace

void check_device(int device) { require(device == 0, cudaErrorInvalidDevice); }

const cudaDeviceProp& device_properties() {
  static const cudaDeviceProp properties =
      properties_of(Context::get().profile(), Context::get().memory_bytes());
  return properties;
}

int device_attribute(cudaDeviceAttr attribute) {
  require(attribute > 0 && attribute < cudaDevAttrMax, cudaErrorInvalidValue);
  static const std::map<int, int> table = attribute_table();
  const auto found = table.find(attribute);
  return found == table.end() ? 0 : found->second;
}

size_t device_limit(cudaLimit limit) { return limit_slot(limit); }
void set_device_limit(cudaLimit limit, size_t value) { limit_slot(limit) = value; }

}  // namespace cudart
