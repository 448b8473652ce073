// What ptxvm_bench and its table run: kernels that are ready to go, with their memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tconv::bench {

struct Load {
  std::string name;
  std::function<std::function<void()>()> make;  ///< allocates; what it gives launches
};

/// Throws std::runtime_error where a load's device memory or strategy is missing.
const std::vector<Load>& loads();

/// Throws std::logic_error if there is none of that name.
const Load& load_named(const std::string&);

}  // namespace tconv::bench
