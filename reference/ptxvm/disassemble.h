// Listings of lowered code, for people: what became of each instruction and where its operands lie.
#pragma once

#include <string>

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// One line per op: number, block, PTX line, the instruction as written, and its frame offsets:
///   `  12 b1  :34  @%p1 add.s32 %r3, %r1, 4      d=512 a=640 b=0x80 ...`
std::string disassemble(const Code&);

/// "add.s32 %r3, %r1, 4": the instruction as PTX.
std::string to_string(const ptx::Instruction&);
std::string to_string(const ptx::Operand&);

}  // namespace ptxvm
