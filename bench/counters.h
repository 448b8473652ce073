// Counters: what the virtual GPU counted, launch by launch, and which counts a bound is made of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/backend.h"
#include "bench/bound.h"

namespace tconv::bench {

using CounterMap = std::map<std::string, uint64_t>;

struct LaunchCounters {
  std::string kernel;
  uint64_t blocks = 0;
  CounterMap counters;
  uint64_t threads = 0;  ///< of a block
  uint64_t shared = 0;   ///< bytes of a block, static and dynamic
};

/// Reads the text of ptxvmCountersJson. Throws std::runtime_error if it has another form.
std::vector<LaunchCounters> parse_counters(std::string_view json);

/// Everything launched since the last reset.
std::vector<LaunchCounters> read_counters(const Backend&);

/// Totals by name over launches, and "ptx__launches", their number.
CounterMap sum(const std::vector<LaunchCounters>&);

/// The counts that enter a bound. A counter that is absent counts nothing.
LaunchUse use_of(const LaunchCounters&);

/// Totals as the console and the report show them.
uint64_t sectors(const CounterMap&);
uint64_t wavefronts(const CounterMap&);
uint64_t atomics(const CounterMap&);

}  // namespace tconv::bench
