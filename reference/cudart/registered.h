// Objects behind handles of the C API that own each other (graphs, nodes): each one is on a list
// while it lives, so that a handle that is none is refused and not followed.
#pragma once

#include <unordered_set>

#include "reference/cudart/error.h"

namespace cudart {

template <class T>
class Registered {
 public:
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  /// Fails with cudaErrorInvalidValue.
  static T& checked(const T* handle) {
    require(live().contains(handle), cudaErrorInvalidValue);
    return *const_cast<T*>(handle);
  }

 protected:
  Registered() { live().insert(static_cast<T*>(this)); }
  ~Registered() { live().erase(static_cast<T*>(this)); }

 private:
  static std::unordered_set<const T*>& live() {
    static auto& set = *new std::unordered_set<const T*>;  // used by the program's exit handlers
    return set;
  }
};

}  // namespace cudart
