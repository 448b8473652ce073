// The operand words of opcodes.def.
#pragma once

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// What the table says of one operand of one instruction.
struct OperandRule {
  bool writes = false;
  bool checked = true;               // the register's width must be that of `type`
  bool vector = false;               // may be {..}
  bool address = false;              // may be [..]
  bool scalar = true;                // may be neither
  bool ignored = false;              // an immediate that only the selector reads: no slot
  ptx::Type type = ptx::Type::none;  // of immediates; decides their width
};

/// Rules for all operands of the instruction, or an error text in `error` ("takes 3 operands, not
/// 2").
std::vector<OperandRule> operand_rules(const char* signature, const ptx::Instruction&,
                                       std::string& error);

/// Bytes that a register of the type takes in a frame: 128, 256, 512; predicates 4.
uint32_t slot_bytes(ptx::Type);

}  // namespace ptxvm
