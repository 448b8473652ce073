// The engines that the double offers, each with something of its own: a note, a need, a failure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <cudnn.h>

#include "tests/vendor/cudnn_convolution.h"

namespace tconv::doubles {

struct Engine {
  int64_t index;  ///< beyond cuDNN's own, so that no report can be mistaken for one of cuDNN
  std::string_view heuristics;  ///< which lists offer it: of "A", "B" and "F", fallback
  std::vector<cudnnBackendNumericalNote_t> notes;
  Sums sums;
  int64_t workspace;   ///< bytes
  float pretended_ms;  ///< what a test is told that it took
  bool finalises = true, executes = true;
};

const std::vector<Engine>& engines();

/// What finalising a heuristic makes: its list of configurations. Refuses heuristic B where cuDNN
/// may have none: in three dimensions.
std::vector<Object> configurations(const Object& graph, cudnnBackendHeurMode_t);

}  // namespace tconv::doubles
