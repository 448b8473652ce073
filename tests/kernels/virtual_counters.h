// What the virtual GPU counted of the launches since a reset.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <string_view>

#include "reference/cudart/ptxvm_api.h"

namespace tconv {

class VirtualCounters {
 public:
  /// Found at run time: a real GPU's runtime has no such functions.
  bool exist() const { return reset_ != nullptr && json_ != nullptr; }
  void reset() const { reset_(); }
  /// Every launch with its kernel's name and its counters.
  std::string_view json() const { return json_(); }

  /// A counter's sum over all launches.
  int64_t total(std::string_view counter) const {
    const std::string_view text = json();
    const std::string quoted = '"' + std::string(counter) + '"';
    int64_t sum = 0;
    for (size_t at = text.find(quoted); at != text.npos; at = text.find(quoted, at)) {
      at = text.find(':', at) + 1;
      sum += std::strtoll(text.data() + at, nullptr, 10);
    }
    return sum;
  }

 private:
  decltype(&ptxvmCountersReset) reset_ =
      reinterpret_cast<decltype(&ptxvmCountersReset)>(dlsym(RTLD_DEFAULT, "ptxvmCountersReset"));
  decltype(&ptxvmCountersJson) json_ =
      reinterpret_cast<decltype(&ptxvmCountersJson)>(dlsym(RTLD_DEFAULT, "ptxvmCountersJson"));
};

}  // namespace tconv
