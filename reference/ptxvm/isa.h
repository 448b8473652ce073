// Instruction sets of the host: the handlers are compiled once for each, and the best one that the
// CPU has is used.
#pragma once

#include <cstddef>
#include <string_view>

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// A row of opcodes.def with the selector of one instruction set; selector null: not supported.
struct Opcode {
  const char* mnemonic;
  const char* signature;
  const char* meaning;
  Selector selector;
};

struct Scans;

struct IsaTable {
  const Opcode* opcodes;
  size_t count;
  Handler block_entry;
  Handler run_guarded;
  Selector mov_dynamic;            // mov from %clock, %globaltimer ...
  Handler (*run_of)(Handler one);  // for several ops in a row with one handler (fuse.h)
  const Scans* scans;              // of the checks (check/scan.h)
};

/// The table in use: PTXVM_ISA=base|avx2|avx512 in the environment, else the widest that the CPU
/// runs. Throws std::runtime_error for a name that is unknown or that this CPU does not run.
const IsaTable& isa();
std::string_view isa_name();

/// The row of a mnemonic, or null.
const Opcode* find_opcode(std::string_view mnemonic);

}  // namespace ptxvm
