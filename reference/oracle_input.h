// The one check that all oracles share: tensors are as large as the problem says.
#pragma once

#include <initializer_list>
#include <string>

#include "reference/problem.h"

namespace tconv {

struct TensorSize {
  const char* name;
  size_t elements;
  int64_t expected;
};

/// Throws ProblemError that names the first tensor of the wrong size.
inline void check_sizes(const Problem& p, std::initializer_list<TensorSize> tensors) {
  p.validate();
  for (const TensorSize& t : tensors) {
    if (t.elements != static_cast<size_t>(t.expected)) {
      throw ProblemError(std::string(t.name) + " has " + std::to_string(t.elements) +
                         " elements: must be " + std::to_string(t.expected) + " for " + p.str());
    }
  }
}

}  // namespace tconv
