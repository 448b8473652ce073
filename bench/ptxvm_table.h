// The virtual GPU's figures in one table: interpreter speed per core, thread scaling, what the
// checks cost, start-up, memory. They are quantities of this CPU; none is a time of any GPU.
#pragma once

#include <string>
#include <vector>

#include "bench/backend.h"

namespace tconv::bench {

/// First argument of a child that measures one thing in a process of its own.
inline constexpr const char* kProbeFlag = "--probe";

/// Measures everything; program: how to start this binary again. Throws std::runtime_error.
void print_table(const Backend&, const std::string& program);

/// A child's part: {"start"}, {"memory", bytes} or {"load", name}. Returns the exit status.
int probe(const Backend&, const std::vector<std::string>& what);

}  // namespace tconv::bench
