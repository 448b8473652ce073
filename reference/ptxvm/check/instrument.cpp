#include "reference/ptxvm/check/instrument.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "reference/ptxvm/check/record.h"
#include "reference/ptxvm/check/watch.h"
#include "reference/ptxvm/fuse.h"
#include "reference/ptxvm/isa.h"
#include "reference/ptxvm/warp.h"

namespace ptxvm {
namespace {

using ptx::Instruction;
using ptx::Operand;

template <class F>
void each_register(const Operand& o, F&& f) {
  for (const Operand& e : o.elements) each_register(e, f);
  if (!o.text.empty()) f(o.text);
}

/// Registers that some instruction computes with. A value that is only moved about, chosen and
/// stored may be padding, or an element that nobody wants.
std::unordered_set<std::string_view> computed_registers(const Code& code) {
  std::unordered_set<std::string_view> registers;
  for (const Instruction* in : code.instructions) {
    const bool moves = in->mnemonic == "mov" || in->mnemonic == "selp";
    const bool stores = in->mnemonic == "st";
    const bool first_is_destination = in->mnemonic != "st" && in->mnemonic != "red" &&
                                      in->mnemonic != "call" && in->mnemonic != "bar";
    const bool copies = moves || in->mnemonic == "call";
    for (size_t i = first_is_destination ? 1 : 0; i < in->operands.size(); ++i) {
      if (copies || (stores && i > 0)) continue;
      each_register(in->operands[i], [&](const std::string& name) { registers.insert(name); });
    }
    if (!in->guard.reg.empty()) registers.insert(in->guard.reg);
  }
  return registers;
}

bool has_any(const Instruction& in, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return in.has(w); });
}

struct Choice {
  Handler handler = nullptr;
  CheckedOp op;
};

/// Bulk copies out of shared memory that their groups are to wait for.
bool reads_in_groups(const Instruction& in) {
  return in.mnemonic == "cp" && in.has("bulk_group") && !in.has("commit_group") &&
         !in.has("wait_group");
}

bool reads_asynchronously(const Instruction& in) {
  const bool product = in.mnemonic == "wgmma" && in.has("mma_async");
  return product || reads_in_groups(in) ||
         (in.mnemonic == "cp" && in.has("bulk") && in.has("shared::cta"));
}

uint32_t groups_left(const Instruction& in) {
  return in.operands.empty() ? 0 : uint32_t(in.operands[0].bits);
}

Choice bulk(const Instruction& in) {
  Choice c{checked_bulk, {}};
  c.op.groups = reads_in_groups(in);
  if (in.has("commit_group")) c.handler = checked_copy_commit;
  if (in.has("wait_group")) {
    c.handler = checked_copy_wait;
    c.op.groups = groups_left(in);
  }
  return c;
}

Choice product(const Instruction& in) {
  Choice c{checked_product, {}};
  if (in.has("fence")) c.handler = checked_product_fence;
  if (in.has("commit_group")) c.handler = checked_product_commit;
  if (in.has("wait_group")) {
    c.handler = checked_product_wait;
    c.op.groups = groups_left(in);
  }
  return c;
}

uint32_t matrices(const Instruction& in) { return in.has("x4") ? 4 : in.has("x2") ? 2 : 1; }

Choice access(const Instruction& in, const Op& op,
              const std::unordered_set<std::string_view>& computed) {
  Choice c;
  c.op.space = in.space();
  c.op.bytes = uint8_t(std::min(8, ptx::bytes_of(in.type())));
  c.op.elements = std::max<uint8_t>(op.count, 1);
  const bool ordered = has_any(in, {"volatile", "relaxed", "acquire", "release", "mmio"});
  if (in.mnemonic == "st") {
    c.op.writes = true;
    c.op.releases = ordered;
    c.handler = ordered && !in.has("release") ? checked_relaxed_store : checked_store;
    return c;
  }
  c.op.reads = true;
  c.op.acquires = ordered;
  c.handler = checked_load;
  const Operand& destination = in.operands[0];
  for (size_t e = 0; e < c.op.elements; ++e) {
    const Operand& o = destination.elements.empty() ? destination : destination.elements[e];
    if (computed.contains(o.text)) c.op.computed |= uint8_t(1u << e);
  }
  return c;
}

Choice atomic(const Instruction& in) {
  Choice c;
  c.op.space = in.space();
  c.op.bytes = uint8_t(ptx::bytes_of(in.type()));
  c.op.elements = in.has("v2") ? 2 : in.has("v4") ? 4 : in.has("v8") ? 8 : 1;
  c.op.computed = in.has("exch") ? 0 : 255;
  c.op.reads = c.op.writes = c.op.releases = true;
  c.op.acquires = in.mnemonic == "atom";
  c.handler = has_any(in, {"release", "acq_rel"}) ? checked_atomic : checked_relaxed_atomic;
  return c;
}

Choice matrix(const Instruction& in) {
  Choice c;
  c.op.space = in.space() == ptx::Space::generic ? ptx::Space::generic : ptx::Space::shared;
  c.op.bytes = 16;
  c.op.elements = 1;
  c.op.computed = 1;
  c.op.lanes = uint8_t(8 * matrices(in));
  c.op.reads = in.mnemonic == "ldmatrix";
  c.op.writes = !c.op.reads;
  c.handler = c.op.reads ? checked_load : checked_store;
  return c;
}

Choice async_copy(const Instruction& in) {
  Choice c;
  if (!in.has("async") ||
      has_any(in, {"bulk", "reduce", "mbarrier", "commit_group", "wait_group", "wait_all"}))
    return c;
  c.op.bytes = uint8_t(in.operands[2].bits);
  c.op.elements = 1;
  c.op.computed = 1;
  c.op.space = ptx::Space::global;
  c.handler = checked_async_copy;
  return c;
}

Choice choose(const Instruction& in, const Op& op, const Checks& checks,
              const std::unordered_set<std::string_view>& computed) {
  const std::string_view m = in.mnemonic;
  const bool data = checks.init || checks.race;
  if (data && in.has("async") && (in.has("bulk") || m == "st" || m == "red")) return bulk(in);
  if (m == "wgmma" && checks.race) return product(in);
  if (m == "fence" && in.has("proxy") && checks.race) {
    const bool async = in.has("async") || in.has("async::generic");
    if (async && !in.has("global")) return {checked_proxy_fence, {}};
  }
  if ((m == "ld" || m == "ldu" || m == "st") && data) {
    const ptx::Space space = in.space();
    const bool covered = space == ptx::Space::generic || space == ptx::Space::global ||
                         space == ptx::Space::shared || space == ptx::Space::local ||
                         space == ptx::Space::shared_cluster;
    if (!covered || in.has("param::entry") || in.has("param::func")) return {};
    return access(in, op, computed);
  }
  if ((m == "atom" || m == "red") && data) return atomic(in);
  if ((m == "ldmatrix" || m == "stmatrix") && data) return matrix(in);
  if (m == "cp" && data && !in.has("mbarrier")) return async_copy(in);
  if ((m == "mbarrier" || m == "cp") && data && !in.has("pending_count")) {
    Choice c;
    c.op.space = in.space();
    c.op.bytes = 8;
    c.op.elements = 1;
    c.op.writes = true;
    c.op.acquires = has_any(in, {"test_wait", "try_wait"});
    c.op.releases = !c.op.acquires;
    c.handler = checked_mbarrier;
    return c;
  }
  if (m == "call" && data) return {checked_call, {}};
  if (m == "bar" || m == "barrier") {
    Choice c;
    if (in.has("cluster")) {
      c.handler = checked_cluster_barrier;
      c.op.acquires = in.has("wait");
      return c;
    }
    c.handler = in.has("warp") ? checked_warp_sync : checked_barrier;
    c.op.computed = m == "bar" || in.has("aligned");
    c.op.acquires = !in.has("arrive");
    return c;
  }
  if ((m == "membar" || m == "fence") && checks.race && !has_any(in, {"cta", "proxy"}))
    return {checked_fence, {}};
  const bool collective = in.has("sync") || m == "activemask" || m == "membar" || m == "fence";
  if (collective && checks.race) return {checked_collective, {}};
  return {};
}

void number(Program& program, const Code& code, const Op& op, CheckedOp& c) {
  if (program.checked.size() >= kMaxRecordedOp) return;
  c.number = uint32_t(program.checked.size());
  program.checked.emplace_back(&code, &op);
}

/// `handler` instead of what runs now: the body of a guarded op.
void attach(Op& op, Handler handler) {
  if (op.run == op.body) op.run = handler;
  op.body = handler;
}

/// Ops that touch registers of wgmma look at them first.
void watch(Program& program, Code& code) {
  const std::shared_ptr<Watched> watched = watched_registers(code);
  if (!watched) return;
  unfuse(code);
  code.watched = watched;
  for (uint32_t i = 0; i < watched->ops.size(); ++i) {
    WatchedOp& watched_op = watched->ops[i];
    const uint32_t at = code.main_ops[watched_op.instruction];
    Op& op = code.ops[at];
    CheckedOp& c = code.checked[at];
    c.watched = i;
    if (op.body == checked_product) continue;
    if (!c.body) {
      c.body = op.body;
      number(program, code, op, c);
    }
    watched_op.next = op.body;
    attach(op, checked_registers);
  }
}

}  // namespace

const CheckedOp& checked(const Warp& warp, const Op* op) {
  const Code& code = *warp.level->code;
  return code.checked[size_t(op - code.ops.data())];
}

bool has_guard(const Op& op) {
  return op.run == isa().run_guarded || op.run == checked_guarded_copy;
}

void instrument(Program& program, const Checks& checks) {
  if (!checks.any_in_kernels()) return;
  program.checked.emplace_back(nullptr, nullptr);
  for (const auto& code : program.codes) {
    code->checked.resize(code->ops.size());
    const auto computed = computed_registers(*code);
    for (size_t i = 0; i < code->instructions.size(); ++i) {
      Op& op = code->ops[code->main_ops[i]];
      Choice chosen = choose(*code->instructions[i], op, checks, computed);
      if (!chosen.handler) continue;
      chosen.op.body = op.body;
      number(program, *code, op, chosen.op);
      attach(op, chosen.handler);
      if (op.run == isa().run_guarded && chosen.handler == checked_async_copy)
        op.run = checked_guarded_copy;
      code->checked[code->main_ops[i]] = chosen.op;
      program.reads_asynchronously |= reads_asynchronously(*code->instructions[i]);
    }
    if (checks.race) watch(program, *code);
  }
}

}  // namespace ptxvm
