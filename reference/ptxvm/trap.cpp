// The report of a fault: what, where in the program, which thread.
#include <bit>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>

#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/text.h"
#include "reference/ptxvm/where.h"

namespace ptxvm {

std::string_view to_string(TrapKind kind) {
  switch (kind) {
    case TrapKind::out_of_bounds:
      return "out of bounds";
    case TrapKind::misaligned:
      return "misaligned address";
    case TrapKind::null_address:
      return "null address";
    case TrapKind::invalid_address_space:
      return "address of another space";
    case TrapKind::use_after_free:
      return "use after free";
    case TrapKind::illegal_instruction:
      return "illegal instruction";
    case TrapKind::assertion:
      return "assertion failed";
    case TrapKind::trap:
      return "trap";
    case TrapKind::deadlock:
      return "deadlock";
    case TrapKind::timeout:
      return "timeout";
    case TrapKind::stack_overflow:
      return "stack overflow";
    case TrapKind::launch_configuration:
      return "launch configuration";
    case TrapKind::uninitialised:
      return "uninitialised read";
    case TrapKind::race:
      return "race";
    case TrapKind::barrier_misuse:
      return "barrier misuse";
  }
  return "fault";
}

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && text ? text.get() : name;
}

std::string place(const Code& code, const Op& op) {
  if (op.instruction >= code.instructions.size()) return code.name;
  const ptx::Instruction& at = *code.instructions[op.instruction];
  std::string text =
      code.module->name + ":" + std::to_string(at.ptx_line) + " (" + at.full_name() + ")";
  if (at.source.file && at.source.file < code.module->files.size())
    text += ", source " + code.module->files[at.source.file] + ":" + std::to_string(at.source.line);
  return text;
}

namespace {

std::string triple(uint32_t x, uint32_t y, uint32_t z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

}  // namespace

void raise(Warp& warp, const Op* op, TrapKind kind, int lane, const char* detail) {
  const Cta& cta = *warp.cta;
  const Dim3& block = cta.grid.block;
  const uint32_t thread = warp.index * kLanes + uint32_t(lane >= 0   ? lane
                                                         : warp.mask ? std::countr_zero(warp.mask)
                                                                     : 0);
  std::string text = std::string(to_string(kind)) + ": " + detail;
  text += "\n  kernel " + demangled(cta.grid.kernel);
  if (op && warp.level) text += "\n  at " + place(*warp.level->code, *op);
  if (warp.level && warp.level->parent)
    text += "\n  in function " + demangled(warp.level->code->name);
  text += "\n  block " + triple(cta.block_id.x, cta.block_id.y, cta.block_id.z) + " thread " +
          triple(thread % block.x, thread / block.x % block.y, thread / block.x / block.y);
  throw Trap(kind, text);
}

std::string Cta::where() const {
  std::string text;
  for (const Warp& warp : warps) {
    for (uint32_t i = 0; i < warp.split_count; ++i) {
      const Split& split = warp.splits[i];
      const Op* op = split.waiting == Stop::barrier ? split.pc - 1 : split.pc;
      if (!text.empty()) text += "\n";
      text += "    warp " + std::to_string(warp.index) + " lanes " + hex(split.mask) + " ";
      if (split.waiting == Stop::barrier)
        text += "waits at barrier " + std::to_string(split.barrier);
      else if (split.waiting == Stop::converge)
        text += "waits for lanes " + hex(split.members & warp.alive & ~split.mask);
      else
        text += "runs";
      text += " at " + place(*split.level->code, *op);
    }
  }
  return text;
}

}  // namespace ptxvm
