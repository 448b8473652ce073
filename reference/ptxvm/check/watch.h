// Registers that wgmma works on while the program goes on: which ones a function has, and the
// instructions that touch them. Found when it is lowered; nothing else is slower for it.
#pragma once

#include <string>
#include <vector>

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// An instruction that touches watched registers, by their numbers.
struct WatchedOp {
  uint32_t instruction = 0;      // in Code::instructions
  Handler next = nullptr;        // what looks at its registers runs then
  std::vector<uint16_t> reads;   // of wgmma: A
  std::vector<uint16_t> writes;  // of wgmma: D
  bool copies = false;           // mov: what it writes is what it reads under another name
};

struct Watched {
  std::vector<std::string> names;  // of the registers
  std::vector<WatchedOp> ops;      // in the order of the instructions
};

/// Null if the function computes no wgmma.
std::shared_ptr<Watched> watched_registers(const Code&);

}  // namespace ptxvm
