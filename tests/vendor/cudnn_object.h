// The double's descriptors: values by attribute, checked against a table when they are set and
// demanded when one is finalised.
#pragma once

#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <cudnn.h>

namespace tconv::doubles {

/// A call that the double refuses, in cuDNN's terms.
struct Refused {
  cudnnStatus_t status;
  std::string why;
};

inline void demand(bool holds, cudnnStatus_t status, const std::string& why) {
  if (!holds) throw Refused{status, why};
}

struct Convolution;
struct Engine;

struct Object {
  struct Value {
    cudnnBackendAttributeType_t type;
    int64_t count;
    std::vector<std::byte> bytes;
  };

  cudnnBackendDescriptorType_t type;
  bool finalized = false;
  std::map<cudnnBackendAttributeName_t, Value> values = {};
  /// What a descriptor hands out: configurations, engines, knobs.
  std::map<cudnnBackendAttributeName_t, std::vector<Object>> made = {};
  std::shared_ptr<const Convolution> convolution = {};  ///< from the graph on
  const Engine* engine = nullptr;                       ///< of configurations and plans

  template <class T>
  std::vector<T> all(cudnnBackendAttributeName_t name) const {
    const Value& value = values.at(name);
    std::vector<T> result(static_cast<size_t>(value.count));
    std::memcpy(result.data(), value.bytes.data(), value.bytes.size());
    return result;
  }
  template <class T>
  T one(cudnnBackendAttributeName_t name) const {
    return all<T>(name).at(0);
  }
  template <class T>
  void put(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t value_type,
           const std::vector<T>& some) {
    Value value{value_type, static_cast<int64_t>(some.size()), {}};
    value.bytes.resize(some.size() * sizeof(T));
    if (!some.empty()) std::memcpy(value.bytes.data(), some.data(), value.bytes.size());
    values[name] = std::move(value);
  }
};

/// The descriptor behind a pointer; refuses null, and what was destroyed.
Object& object(cudnnBackendDescriptor_t);
/// The same, finalised and of that type.
const Object& finished(cudnnBackendDescriptor_t, cudnnBackendDescriptorType_t);
/// What an attribute refers to: it must still be there.
const Object& child(const Object&, cudnnBackendAttributeName_t, cudnnBackendDescriptorType_t);

void create(cudnnBackendDescriptorType_t, cudnnBackendDescriptor_t*);
void destroy(cudnnBackendDescriptor_t);
void set(Object&, cudnnBackendAttributeName_t, cudnnBackendAttributeType_t, int64_t count,
         const void* values);
void get(const Object&, cudnnBackendAttributeName_t, cudnnBackendAttributeType_t, int64_t requested,
         int64_t* count, void* values);
/// Refuses one that lacks an attribute.
void demand_complete(const Object&);

}  // namespace tconv::doubles
