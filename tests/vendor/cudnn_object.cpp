#include "tests/vendor/cudnn_object.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "tests/vendor/ledger.h"

namespace tconv::doubles {
namespace {

constexpr int64_t kMany = std::numeric_limits<int64_t>::max();

/// One attribute that a caller has to set. No others may be.
struct Rule {
  cudnnBackendDescriptorType_t owner;
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;
  int64_t least = 1, most = 1;  ///< elements
};

constexpr auto kTensor = CUDNN_BACKEND_TENSOR_DESCRIPTOR;
constexpr auto kConvolution = CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR;
constexpr auto kForward = CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
constexpr auto kData = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
constexpr auto kFilter = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
constexpr auto kGraph = CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR;
constexpr auto kHeuristic = CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR;
constexpr auto kPlan = CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR;
constexpr auto kPack = CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR;
constexpr auto kRefers = CUDNN_TYPE_BACKEND_DESCRIPTOR;
constexpr auto kInteger = CUDNN_TYPE_INT64;

constexpr std::array kRules{
    Rule{kTensor, CUDNN_ATTR_TENSOR_UNIQUE_ID, kInteger},
    Rule{kTensor, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE},
    Rule{kTensor, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kInteger},
    Rule{kTensor, CUDNN_ATTR_TENSOR_DIMENSIONS, kInteger, 3, 8},
    Rule{kTensor, CUDNN_ATTR_TENSOR_STRIDES, kInteger, 3, 8},
    Rule{kConvolution, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, kInteger},
    Rule{kConvolution, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE},
    Rule{kConvolution, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE},
    Rule{kConvolution, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, kInteger, 1, 3},
    Rule{kConvolution, CUDNN_ATTR_CONVOLUTION_DILATIONS, kInteger, 1, 3},
    Rule{kConvolution, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, kInteger, 1, 3},
    Rule{kConvolution, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, kInteger, 1, 3},
    Rule{kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT},
    Rule{kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT},
    Rule{kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, kRefers},
    Rule{kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, kRefers},
    Rule{kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, kRefers},
    Rule{kForward, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, kRefers},
    Rule{kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT},
    Rule{kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT},
    Rule{kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, kRefers},
    Rule{kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, kRefers},
    Rule{kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, kRefers},
    Rule{kData, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, kRefers},
    Rule{kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_TYPE_FLOAT},
    Rule{kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, CUDNN_TYPE_FLOAT},
    Rule{kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, kRefers},
    Rule{kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, kRefers},
    Rule{kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, kRefers},
    Rule{kFilter, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, kRefers},
    Rule{kGraph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE},
    Rule{kGraph, CUDNN_ATTR_OPERATIONGRAPH_OPS, kRefers},
    Rule{kHeuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, kRefers},
    Rule{kHeuristic, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE},
    Rule{kPlan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, kRefers},
    Rule{kPlan, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE},
    Rule{kPack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 1, kMany},
    Rule{kPack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, kInteger, 1, kMany},
    Rule{kPack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR},
};

size_t size_of_type(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR:
      return 8;
    default:
      return 4;  // floats and enumerations
  }
}

std::set<const void*>& existing() {
  static auto& all = *new std::set<const void*>;  // outlives whoever destroys at the very end
  return all;
}

std::string numbered(const Object& o, cudnnBackendAttributeName_t name) {
  return "attribute " + std::to_string(name) + " of a descriptor of type " + std::to_string(o.type);
}

}  // namespace

Object& object(cudnnBackendDescriptor_t raw) {
  demand(existing().count(raw) == 1, CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "no such descriptor");
  return *static_cast<Object*>(raw);
}

const Object& finished(cudnnBackendDescriptor_t raw, cudnnBackendDescriptorType_t type) {
  const Object& o = object(raw);
  demand(o.type == type, CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE,
         "a descriptor of type " + std::to_string(o.type) + ", not " + std::to_string(type));
  demand(o.finalized, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED,
         "descriptor of type " + std::to_string(type) + " not finalised");
  return o;
}

const Object& child(const Object& parent, cudnnBackendAttributeName_t name,
                    cudnnBackendDescriptorType_t type) {
  return finished(parent.one<cudnnBackendDescriptor_t>(name), type);
}

void create(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* raw) {
  demand(raw != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "nowhere to put a descriptor");
  *raw = std::make_unique<Object>(Object{type}).release();
  existing().insert(*raw);
  count_live(1);
}

void destroy(cudnnBackendDescriptor_t raw) {
  const std::unique_ptr<Object> owned(&object(raw));
  existing().erase(raw);
  count_live(-1);
}

void set(Object& o, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
         int64_t count, const void* values) {
  demand(!o.finalized, CUDNN_STATUS_BAD_PARAM, numbered(o, name) + " is set after finalising");
  const auto* const rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& r) {
    return r.owner == o.type && r.name == name;
  });
  demand(rule != kRules.end(), CUDNN_STATUS_BAD_PARAM, numbered(o, name) + " cannot be set");
  demand(rule->type == type, CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE,
         numbered(o, name) + " has another type than " + std::to_string(type));
  demand(count >= rule->least && count <= rule->most, CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND,
         numbered(o, name) + " with " + std::to_string(count) + " elements");
  demand(values != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER, numbered(o, name) + ": no values");
  const auto* const bytes = static_cast<const std::byte*>(values);
  o.values[name] = {type, count, {bytes, bytes + static_cast<size_t>(count) * size_of_type(type)}};
  if (type != kRefers) return;
  for (const auto raw : o.all<cudnnBackendDescriptor_t>(name)) {
    demand(object(raw).finalized, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED,
           numbered(o, name) + " refers to an unfinished descriptor");
  }
}

namespace {

/// Copies what a descriptor made into descriptors that the caller brought.
void hand_out(const std::vector<Object>& made, int64_t requested, int64_t* count, void* values) {
  auto* const brought = static_cast<cudnnBackendDescriptor_t*>(values);
  *count = std::min(requested, static_cast<int64_t>(made.size()));
  for (int64_t i = 0; i < *count; ++i) {
    Object& to = object(brought[i]);
    const Object& from = made[static_cast<size_t>(i)];
    demand(to.type == from.type && !to.finalized, CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE,
           "asked for with descriptors of type " + std::to_string(to.type));
    to = from;
  }
}

}  // namespace

void get(const Object& o, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
         int64_t requested, int64_t* count, void* values) {
  demand(o.finalized, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, numbered(o, name) + ": not finalised");
  demand(count != nullptr, CUDNN_STATUS_BAD_PARAM_NULL_POINTER, numbered(o, name) + ": no count");
  if (const auto found = o.made.find(name); found != o.made.end()) {
    demand(type == kRefers, CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE,
           numbered(o, name) + " consists of descriptors");
    if (values != nullptr) return hand_out(found->second, requested, count, values);
    // cuDNN does not tell how many knobs there are.
    const bool untold = name == CUDNN_ATTR_ENGINECFG_KNOB_CHOICES;
    *count = untold ? 0 : static_cast<int64_t>(found->second.size());
    return;
  }
  const auto found = o.values.find(name);
  demand(found != o.values.end(), CUDNN_STATUS_BAD_PARAM, numbered(o, name) + " cannot be got");
  const Object::Value& value = found->second;
  demand(value.type == type, CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE,
         numbered(o, name) + " has another type than " + std::to_string(type));
  *count = value.count;
  if (values == nullptr || value.count == 0) return;
  const auto some = static_cast<size_t>(std::min(requested, value.count));
  std::memcpy(values, value.bytes.data(), some * size_of_type(type));
}

void demand_complete(const Object& o) {
  for (const Rule& rule : kRules) {
    demand(rule.owner != o.type || o.values.count(rule.name) == 1, CUDNN_STATUS_BAD_PARAM,
           numbered(o, rule.name) + " was not set");
  }
}

}  // namespace tconv::doubles
