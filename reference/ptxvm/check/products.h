// wgmma, as the checks see it: D and the A that lies in registers belong to it from its issue until
// its group was waited for. PTX ISA 9.0, section 9.7.15.3 (register access and fences).
#pragma once

#include <optional>
#include <vector>

#include "reference/ptxvm/check/groups.h"
#include "reference/ptxvm/warp.h"

namespace ptxvm {

/// What a warp's products have under way.
struct Products {
  /// A register that is watched (check/watch.h).
  struct Register {
    enum class Use : uint8_t { none, result, operand };
    Use use = Use::none;  // of the last product that took it
    uint16_t shape = 0;   // of that product
    uint32_t group = 0, op = 0;
    uint32_t touched = 0;  // fences + 1 when another instruction wrote it; 0: none did
  };
  struct Level {  // of calls
    const Frame* frame = nullptr;
    std::vector<Register> registers;
  };
  AsyncGroups groups;
  uint32_t fences = 0;
  std::optional<uint32_t> open;  // the op of a product that was not committed
  std::vector<Level> levels;

  Register* registers_of(const Frame&, size_t count);
  /// The level's function begins anew.
  void entered(uint32_t depth) {
    if (depth < levels.size()) levels[depth].frame = nullptr;
  }
};

/// The warp has ended at this op: was all committed?
void check_committed(Warp&, const Op*);

}  // namespace ptxvm
