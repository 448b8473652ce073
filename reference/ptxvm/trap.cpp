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

Party party_at(const Code& code, const Op& op) {
  Party party;
  if (op.instruction >= code.instructions.size()) {
    party.instruction = code.name;
    return party;
  }
  const ptx::Instruction& at = *code.instructions[op.instruction];
  party.instruction =
      code.module->name + ":" + std::to_string(at.ptx_line) + " (" + at.full_name() + ")";
  if (at.source.file && at.source.file < code.module->files.size()) {
    party.file = code.module->files[at.source.file];
    party.line = at.source.line;
  }
  return party;
}

std::string place(const Party& party) {
  if (party.file.empty()) return party.instruction;
  return party.instruction + ", source " + party.file + ":" + std::to_string(party.line);
}

std::string place(const Code& code, const Op& op) { return place(party_at(code, op)); }

namespace {

std::string triple(const Dim3& d) {
  return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")";
}

/// Null and addresses of another space are near nothing.
bool has_neighbour(TrapKind kind, const Place& where) {
  return where.space == "global" && kind != TrapKind::null_address &&
         kind != TrapKind::invalid_address_space;
}

}  // namespace

Trap fault(const Warp& warp, const Op* op, TrapKind kind, int lane, const std::string& detail,
           std::optional<Place> where, std::optional<Party> other) {
  const Cta& cta = *warp.cta;
  const Dim3& block = cta.grid.block;
  const uint32_t thread = warp.index * kLanes + uint32_t(lane >= 0   ? lane
                                                         : warp.mask ? std::countr_zero(warp.mask)
                                                                     : 0);
  auto finding = std::make_shared<Finding>();
  finding->kernel = demangled(cta.grid.kernel);
  finding->detail = detail;
  if (where && has_neighbour(kind, *where)) {
    finding->neighbour = cta.grid.memory->neighbour(where->address);
    finding->detail += "\n  " + cta.grid.memory->describe(where->address);
  }
  finding->place = std::move(where);
  Party& party = finding->party;
  if (op && warp.level) party = party_at(*warp.level->code, *op);
  party.block = cta.block_id;
  party.thread = {thread % block.x, thread / block.x % block.y, thread / block.x / block.y};

  std::string text =
      std::string(to_string(kind)) + ": " + finding->detail + "\n  kernel " + finding->kernel;
  if (op && warp.level) text += "\n  at " + place(party);
  if (warp.level && warp.level->parent)
    text += "\n  in function " + demangled(warp.level->code->name);
  text += "\n  block " + triple(party.block) + " thread " + triple(party.thread);
  if (other)
    text += "\n  the other access: " + place(*other) + "\n  by block " + triple(other->block) +
            " thread " + triple(other->thread);
  finding->other = std::move(other);
  return Trap(kind, text, std::move(finding));
}

void raise(Warp& warp, const Op* op, TrapKind kind, int lane, const char* detail) {
  throw fault(warp, op, kind, lane, detail);
}
void raise(Warp& warp, const Op* op, TrapKind kind, int lane, const std::string& detail,
           Place where) {
  throw fault(warp, op, kind, lane, detail, std::move(where));
}

TrapKind outside(const Memory& memory, uint64_t address) {
  return memory.was_released(address) ? TrapKind::use_after_free : TrapKind::out_of_bounds;
}

Trap overdue(const Cta& cta) {
  auto finding = std::make_shared<Finding>();
  finding->kernel = demangled(cta.grid.kernel);
  finding->party.block = cta.block_id;
  finding->detail = "the kernel " + finding->kernel +
                    " still runs after PTXVM_TIMEOUT seconds\n  block " + triple(cta.block_id) +
                    "\n" + cta.where();
  const std::string text = "timeout: " + finding->detail;
  return Trap(TrapKind::timeout, text, std::move(finding));
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
