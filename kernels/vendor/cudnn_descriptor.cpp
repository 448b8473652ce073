#include "kernels/vendor/cudnn_descriptor.h"

#include <algorithm>
#include <array>

namespace tconv::cudnn {
namespace {

/// cuDNN's explanation of this thread's last error, on one line; asking clears it.
std::string last_error() {
  std::array<char, 512> text{};
  cudnnGetLastErrorString(text.data(), text.size());
  std::string line(text.data());
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string describe(std::string_view what, cudnnStatus_t status) {
  std::string text = std::string(what) + ": " + cudnnGetErrorString(status);
  if (const std::string detail = last_error(); !detail.empty()) text += " (" + detail + ")";
  return text;
}

std::string attribute(std::string_view verb, cudnnBackendAttributeName_t name) {
  return "cuDNN: " + std::string(verb) + " attribute " + std::to_string(static_cast<int>(name));
}

}  // namespace

Error::Error(std::string_view what, cudnnStatus_t s)
    : std::runtime_error(describe(what, s)), status(s) {}

void check(cudnnStatus_t status, std::string_view what) {
  if (status != CUDNN_STATUS_SUCCESS) throw Error(what, status);
}

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t raw = nullptr;
  check(cudnnBackendCreateDescriptor(type, &raw),
        "cuDNN descriptor of type " + std::to_string(static_cast<int>(type)));
  raw_.reset(raw);
}

void Descriptor::set(cudnnBackendAttributeName_t name, const Descriptor& other) {
  const cudnnBackendDescriptor_t raw = other.get();
  set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &raw);
}

void Descriptor::finalize(std::string_view what) { check(cudnnBackendFinalize(get()), what); }

std::vector<Descriptor> Descriptor::children(cudnnBackendAttributeName_t name,
                                             cudnnBackendDescriptorType_t type,
                                             int64_t at_most) const {
  const auto capacity =
      static_cast<size_t>(at_most > 0 ? at_most : count(name, CUDNN_TYPE_BACKEND_DESCRIPTOR));
  std::vector<Descriptor> owned;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (size_t i = 0; i < capacity; ++i) raw.push_back(owned.emplace_back(type).get());
  int64_t filled = 0;
  check(cudnnBackendGetAttribute(get(), name, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                 static_cast<int64_t>(capacity), &filled, raw.data()),
        attribute("get", name));
  owned.resize(std::min(capacity, static_cast<size_t>(filled)));
  return owned;
}

int64_t Descriptor::count(cudnnBackendAttributeName_t name,
                          cudnnBackendAttributeType_t type) const {
  int64_t n = 0;
  check(cudnnBackendGetAttribute(get(), name, type, 0, &n, nullptr), attribute("count", name));
  return n;
}

void Descriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                         int64_t count, const void* values) {
  check(cudnnBackendSetAttribute(get(), name, type, count, values), attribute("set", name));
}

void Descriptor::get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                         size_t count, void* values) const {
  int64_t filled = 0;
  check(cudnnBackendGetAttribute(get(), name, type, static_cast<int64_t>(count), &filled, values),
        attribute("get", name));
}

}  // namespace tconv::cudnn
