#include "tests/vendor/cudnn_execute.h"

#include <algorithm>

#include "tests/vendor/cudnn_engines.h"
#include "tests/vendor/device_copy.h"
#include "tests/vendor/ledger.h"

namespace tconv::doubles {
namespace {

cudaDataType_t stored(cudnnDataType_t type) {
  return type == CUDNN_DATA_HALF       ? CUDA_R_16F
         : type == CUDNN_DATA_BFLOAT16 ? CUDA_R_16BF
                                       : CUDA_R_32F;
}

void* bound(const Tensor& t, const Object& pack) {
  const auto ids = pack.all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto pointers = pack.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  const auto found = std::find(ids.begin(), ids.end(), t.id);
  demand(found != ids.end(), CUDNN_STATUS_BAD_PARAM,
         "the variant pack has no tensor " + std::to_string(t.id));
  void* const data = pointers.at(static_cast<size_t>(found - ids.begin()));
  demand(data != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER,
         "tensor " + std::to_string(t.id) + " is null");
  demand(reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(t.alignment) == 0,
         CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER,
         "tensor " + std::to_string(t.id) + " is aligned to less than was promised");
  return data;
}

Runs whole(const Tensor& t) { return {t.size(), 1, t.size()}; }

/// As a kernel launch that the runtime refuses, its error left behind.
[[noreturn]] void refused_launch(cudaStream_t stream) {
  const cudaError_t status = cudaMemsetAsync(nullptr, 0, 1, stream);
  throw Refused{CUDNN_STATUS_EXECUTION_FAILED_CUDART, cudaGetErrorName(status)};
}

void compute(const Object& plan, const Object& pack, cudaStream_t stream) {
  static bool backwards = false;
  const Convolution& c = *plan.convolution;
  std::array<void*, 3> data{};
  Values values;
  for (const Role role : {image, filter, response}) {
    const Tensor& t = c.tensors[role];
    data[role] = bound(t, pack);
    if (role == c.computed && c.beta == 0)
      values[role].resize(static_cast<size_t>(t.size()));
    else
      values[role] = download(data[role], stored(t.type), whole(t), stream);
  }
  if (!plan.engine->executes) refused_launch(stream);
  backwards = !backwards;
  convolve(c, plan.engine->sums, backwards, values);
  const Tensor& result = c.tensors[c.computed];
  upload(values[c.computed], data[c.computed], stored(result.type), whole(result), stream);
}

}  // namespace

void execute(const Object& plan, const Object& pack, cudaStream_t stream) {
  void* const workspace = pack.one<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
  const int64_t bytes = plan.engine->workspace;
  demand(bytes == 0 || workspace != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER,
         "the plan needs a workspace");
  try {
    if (bytes > 0) cuda(cudaMemsetAsync(workspace, 0xA5, static_cast<size_t>(bytes), stream));
    compute(plan, pack, stream);
  } catch (const CudaFailure& failure) {
    throw Refused{CUDNN_STATUS_EXECUTION_FAILED_CUDART, failure.what()};
  }
  note_work({stream, plan.engine->pretended_ms});
}

}  // namespace tconv::doubles
