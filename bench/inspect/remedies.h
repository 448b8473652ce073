// What can be done against a checkerboard, made concrete for a layer. Statement 12 of the operator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reference/problem.h"

namespace tconv::inspect {

struct Remedy {
  std::string name;                      ///< "even kernel", "smooth start", "resize", "sub-pixel"
  std::string what;                      ///< a sentence
  std::optional<std::string> problem{};  ///< descriptor of the changed layer, where it is one
  std::optional<int64_t> macs{};         ///< multiply-adds of the alternative
};

/// The layer with each kernel lengthened to the next multiple of its number of phases, at equal
/// output size; nothing if no kernel needs it or the result is no valid layer.
std::optional<Problem> evened(const Problem&);

/// Empty if every phase of every axis has equally many taps and `gains_differ` is false.
std::vector<Remedy> remedies(const Problem&, bool gains_differ);

}  // namespace tconv::inspect
