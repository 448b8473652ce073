// Groups of lanes that part or join in the middle of a basic block. Blocks are counted at their
// entries, once for each group; where the groups behind an op are more or fewer, it is noted here.
// That happens at ops with a member mask (shfl.sync, mma.sync ...), which lanes may reach in parts.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "reference/ptxvm/op.h"

namespace ptxvm {

struct Regroupings {
  /// Groups that execute the op and what follows it in its block, less those that came to it.
  std::unordered_map<const Op*, int64_t> change;
};

}  // namespace ptxvm
