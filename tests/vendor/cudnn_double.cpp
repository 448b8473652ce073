// A test double of libcudnn.so.9: the functions of its backend API that the suite uses. It proves
// what our descriptors say, not what cuDNN does with them.
#include <algorithm>
#include <array>
#include <set>

#include "tests/vendor/cudnn_engines.h"
#include "tests/vendor/cudnn_execute.h"
#include "tests/vendor/ledger.h"

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

namespace tconv::doubles {
namespace {

constexpr size_t kVersion = 999999;  // 99.99.99: there is no such cuDNN

std::string& last_error() {
  static auto& text = *new std::string;
  return text;
}

std::set<cudnnHandle_t>& handles() {
  static auto& all = *new std::set<cudnnHandle_t>;  // outlives whoever destroys at the very end
  return all;
}

cudnnHandle_t demand_handle(cudnnHandle_t handle) {
  demand(handles().count(handle) == 1, CUDNN_STATUS_NOT_INITIALIZED, "no such handle");
  return handle;
}

/// One call: fails if that is planned, else does its work; what it refuses becomes a status.
template <class Work>
cudnnStatus_t call(const char* function, cudnnStatus_t planned, Work work) {
  try {
    if (fails(function)) throw Refused{planned, failure()};
    work();
    return CUDNN_STATUS_SUCCESS;
  } catch (const Refused& refused) {
    last_error() = refused.why;
    return refused.status;
  }
}

void finalize_graph(Object& o) {
  demand_handle(o.one<cudnnHandle_t>(CUDNN_ATTR_OPERATIONGRAPH_HANDLE));
  const auto raw = o.one<cudnnBackendDescriptor_t>(CUDNN_ATTR_OPERATIONGRAPH_OPS);
  demand(object(raw).finalized, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "unfinished operation");
  o.convolution = std::make_shared<Convolution>(read_operation(object(raw)));
}

void finalize_heuristic(Object& o) {
  const Object& graph =
      child(o, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  o.made[CUDNN_ATTR_ENGINEHEUR_RESULTS] =
      configurations(graph, o.one<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE));
}

void finalize_plan(Object& o) {
  demand_handle(o.one<cudnnHandle_t>(CUDNN_ATTR_EXECUTION_PLAN_HANDLE));
  const Object& configuration =
      child(o, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  demand(configuration.engine->finalises, CUDNN_STATUS_NOT_SUPPORTED,
         "this engine finalises no plan");
  o.engine = configuration.engine;
  o.convolution = configuration.convolution;
  o.put(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
        std::vector{o.engine->workspace});
}

void finalize_pack(Object& o) {
  const auto ids = o.all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  demand(ids.size() == o.all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS).size(),
         CUDNN_STATUS_BAD_PARAM, "ids and pointers differ in number");
  demand(std::set(ids.begin(), ids.end()).size() == ids.size(),
         CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES, "a unique id twice");
}

struct Finalizer {
  cudnnBackendDescriptorType_t type;
  void (*finalize)(Object&);
};
constexpr std::array kFinalizers{
    Finalizer{CUDNN_BACKEND_TENSOR_DESCRIPTOR, [](Object& o) { check_tensor(o); }},
    Finalizer{CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, [](Object& o) { check_convolution(o); }},
    Finalizer{CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, finalize_graph},
    Finalizer{CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, finalize_heuristic},
    Finalizer{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, finalize_plan},
    Finalizer{CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, finalize_pack},
};

void finalize(Object& o) {
  demand(!o.finalized, CUDNN_STATUS_BAD_PARAM, "finalised twice");
  demand_complete(o);
  const auto* const found = std::find_if(kFinalizers.begin(), kFinalizers.end(),
                                         [&](const Finalizer& f) { return f.type == o.type; });
  if (found != kFinalizers.end())
    found->finalize(o);
  else
    read_operation(o);
  o.finalized = true;
}

}  // namespace
}  // namespace tconv::doubles

namespace td = tconv::doubles;

#define TCONV_CUDNN extern "C" [[gnu::visibility("default")]]

TCONV_CUDNN size_t cudnnGetVersion() { return td::kVersion; }

TCONV_CUDNN const char* cudnnGetErrorString(cudnnStatus_t status) {
  static std::string text;
  text = "CUDNN_STATUS " + std::to_string(status);
  return text.c_str();
}

TCONV_CUDNN void cudnnGetLastErrorString(char* message, size_t size) {
  message[td::last_error().copy(message, size - 1)] = '\0';
  td::last_error().clear();
}

TCONV_CUDNN cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  return td::call("cudnnCreate", CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, [&] {
    *handle = std::make_unique<cudnnContext>().release();
    td::handles().insert(*handle);
    td::count_live(1);
  });
}

TCONV_CUDNN cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  const std::unique_ptr<cudnnContext> owned(handle);
  td::handles().erase(handle);
  td::count_live(-1);
  return CUDNN_STATUS_SUCCESS;
}

TCONV_CUDNN cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return td::call("cudnnSetStream", CUDNN_STATUS_INTERNAL_ERROR,
                  [&] { td::demand_handle(handle)->stream = stream; });
}

TCONV_CUDNN cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                                       cudnnBackendDescriptor_t* descriptor) {
  return td::call("cudnnBackendCreateDescriptor",
                  CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED,
                  [&] { td::create(type, descriptor); });
}

TCONV_CUDNN cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  try {  // never made to fail: nothing could be done about it
    td::destroy(descriptor);
    return CUDNN_STATUS_SUCCESS;
  } catch (const td::Refused& refused) {
    return refused.status;
  }
}

TCONV_CUDNN cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                                   cudnnBackendAttributeName_t name,
                                                   cudnnBackendAttributeType_t type, int64_t count,
                                                   const void* values) {
  return td::call("cudnnBackendSetAttribute", CUDNN_STATUS_INTERNAL_ERROR,
                  [&] { td::set(td::object(descriptor), name, type, count, values); });
}

TCONV_CUDNN cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const descriptor,
                                                   cudnnBackendAttributeName_t name,
                                                   cudnnBackendAttributeType_t type,
                                                   int64_t requested, int64_t* count,
                                                   void* values) {
  return td::call("cudnnBackendGetAttribute", CUDNN_STATUS_INTERNAL_ERROR,
                  [&] { td::get(td::object(descriptor), name, type, requested, count, values); });
}

TCONV_CUDNN cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  return td::call("cudnnBackendFinalize", CUDNN_STATUS_INTERNAL_ERROR,
                  [&] { td::finalize(td::object(descriptor)); });
}

TCONV_CUDNN cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                              cudnnBackendDescriptor_t pack) {
  return td::call("cudnnBackendExecute", CUDNN_STATUS_EXECUTION_FAILED, [&] {
    const cudaStream_t stream = td::demand_handle(handle)->stream;
    td::execute(td::finished(plan, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR),
                td::finished(pack, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR), stream);
  });
}
