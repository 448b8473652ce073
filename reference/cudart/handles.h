// Live handles of one kind, so that a handle that is none is refused and not followed.
#pragma once

#include <memory>
#include <unordered_map>

#include "reference/cudart/error.h"

namespace cudart {

template <class T>
class Handles {
 public:
  explicit Handles(cudaError_t refusal) : refusal_(refusal) {}

  T* add(T value) {
    auto owned = std::make_unique<T>(std::move(value));
    T* const handle = owned.get();
    live_.emplace(handle, std::move(owned));
    return handle;
  }
  void remove(T* handle) { require(live_.erase(handle) == 1, refusal_); }
  T& at(T* handle) const {
    require(live_.contains(handle), refusal_);
    return *handle;
  }

 private:
  cudaError_t refusal_;
  std::unordered_map<T*, std::unique_ptr<T>> live_;
};

}  // namespace cudart
