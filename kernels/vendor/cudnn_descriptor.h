// Owning wrapper of a cuDNN backend descriptor: typed attributes, statuses as exceptions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <cudnn.h>

namespace tconv::cudnn {

/// A call that cuDNN refused. what() is one line: what was attempted, the status, cuDNN's own
/// explanation.
struct Error : std::runtime_error {
  Error(std::string_view what, cudnnStatus_t status);
  cudnnStatus_t status;
};

/// Throws Error unless `status` is success.
void check(cudnnStatus_t status, std::string_view what);

/// The tag that cuDNN wants beside a value of C++ type T.
template <class T>
struct AttributeType;
#define TCONV_CUDNN_ATTRIBUTE(type, tag) \
  template <>                            \
  struct AttributeType<type> {           \
    static constexpr auto value = tag;   \
  }
TCONV_CUDNN_ATTRIBUTE(int64_t, CUDNN_TYPE_INT64);
TCONV_CUDNN_ATTRIBUTE(float, CUDNN_TYPE_FLOAT);
TCONV_CUDNN_ATTRIBUTE(char, CUDNN_TYPE_CHAR);
TCONV_CUDNN_ATTRIBUTE(void*, CUDNN_TYPE_VOID_PTR);
TCONV_CUDNN_ATTRIBUTE(cudnnHandle_t, CUDNN_TYPE_HANDLE);
TCONV_CUDNN_ATTRIBUTE(cudnnDataType_t, CUDNN_TYPE_DATA_TYPE);
TCONV_CUDNN_ATTRIBUTE(cudnnConvolutionMode_t, CUDNN_TYPE_CONVOLUTION_MODE);
TCONV_CUDNN_ATTRIBUTE(cudnnBackendHeurMode_t, CUDNN_TYPE_HEUR_MODE);
TCONV_CUDNN_ATTRIBUTE(cudnnBackendKnobType_t, CUDNN_TYPE_KNOB_TYPE);
TCONV_CUDNN_ATTRIBUTE(cudnnBackendNumericalNote_t, CUDNN_TYPE_NUMERICAL_NOTE);
TCONV_CUDNN_ATTRIBUTE(cudnnBackendBehaviorNote_t, CUDNN_TYPE_BEHAVIOR_NOTE);
#undef TCONV_CUDNN_ATTRIBUTE

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(cudnnBackendDescriptorType_t type);

  cudnnBackendDescriptor_t get() const { return raw_.get(); }
  explicit operator bool() const { return raw_ != nullptr; }

  template <class T>
  void set_all(cudnnBackendAttributeName_t name, std::span<const T> values) {
    set_raw(name, AttributeType<T>::value, static_cast<int64_t>(values.size()), values.data());
  }
  template <class T>
  void set(cudnnBackendAttributeName_t name, T value) {
    set_all(name, std::span<const T>(&value, 1));
  }
  /// The other descriptor must be finalised, and must outlive this one.
  void set(cudnnBackendAttributeName_t name, const Descriptor& other);

  /// Closes the descriptor for changes; cuDNN validates here. `what` starts the error's text.
  void finalize(std::string_view what);

  template <class T>
  std::vector<T> all(cudnnBackendAttributeName_t name) const {
    std::vector<T> values(static_cast<size_t>(count(name, AttributeType<T>::value)));
    if (!values.empty()) get_raw(name, AttributeType<T>::value, values.size(), values.data());
    return values;
  }
  template <class T>
  T one(cudnnBackendAttributeName_t name) const {
    T value{};
    get_raw(name, AttributeType<T>::value, 1, &value);
    return value;
  }
  /// The descriptors of `type` that an attribute refers to, as owned copies. `at_most` has to be
  /// given where cuDNN does not tell how many there are (knob choices: it answers 0).
  std::vector<Descriptor> children(cudnnBackendAttributeName_t name,
                                   cudnnBackendDescriptorType_t type, int64_t at_most = 0) const;

 private:
  struct Destroy {
    void operator()(void* raw) const { cudnnBackendDestroyDescriptor(raw); }
  };
  int64_t count(cudnnBackendAttributeName_t, cudnnBackendAttributeType_t) const;
  void set_raw(cudnnBackendAttributeName_t, cudnnBackendAttributeType_t, int64_t, const void*);
  void get_raw(cudnnBackendAttributeName_t, cudnnBackendAttributeType_t, size_t, void*) const;

  std::unique_ptr<void, Destroy> raw_;
};
static_assert(std::is_same_v<cudnnBackendDescriptor_t, void*>);

}  // namespace tconv::cudnn
