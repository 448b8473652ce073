// Memory pools. Frees take effect at once, so a pool never holds memory back: it only remembers how
// it was set up.
#pragma once

#include <cstdint>
#include <map>

#include <cuda_runtime_api.h>

// CUDA's own opaque type.
struct CUmemPoolHandle_st {
  std::map<int, uint64_t> attributes;  // by cudaMemPoolAttr
};

namespace cudart {

cudaMemPool_t default_pool();
/// Device memory only: pools on the host or for other processes fail with cudaErrorNotSupported.
cudaMemPool_t create_pool(const cudaMemPoolProps& props);
void destroy_pool(cudaMemPool_t pool);
/// Fails with cudaErrorInvalidValue for a handle that is no pool.
CUmemPoolHandle_st& pool_of(cudaMemPool_t pool);

void set_pool_attribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, const void* value);
void get_pool_attribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);

}  // namespace cudart
