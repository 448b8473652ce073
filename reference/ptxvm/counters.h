// The names and meanings of all counters (counters.def).
#pragma once

#include <span>

namespace ptxvm {

struct CounterInfo {
  const char* name;
  const char* meaning;
};
std::span<const CounterInfo> counter_table();

}  // namespace ptxvm
