#include "reference/ptxvm/check/watch.h"

#include <string_view>
#include <unordered_map>

#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/signature.h"

namespace ptxvm {
namespace {

using ptx::Instruction;
using ptx::Operand;

bool is_product(const Instruction& in) { return in.mnemonic == "wgmma" && in.has("mma_async"); }

class Registers {
 public:
  explicit Registers(Watched& all) : names_(all.names) {}

  void add(std::string_view name) {
    if (numbers_.emplace(name, uint16_t(names_.size())).second) names_.emplace_back(name);
  }
  void add_all(const Operand& o) {
    each(o, [&](std::string_view name) { add(name); });
  }
  bool any(const Operand& o) const {
    bool found = false;
    each(o, [&](std::string_view name) { found |= numbers_.contains(name); });
    return found;
  }
  void list(const Operand& o, std::vector<uint16_t>& numbers) const {
    each(o, [&](std::string_view name) {
      if (const auto found = numbers_.find(name); found != numbers_.end())
        numbers.push_back(found->second);
    });
  }
  size_t size() const { return names_.size(); }

 private:
  template <class F>
  static void each(const Operand& o, F&& f) {
    for (const Operand& e : o.elements) each(e, f);
    if (o.kind == Operand::Kind::reg || o.kind == Operand::Kind::address) f(o.text);
  }
  std::vector<std::string>& names_;
  std::unordered_map<std::string_view, uint16_t> numbers_;  // names are the instructions'
};

/// Compilers hand values from register to register: copies of watched ones are watched too.
void add_copies(const Code& code, Registers& registers) {
  for (size_t before = 0; before != registers.size();) {
    before = registers.size();
    for (const Instruction* in : code.instructions) {
      if (in->mnemonic != "mov" || in->operands.size() != 2) continue;
      if (!registers.any(in->operands[0]) && !registers.any(in->operands[1])) continue;
      for (const Operand& o : in->operands) registers.add_all(o);
    }
  }
}

/// Sparse metadata and descriptors are read when wgmma is issued.
void list_product(const Instruction& in, const Registers& registers, WatchedOp& op) {
  registers.list(in.operands[0], op.writes);
  if (in.operands[1].kind == Operand::Kind::vector) registers.list(in.operands[1], op.reads);
}

void list_operands(const Instruction& in, const Registers& registers, WatchedOp& op) {
  std::string error;
  const auto rules = operand_rules(find_opcode(in.mnemonic)->signature, in, error);
  for (size_t i = 0; i < in.operands.size(); ++i)
    registers.list(in.operands[i], rules[i].writes ? op.writes : op.reads);
  op.copies = in.mnemonic == "mov";
}

}  // namespace

std::shared_ptr<Watched> watched_registers(const Code& code) {
  auto all = std::make_shared<Watched>();
  Registers registers(*all);
  for (const Instruction* in : code.instructions) {
    if (!is_product(*in)) continue;
    registers.add_all(in->operands[0]);
    if (in->operands[1].kind == Operand::Kind::vector) registers.add_all(in->operands[1]);
  }
  if (!registers.size()) return nullptr;
  add_copies(code, registers);
  for (size_t i = 0; i < code.instructions.size(); ++i) {
    const Instruction& in = *code.instructions[i];
    if (in.mnemonic == "call" || in.mnemonic == "bra" || in.mnemonic == "brx") continue;
    WatchedOp op;
    op.instruction = uint32_t(i);
    if (is_product(in))
      list_product(in, registers, op);
    else
      list_operands(in, registers, op);
    if (!op.reads.empty() || !op.writes.empty()) all->ops.push_back(std::move(op));
  }
  return all;
}

}  // namespace ptxvm
