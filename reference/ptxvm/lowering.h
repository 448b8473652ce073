// One function's lowering; private to lower*.cpp.
//
// Steps: number the registers; cut the body into blocks and translate each instruction to a draft
// of an op, whose operands are still Refs; find out what is live where; give every Ref a place in
// the frame; write places, branch targets and handlers into the ops.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/liveness.h"
#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/signature.h"

namespace ptxvm {

/// Offsets of the .shared variables that a program can reach: by name, or by "function/name" if
/// declared in a body.
using SharedLayout = std::unordered_map<std::string, uint64_t>;

class FunctionLowering {
 public:
  FunctionLowering(const ptx::Module&, const ptx::Function&, const SymbolResolver&,
                   const SharedLayout&);
  std::unique_ptr<Code> lower();

 private:
  /// What an operand refers to before it has a place: the kind in the top bits, an index below.
  using Ref = uint32_t;
  enum RefKind : uint32_t {
    kRegister = 0,
    kConstant = 1u << 30,
    kSpecial = 2u << 30,
    kNothing = 3u << 30
  };
  static RefKind kind_of(Ref r) { return static_cast<RefKind>(r & kNothing); }
  static uint32_t index_of(Ref r) { return r & ~kNothing; }

  /// A register, or a parameter's region of the frame.
  struct VirtualRegister {
    ptx::Type type;
    uint32_t bytes;
    bool is_region = false;
    bool stored = false;
  };
  struct Symbol {
    enum class Kind : uint8_t { absolute, local, region } kind;
    uint64_t value;
  };
  /// An op in the making.
  struct Draft {
    const ptx::Instruction* instruction = nullptr;
    Op op;
    Ref dst = kNothing, second = kNothing, guard = kNothing;
    std::vector<Ref> sources;
    std::vector<Ref> elements;  // of all vectors
    std::vector<Ref> written;   // registers that it defines
    std::vector<int64_t> displacements;
    struct Adaptation {
      Ref from, to;
      const ptx::Instruction* by;
    };
    std::vector<Adaptation> before, after;  // ops around it that fit registers to its operands
    bool addresses = false;
  };
  struct BlockExit {
    std::vector<const std::string*> labels;
    bool falls_through = true;
    const ptx::Instruction* by = nullptr;
  };

  // lower_function.cpp
  void number_registers();
  void place_parameters();
  Ref add_register(const std::string& name, VirtualRegister);
  void begin_block();
  void end_block(const ptx::Instruction*, std::vector<const std::string*> labels,
                 bool falls_through);
  void link_blocks();
  void allocate();
  void write_ops();
  void write_more(const Draft&, Op&);
  uint32_t block_at(const std::string& label, const ptx::Instruction*) const;
  uint32_t place(Ref) const;

  // lower_instruction.cpp
  void instruction(const ptx::Instruction&);
  void branch(Draft&, const ptx::Instruction&);
  void table_branch(Draft&, const ptx::Instruction&);
  void call(Draft&, const ptx::Instruction&);
  ParamSlot call_parameter(Draft&, const ptx::Operand&, bool result);
  void select(Draft&, const Opcode&);
  void emit(Draft&&);
  void emit_adaptation(const Draft&, const Draft::Adaptation&, bool guarded);
  void record(const Draft&);
  [[noreturn]] void fail(const ptx::Instruction&, const std::string& what) const;

  // lower_operand.cpp
  void operand(Draft&, const ptx::Operand&, const OperandRule&);
  void address(Draft&, const ptx::Operand&);
  void vector(Draft&, const ptx::Operand&, const OperandRule&);
  Ref source(Draft&, const ptx::Operand&, const OperandRule&);
  Ref destination(Draft&, const ptx::Operand&, const OperandRule&);
  Ref destination_or_sink(Draft&, const ptx::Operand&, const OperandRule&);
  Ref register_ref(const ptx::Operand&, const ptx::Instruction&) const;
  Ref resized(Draft&, Ref, const OperandRule&, bool written);
  Ref negated(Draft&, const ptx::Operand&);
  Ref constant(uint64_t bits, bool wide, bool predicate = false);
  Ref special(const std::string& name, bool wide, uint64_t addend);
  uint64_t literal_bits(const ptx::Operand&, ptx::Type, const ptx::Instruction&) const;
  Symbol symbol(const std::string& name, const ptx::Instruction&) const;

  const ptx::Module& module_;
  const ptx::Function& function_;
  const SymbolResolver& resolver_;
  const SharedLayout& shared_;
  std::unique_ptr<Code> code_;

  std::vector<VirtualRegister> registers_;
  std::unordered_map<std::string, Ref> names_;        // registers and regions
  std::unordered_map<std::string, Symbol> symbols_;   // .local variables, kernel parameters
  std::unordered_map<std::string, uint32_t> labels_;  // -> block
  std::unordered_map<std::string, Ref> constants_, specials_;

  std::vector<Draft> drafts_;    // by op, block entries included
  std::vector<FlowBlock> flow_;  // positions are op numbers
  std::vector<BlockExit> exits_;
  std::vector<RegisterAccess> accesses_;
  std::vector<uint32_t> offsets_;  // by register
  bool open_ = false;              // a block is open
};

}  // namespace ptxvm
