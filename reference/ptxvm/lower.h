// Lowering: parsed PTX -> Code. Names become frame offsets, labels become Op pointers, instructions
// become handlers.
//
// Frame layout (offsets from Warp::frame, all registers 64-byte aligned):
//   [0, Code::template_bytes)        constants and special registers: written once, by the machine,
//   when a frame is set up [template_bytes, frame_bytes)    registers (shared by virtual registers
//   that are never live together), predicates, call parameters
//
// Operands (see also op.h):
//   sources       registers, immediates (constant slots) and special registers look alike: a frame
//   offset in a, b, c, d in textual order [reg+n]       the next source field is the register, imm
//   = n; Op::narrow_address tells 32-bit registers [symbol+n]    the next source
//   field is kNoOperand, imm = the symbol's address in its own space + n:
//                 global, const: what the resolver says; shared: offset in the block's shared
//                 memory; kernel parameter: offset in the parameter buffer. Exceptions: a .local
//                 symbol's field is a special slot (%local_base plus its offset), imm = n; a call
//                 parameter's field is its frame offset, imm = n
//   {v0, v1, ..}  entries of Op::more in textual order, kNoOperand for `_`; all vectors of the
//   instruction one after the other (mma: D, A, B, C) beyond four scalar sources: after the
//   vectors' entries in Op::more d|p           dst = d, second = p immediates that a selector reads
//   (lop3's table, barrier ids ...) are slots too where the signature gives them a type, none for
//   `n`
//
// Parameters of device functions. A .param variable of a device function, or of a call sequence, is
// a region of the frame: 4-byte words in rows, word k of lane l at offset + k*128 + l*4, size
// rounded up to words. The parser rewrites ld.param and st.param to param::entry (kernel's
// parameter buffer) or param::func (such a region), so that selectors can tell them apart.
//
// Calls: Op::imm is an index into Code::calls, op.a the slot of the function address if indirect
// (64-bit). Arguments and results pair up in order with the callee's params and returns.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "reference/ptxvm/op.h"

namespace ptxvm {

/// What lowering cannot know by itself.
class SymbolResolver {
 public:
  virtual ~SymbolResolver() = default;
  /// Device address of a .global or .const variable, or of a function (any unique non-zero value);
  /// nullopt: unknown name.
  virtual std::optional<uint64_t> address(std::string_view symbol) const = 0;
  /// Body of a function that this module only declares; {null, null}: built in to the machine
  /// (vprintf, ...) or missing.
  virtual std::pair<const ptx::Module*, const ptx::Function*> definition(std::string_view) const {
    return {};
  }
};

/// Everything that an entry can reach.
struct Program {
  std::vector<std::unique_ptr<Code>> codes;  // front(): the entry
  std::map<uint64_t, const Code*>
      by_address;              // functions whose address is taken: targets of indirect calls
  uint32_t static_shared = 0;  // bytes of all reachable .shared variables but the extern []
  uint32_t dynamic_shared =
      0;  // offset where the extern [] ones begin: static_shared, aligned for them
  std::vector<std::pair<const Code*, const Op*>>
      checked;                        // by CheckedOp::number; 0 is none. Empty without checks
  bool reads_asynchronously = false;  // shared memory: wgmma, bulk copies; set with the checks
  const Code& entry() const { return *codes.front(); }
};

/// Throws PtxError: an instruction that is not supported, an unknown register or symbol, operands
/// that do not fit.
std::unique_ptr<Program> lower_program(const ptx::Module&, const ptx::Function& entry,
                                       const SymbolResolver&);

}  // namespace ptxvm
