#include "reference/cudart/pool.h"

#include <cstring>

#include "reference/cudart/context.h"
#include "reference/cudart/handles.h"

namespace cudart {
namespace {

Handles<CUmemPoolHandle_st>& pools() {
  static auto& handles = *new Handles<CUmemPoolHandle_st>(cudaErrorInvalidValue);
  return handles;
}

// The first three are switches (int), the rest are bytes (uint64_t).
bool is_switch(cudaMemPoolAttr attribute) {
  return attribute <= cudaMemPoolReuseAllowInternalDependencies;
}

bool counts_bytes_in_use(cudaMemPoolAttr attribute) {
  return attribute == cudaMemPoolAttrReservedMemCurrent ||
         attribute == cudaMemPoolAttrUsedMemCurrent;
}

}  // namespace

cudaMemPool_t default_pool() {
  static const cudaMemPool_t pool = pools().add({});
  return pool;
}

cudaMemPool_t create_pool(const cudaMemPoolProps& props) {
  if (props.location.type != cudaMemLocationTypeDevice ||
      props.handleTypes != cudaMemHandleTypeNone)
    fail(cudaErrorNotSupported,
         "cudaMemPoolCreate: the virtual GPU has pools of its own memory only, not shared with "
         "other processes");
  require(props.location.id == 0, cudaErrorInvalidValue);
  return pools().add({});
}

void destroy_pool(cudaMemPool_t pool) {
  require(pool != default_pool(), cudaErrorInvalidValue);
  pools().remove(pool);
}

CUmemPoolHandle_st& pool_of(cudaMemPool_t pool) { return pools().at(pool); }

void set_pool_attribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, const void* value) {
  uint64_t wide = 0;
  std::memcpy(&wide, value, is_switch(attribute) ? sizeof(int) : sizeof(uint64_t));
  pool_of(pool).attributes[attribute] = wide;
}

void get_pool_attribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  const uint64_t wide = counts_bytes_in_use(attribute) ? Context::get().memory().used()
                                                       : pool_of(pool).attributes[attribute];
  std::memcpy(value, &wide, is_switch(attribute) ? sizeof(int) : sizeof(uint64_t));
}

}  // namespace cudart
