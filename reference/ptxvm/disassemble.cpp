#include "reference/ptxvm/disassemble.h"

#include <cstdio>

#include "reference/ptxvm/fuse.h"

namespace ptxvm {
namespace {

using ptx::Operand;

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

std::string joined(const std::vector<Operand>& list) {
  std::string text;
  for (const Operand& o : list) text += (text.empty() ? "" : ", ") + to_string(o);
  return text;
}

std::string with_offset(const std::string& base, int64_t offset) {
  if (base.empty()) return std::to_string(offset);
  return offset == 0 ? base : base + (offset > 0 ? "+" : "") + std::to_string(offset);
}

std::string unmarked(const Operand& o) {
  const std::string name = o.component < 0 ? o.text : o.text + "." + "xyzw"[o.component & 3];
  switch (o.kind) {
    case Operand::Kind::none:
      return "_";
    case Operand::Kind::integer:
      return std::to_string(static_cast<int64_t>(o.bits));
    case Operand::Kind::real:
      return o.type == ptx::Type::f32
                 ? format("0f%08X", static_cast<unsigned>(o.bits))
                 : format("0d%016llX", static_cast<unsigned long long>(o.bits));
    case Operand::Kind::address:
      return "[" + with_offset(name, o.offset) +
             (o.elements.empty() ? "" : ", " + joined(o.elements)) + "]";
    case Operand::Kind::vector:
      return "{" + joined(o.elements) + "}";
    case Operand::Kind::list:
      return "(" + joined(o.elements) + ")";
    default:
      return with_offset(name, o.offset);
  }
}

std::string places(const Op& op) {
  std::string text;
  const auto add = [&](const char* name, uint32_t offset) {
    if (offset != kNoOperand) text += std::string(" ") + name + "=" + std::to_string(offset);
  };
  add("dst", op.dst);
  add("second", op.second);
  add("a", op.a);
  add("b", op.b);
  add("c", op.c);
  add("d", op.d);
  add("guard", op.guard);
  if (op.imm != 0) text += " imm=" + std::to_string(op.imm);
  for (int i = 0; op.more && i < op.count; ++i)
    text += (i == 0 ? " more=" : ",") + std::to_string(op.more[i]);
  return text;
}

}  // namespace

std::string to_string(const Operand& o) {
  return (o.negated ? "!" : "") + unmarked(o) + (o.second ? "|" + to_string(*o.second) : "");
}

std::string to_string(const ptx::Instruction& in) {
  std::string text;
  if (!in.guard.reg.empty()) text = (in.guard.negated ? "@!" : "@") + in.guard.reg + " ";
  text += in.full_name();
  return in.operands.empty() ? text : text + " " + joined(in.operands);
}

std::string disassemble(const Code& code) {
  std::string text = code.name + ": frame " + std::to_string(code.frame_bytes) +
                     " bytes, constants and specials below " + std::to_string(code.template_bytes) +
                     "\n";
  for (const ConstantSlot& c : code.constants) {
    text += format("  %6u = 0x%llx\n", c.offset, static_cast<unsigned long long>(c.bits));
  }
  for (const SpecialSlot& s : code.specials) {
    text += format("  %6u = ", s.offset) + s.name +
            (s.addend ? format("+%llu", static_cast<unsigned long long>(s.addend)) : "") + "\n";
  }
  size_t block = 0;
  for (size_t i = 0; i < code.ops.size(); ++i) {
    const Op& op = code.ops[i];
    if (block < code.blocks.size() && code.blocks[block].first_op == i) {
      text += format("b%zu:  (%u instructions)\n", block, code.blocks[block].instructions);
      ++block;
      continue;
    }
    const ptx::Instruction& in = *code.instructions[op.instruction];
    text += format("%6zu  :%-5u ", i, in.ptx_line) + to_string(in) + " ;" + places(op);
    if (op.target) text += format(" -> %zu", static_cast<size_t>(op.target - code.ops.data()));
    if (const uint32_t n = fused_ops(op); n > 1) text += format("  (%u ops run as one)", n);
    text += "\n";
  }
  return text;
}

}  // namespace ptxvm
