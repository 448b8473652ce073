// Op: one decoded instruction. Code: one lowered function. This is what the interpreter's inner
// loop reads.
//
// Registers live in a *frame*, a 64-byte aligned block of bytes per warp and call level. Every
// operand is a byte offset from the frame's base:
//   8-, 16- and 32-bit registers   32 lanes x uint32_t (narrow values zero-extended)   128 bytes
//   64-bit registers               32 lanes x uint64_t                                256 bytes
//   128-bit registers              two 64-bit planes, low then high                   512 bytes
//   predicates                     one uint32_t, bit l = lane l                         4 bytes
// Immediates and symbol addresses are constant registers, broadcast into the frame once; special
// registers with a fixed value per thread or block (%tid, %ctaid, %ntid, %laneid, ...) are
// registers the machine fills in. So handlers read registers only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reference/ptxvm/ptx.h"

namespace ptxvm {

struct Warp;
struct Op;

/// Runs one op for the lanes in warp.mask and returns the op to run next, or null to leave the run
/// loop (warp.why says why).
using Handler = const Op* (*)(Warp&, const Op*);

inline constexpr uint32_t kNoOperand = 0xffffffffu;
/// In Op::narrow_address: a scalar source is a predicate where its type is not fixed (cp.async's
/// ignore-src, which may also be a size).
inline constexpr uint8_t kPredicateSource = 0x80;

struct Op {
  Handler run = nullptr;  // what the loop calls; for a guarded op the wrapper that calls body
  Handler body = nullptr;
  uint32_t dst = kNoOperand;     // operand 0 if it is a scalar destination
  uint32_t second = kNoOperand;  // the p of `d|p`
  // Scalar sources in textual order. An address [base+n] is among them as its base; kNoOperand
  // where it has none: a symbol's absolute address is then in imm.
  uint32_t a = kNoOperand, b = kNoOperand, c = kNoOperand, d = kNoOperand;
  int64_t imm = 0;  // first address's displacement; for other ops a selector's parameter
  const uint32_t* more = nullptr;  // vector elements and what has no field (layout: lower.h)
  const Op* target = nullptr;      // bra: where to
  uint32_t guard = kNoOperand;     // frame offset of the guard predicate
  uint32_t site = 0;               // this op's per-worker state (memory ops, branches, barriers)
  uint32_t instruction = 0;        // index in Code::instructions: for reports and profiles
  uint8_t count = 0;  // entries in `more`; of ld and st: the vector's width, 1 for scalars
  bool guard_negated = false;
  uint8_t narrow_address = 0;  // bit k: the k-th address's base register is 32 bits wide;
                               // kPredicateSource
  uint8_t dst_bytes = 0;       // declared width of the destination register(s): 2, 4, 8, 16; pred 0
};

/// One of several ops that run as one: Op::more of the first is an array of these, Op::imm their
/// number.
struct FusedPlaces {
  uint32_t dst, a, b, c;
};

/// What a selector returns: the handler that runs this instruction.
struct Selected {
  Handler handler = nullptr;
  int64_t imm = 0;  // for Op::imm; added to the displacement if the instruction has an address
  bool reads_guard =
      false;  // the handler looks at Op::guard itself (branches, exits): no wrapper around it
};
/// Looks at mnemonic, modifiers and types. handler null = "not supported", and lowering says so by
/// full_name().
using Selector = Selected (*)(const ptx::Instruction&);

/// A special register: the machine writes it. Names as in PTX ("%tid.x", "%ctaid.y", "%laneid"),
/// and "%local_base": start of the function's .local variables in the thread's local memory. addend
/// is added to it.
struct SpecialSlot {
  std::string name;
  uint32_t offset;
  bool wide;
  uint64_t addend = 0;
};
struct ConstantSlot {
  uint32_t offset;
  bool wide;
  uint64_t bits;
  bool predicate = false;  // 4 bytes: all lanes' bits, 0 or 0xffffffff
};
/// Starts with a block_entry op at first_op. instructions counts the PTX instructions in it:
/// lowering may add ops that are none (they widen or narrow registers where ld, st and cvt allow a
/// mismatch).
struct BasicBlock {
  uint32_t first_op = 0, instructions = 0;
};
/// A parameter: of a kernel, offset in the parameter buffer; of a device function or call, a frame
/// offset (a region as in lower.h, or a register if it was declared .reg).
struct ParamSlot {
  uint32_t offset = 0, bytes = 0;
  bool is_register = false;
};

/// What the checks know of an op (check/instrument.h).
struct CheckedOp {
  Handler body = nullptr;  // the op's own handler
  uint32_t number = 0;     // in Program::checked
  uint8_t bytes = 0;       // of an element
  uint8_t elements = 0;    // of a lane
  uint8_t computed = 0;    // loads: elements that are used for more than to be copied
  uint8_t lanes = 32;      // that give an address, the first ones (ldmatrix)
  ptx::Space space = ptx::Space::generic;
  bool reads = false, writes = false;
  bool acquires = false, releases = false;
  uint32_t watched = 0;  // in Watched::ops (check/watch.h), of ops that look at their registers
  uint32_t groups = 0;   // wait_group: how many may go on
};
struct Watched;

struct Code;
struct CallSite {
  std::string callee;          // empty: indirect
  const Code* code = nullptr;  // null: indirect, or built in to the machine
  std::vector<ParamSlot> arguments, results;
};

struct Code {
  std::string name;     // function
  uint32_t index = 0;   // in Program::codes
  std::vector<Op> ops;  // basic blocks in PTX order, each led by a block_entry op
  std::vector<BasicBlock> blocks;
  std::vector<const ptx::Instruction*> instructions;
  std::vector<uint32_t> pool;                  // storage behind Op::more
  std::vector<FusedPlaces> fused;              // the same of ops that run as one
  std::vector<std::vector<const Op*>> tables;  // brx.idx: Op::imm is the table
  std::vector<CallSite> calls;                 // call: Op::imm is the site
  std::vector<ConstantSlot> constants;
  std::vector<SpecialSlot> specials;
  std::vector<uint32_t> main_ops;  // by instruction: its op, not those that fit registers to it
  std::vector<CheckedOp> checked;  // by op; empty without checks
  std::shared_ptr<const Watched> watched;  // registers of wgmma; null: none, or not checked
  uint32_t template_bytes = 0;             // constants and specials lie below this
  uint32_t frame_bytes = 0;
  uint32_t sites = 0;
  uint32_t local_bytes = 0;    // per thread, this function's own .local variables
  uint32_t static_shared = 0;  // entry: all .shared it can reach
  std::vector<ParamSlot> params, returns;
  uint32_t param_bytes = 0;     // kernel: size of the parameter buffer
  uint32_t peak_registers = 0;  // 32-bit registers live at once, before ptxas
  const ptx::Module* module = nullptr;
  const ptx::Function* function = nullptr;
};

}  // namespace ptxvm
