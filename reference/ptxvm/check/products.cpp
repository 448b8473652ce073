#include "reference/ptxvm/check/products.h"

#include "reference/ptxvm/check/instrument.h"
#include "reference/ptxvm/check/state.h"
#include "reference/ptxvm/check/watch.h"
#include "reference/ptxvm/grid.h"

namespace ptxvm {
namespace {

using Register = Products::Register;
using Use = Register::Use;

Products& products_of(Warp& warp) { return warp.cta->checks->warps[warp.index].products; }

Party issuer(const Warp& warp, uint32_t op) {
  return party_of(warp.cta->grid, op, warp.cta->linear, warp.index * kLanes);
}

/// Number of D's registers and its type: products of one shape may follow each other in the same D.
uint16_t shape_of(const WatchedOp& op, const ptx::Instruction& in) {
  return uint16_t(op.writes.size() << 8 | unsigned(in.type(0)));
}

/// One op's look at the warp's registers.
struct Look {
  Warp& warp;
  const Op* op;
  const Watched& all = *warp.level->code->watched;
  const WatchedOp& watched = all.ops[checked(warp, op).watched];
  Products& products = products_of(warp);
  Register* registers = products.registers_of(*warp.level, all.names.size());

  bool running(const Register& r) const {
    return r.use != Use::none && products.groups.running(r.group);
  }
  bool unfenced(const Register& r) const { return r.touched > products.fences; }
  void report_running(uint16_t number, const char* what) const {
    const Register& r = registers[number];
    const bool result = r.use == Use::result, committed = r.group < products.groups.committed;
    const std::string text =
        "register " + all.names[number] + " is " + what + " while it is " +
        (result ? "the result" : "an operand") + " of a wgmma that was not " +
        (committed ? "waited for (wgmma.wait_group)" : "committed and waited for");
    report(warp, op, TrapKind::race, -1, text, std::nullopt, issuer(warp, r.op), r.op);
  }
  void report_unfenced(uint16_t number) const {
    report(warp, op, TrapKind::race, -1,
           "register " + all.names[number] +
               " was written by another instruction, with no wgmma.fence before the wgmma");
  }
};

/// A mov's destinations are what its sources are.
Register merged(const Look& look) {
  Register all;
  for (const uint16_t number : look.watched.reads) {
    const Register& r = look.registers[number];
    const uint32_t touched = std::max(all.touched, r.touched);
    if (look.running(r)) all = r;
    all.touched = touched;
  }
  return all;
}

/// Returns whether it found something.
bool check_product(const Look& look, uint16_t shape) {
  if (!look.products.fences) {
    report(look.warp, look.op, TrapKind::race, -1,
           "the warp's first wgmma, with no wgmma.fence before it");
    return true;
  }
  for (const uint16_t number : look.watched.reads) {
    const Register& r = look.registers[number];
    if (r.use == Use::result && look.running(r)) return look.report_running(number, "read"), true;
    if (look.unfenced(r)) return look.report_unfenced(number), true;
  }
  for (const uint16_t number : look.watched.writes) {
    const Register& r = look.registers[number];
    const bool chained = r.use == Use::result && r.shape == shape;
    if (!chained && look.running(r)) return look.report_running(number, "written"), true;
    if (look.unfenced(r)) return look.report_unfenced(number), true;
  }
  return false;
}

}  // namespace

Register* Products::registers_of(const Frame& frame, size_t count) {
  if (levels.size() <= frame.depth) levels.resize(frame.depth + 1);
  Level& level = levels[frame.depth];
  if (level.frame != &frame) {
    level.frame = &frame;
    level.registers.assign(count, {});
  }
  return level.registers.data();
}

const Op* checked_registers(Warp& warp, const Op* op) {
  const Look look{warp, op};
  const WatchedOp& watched = look.watched;
  if (watched.copies) {
    const Register value = merged(look);
    for (const uint16_t number : watched.writes) look.registers[number] = value;
    return watched.next(warp, op);
  }
  bool found = false;  // one finding says it
  for (const uint16_t number : watched.reads) {
    const Register& r = look.registers[number];
    if (found || r.use != Use::result || !look.running(r)) continue;
    found = true;
    look.report_running(number, "read");
  }
  for (const uint16_t number : watched.writes) {
    Register& r = look.registers[number];
    if (!found && look.running(r)) {
      found = true;
      look.report_running(number, "written");
    }
    r = {.touched = look.products.fences + 1};
  }
  return watched.next(warp, op);
}

const Op* checked_product(Warp& warp, const Op* op) {
  const Look look{warp, op};
  const uint32_t number = checked(warp, op).number;
  const uint16_t shape =
      shape_of(look.watched, *warp.level->code->instructions[look.watched.instruction]);
  check_product(look, shape);
  const Op* next = checked_collective(warp, op);
  if (!next) return next;
  Products& products = look.products;
  products.open = number;
  const Register taken{Use::operand, shape, products.groups.committed, number, 0};
  for (const uint16_t r : look.watched.reads) look.registers[r] = taken;
  for (const uint16_t r : look.watched.writes) {
    look.registers[r] = taken;
    look.registers[r].use = Use::result;
  }
  return next;
}

const Op* checked_product_fence(Warp& warp, const Op* op) {
  const Op* next = checked_collective(warp, op);
  if (next) ++products_of(warp).fences;
  return next;
}

const Op* checked_product_commit(Warp& warp, const Op* op) {
  const Op* next = checked_collective(warp, op);
  Products& products = products_of(warp);
  if (!next) return next;
  ++products.groups.committed;
  products.open.reset();
  return next;
}

const Op* checked_product_wait(Warp& warp, const Op* op) {
  CtaChecks::WarpState& me = warp.cta->checks->warps[warp.index];
  const Op* next = checked_collective(warp, op);
  if (!next) return next;
  me.products.groups.wait(checked(warp, op).groups, me.clock);
  me.dirty = true;  // who writes to its operands has to come after it
  return next;
}

void check_committed(Warp& warp, const Op* op) {
  const std::optional<uint32_t> open = products_of(warp).open;
  const Code& code = *warp.level->code;
  const bool inside = op >= code.ops.data() && op < code.ops.data() + code.ops.size();
  if (!open || !inside) return;
  report(warp, op, TrapKind::race, -1,
         "the warp ends with a wgmma that was never committed (wgmma.commit_group)", std::nullopt,
         issuer(warp, *open), *open);
}

}  // namespace ptxvm
