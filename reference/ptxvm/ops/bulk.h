// Operands of bulk and tensor copies.
#pragma once

#include "reference/ptxvm/ops/simd.h"

namespace ptxvm::PTXVM_ISA {

/// Address number k of the instruction's `count`, its base in register `base`.
inline uint64_t bulk_address(Warp& w, const Op* op, uint32_t base, uint32_t k, uint32_t count,
                             int lane) {
  uint64_t offset = uint64_t(op->imm);
  if (k) {
    const uint32_t* at = op->more + op->count - 2 * (count - k);
    offset = at[0] | uint64_t{at[1]} << 32;
  }
  if (base == kNoOperand) return offset;
  const bool narrow = op->narrow_address >> k & 1;
  return offset + (narrow ? lanes<uint32_t>(w, base)[lane] : lanes<uint64_t>(w, base)[lane]);
}

inline const ptx::Instruction& instruction_of(Warp& w, const Op* op) {
  return *w.level->code->instructions[op->instruction];
}

/// The operation of cp.reduce: "add" ...; empty: there is none.
inline const char* reduction_word(const ptx::Instruction& in) {
  if (!in.has("reduce")) return "";
  for (const char* word : {"add", "min", "max", "inc", "dec", "and", "or", "xor"})
    if (in.has(word)) return word;
  return "";
}

}  // namespace ptxvm::PTXVM_ISA
