// Totals of a launch. What an op does is the same at every execution, so most totals are the
// executions of its basic block times what the instruction is; only guards and addresses are
// counted as they happen, in the op's site.
#include "reference/ptxvm/counters.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

#include "reference/ptxvm/check/instrument.h"
#include "reference/ptxvm/grid.h"
#include "reference/ptxvm/matrix.h"
#include "reference/ptxvm/regroup.h"

namespace ptxvm {
namespace {

enum Counter {
#define PTX_COUNTER(identifier, name, meaning) identifier,
#include "reference/ptxvm/counters.def"
#undef PTX_COUNTER
  kCounters
};

constexpr CounterInfo kTable[] = {
#define PTX_COUNTER(identifier, name, meaning) {name, meaning},
#include "reference/ptxvm/counters.def"
#undef PTX_COUNTER
};

using Totals = std::array<uint64_t, kCounters>;

struct Executions {
  uint64_t groups = 0, lanes = 0;
};

/// One op summed over the workers.
struct Sum {
  Executions block, passed;  // passed: by the guard
  uint64_t divergent = 0, atomic_lanes = 0, serialised = 0, bulk = 0;
  Traffic global, shared, local;
};

void add(Traffic& to, const Traffic& from) {
  to.requests += from.requests;
  to.units += from.units;
  to.ideal += from.ideal;
}

bool is(const ptx::Instruction& op, std::string_view mnemonic) { return op.mnemonic == mnemonic; }

void count_arithmetic(Totals& t, const ptx::Instruction& op, uint64_t lanes) {
  struct Pipe {
    ptx::Type type;
    uint64_t operations;
    Counter add, mul, fma;
  };
  static constexpr Pipe kPipes[] = {
      {ptx::Type::f32, 1, fadd, fmul, ffma},   {ptx::Type::f64, 1, dadd, dmul, dfma},
      {ptx::Type::f16, 1, hadd, hmul, hfma},   {ptx::Type::bf16, 1, hadd, hmul, hfma},
      {ptx::Type::f16x2, 2, hadd, hmul, hfma}, {ptx::Type::bf16x2, 2, hadd, hmul, hfma},
      {ptx::Type::f32x2, 2, fadd, fmul, ffma},
  };
  for (const Pipe& pipe : kPipes) {
    if (op.type() != pipe.type) continue;
    if (is(op, "add") || is(op, "sub")) t[pipe.add] += pipe.operations * lanes;
    if (is(op, "mul")) t[pipe.mul] += pipe.operations * lanes;
    if (is(op, "fma") || is(op, "mad")) t[pipe.fma] += pipe.operations * lanes;
  }
}

/// Families of instructions that are counted by lane, whatever their type.
void count_family(Totals& t, const ptx::Instruction& op, uint64_t lanes) {
  struct Family {
    Counter counter;
    std::vector<std::string_view> mnemonics;
  };
  static const Family kFamilies[] = {
      {conversion, {"cvt"}},
      {special_function, {"rcp", "sqrt", "rsqrt", "sin", "cos", "lg2", "ex2", "tanh"}},
      {exchange, {"shfl", "vote", "match", "redux"}},
  };
  static const std::unordered_set<std::string_view> kInteger{
      "add", "sub", "mul", "mad", "mul24", "mad24", "sad",  "div",  "rem",
      "abs", "neg", "min", "max", "addc",  "subc",  "madc", "dp4a", "dp2a"};
  for (const Family& family : kFamilies)
    for (const std::string_view mnemonic : family.mnemonics)
      if (is(op, mnemonic)) t[family.counter] += lanes;
  static constexpr ptx::Type kFloats[] = {ptx::Type::f16,    ptx::Type::f16x2, ptx::Type::bf16,
                                          ptx::Type::bf16x2, ptx::Type::f32,   ptx::Type::f32x2,
                                          ptx::Type::f64};
  const bool floating =
      std::find(std::begin(kFloats), std::end(kFloats), op.type()) != std::end(kFloats);
  if (!floating && kInteger.contains(op.mnemonic)) t[integer] += lanes;
}

bool is_sparse(const ptx::Instruction& op) {
  return op.has("sp") || op.has("sp::ordered_metadata");
}

/// m * n * k of "m16n8k16"; mma.m8n8k4 on f16 is four products, each of wgmma's four warps has a
/// quarter of its rows, a sparse A has half its columns.
uint64_t macs(const ptx::Instruction& op) {
  if (is(op, "wmma") ? !op.has("mma") : !is(op, "mma") && !op.has("mma_async")) return 0;
  for (const std::string& modifier : op.modifiers) {
    unsigned long long m = 0, n = 0, k = 0;
    if (std::sscanf(modifier.c_str(), "m%llun%lluk%llu", &m, &n, &k) == 3)
      return m * n * k * (is(op, "mma") && modifier == "m8n8k4" && op.has("f16") ? 4 : 1) /
             (is(op, "wgmma") ? 4 : 1) / (is_sparse(op) ? 2 : 1);
  }
  return 0;
}

/// What a memory instruction counts as.
std::string_view access_kind(const ptx::Instruction& op) {
  if (is(op, "wmma")) return op.has("store") ? "st" : "ld";
  if (is(op, "stmatrix")) return "st";
  if (is(op, "mbarrier")) return "atom";
  if (is(op, "cp")) return op.has("mbarrier") ? "atom" : "cp";
  return op.mnemonic;
}

/// Of the factors; none if the form is unknown.
Element factor_of(const ptx::Instruction& op) {
  MmaForm form;
  if (!is(op, "wgmma")) {
    const bool known = is(op, "wmma") ? wmma_mma_form(op, form) : mma_form(op, form);
    return known ? form.a : Element::none;
  }
  const ptx::Type type = op.type(1);
  return type == ptx::Type::f16    ? Element::f16
         : type == ptx::Type::bf16 ? Element::bf16
         : type == ptx::Type::tf32 ? Element::tf32
                                   : Element::s8;
}

void count_tensor(Totals& t, const ptx::Instruction& op, uint64_t groups) {
  const uint64_t products = macs(op) * groups;
  if (!products) return;
  t[tensor_macs] += products;
  const Element element = factor_of(op);
  if (element == Element::none) return;
  const Counter of_type = element == Element::f16    ? tensor_f16
                          : element == Element::bf16 ? tensor_bf16
                          : element == Element::tf32 ? tensor_tf32
                          : element == Element::f64  ? tensor_f64
                                                     : tensor_narrow;
  t[of_type] += products;
}

void count_memory(Totals& t, const ptx::Instruction& op, const Sum& sum) {
  struct Row {
    std::string_view mnemonic;
    Counter requests, sectors;
  };
  static constexpr Row kGlobal[] = {{"ld", global_ld_requests, global_ld_sectors},
                                    {"ldu", global_ld_requests, global_ld_sectors},
                                    {"st", global_st_requests, global_st_sectors},
                                    {"atom", global_atom_requests, global_atom_sectors},
                                    {"red", global_red_requests, global_red_sectors},
                                    {"cp", async_requests, async_sectors}};
  const std::string_view kind = access_kind(op);
  for (const Row& row : kGlobal) {
    if (kind != row.mnemonic) continue;
    t[row.requests] += sum.global.requests;
    t[row.sectors] += sum.global.units;
  }
  t[shared_ideal] += sum.shared.ideal;
  if (kind == "cp") {
    t[async_wavefronts] += sum.shared.units;
    t[bulk_bytes] += sum.bulk;
    return;
  }
  const bool store = kind == "st", atomic = kind == "atom" || kind == "red";
  t[store ? local_st_requests : local_ld_requests] += sum.local.requests;
  t[store ? local_st_sectors : local_ld_sectors] += sum.local.units;
  t[atomic  ? shared_atom_requests
    : store ? shared_st_requests
            : shared_ld_requests] += sum.shared.requests;
  t[atomic  ? shared_atom_wavefronts
    : store ? shared_st_wavefronts
            : shared_ld_wavefronts] += sum.shared.units;
  t[atomic  ? shared_atom_conflicts
    : store ? shared_st_conflicts
            : shared_ld_conflicts] += sum.shared.units - sum.shared.ideal;
  t[atomic_lanes] += sum.atomic_lanes;
  t[atomic_serialised] += sum.serialised;
}

void count_op(Totals& t, const Op& op, const ptx::Instruction& instruction, const Sum& sum) {
  const Executions& passed = has_guard(op) ? sum.passed : sum.block;
  t[warp_instructions] += sum.block.groups;
  t[lane_instructions] += sum.block.lanes;
  t[lane_instructions_on] += passed.lanes;
  count_arithmetic(t, instruction, passed.lanes);
  count_family(t, instruction, passed.lanes);
  count_tensor(t, instruction, passed.groups);
  if (is(instruction, "bra") || is(instruction, "brx")) {
    t[branches] += sum.block.groups;
    t[branches_divergent] += sum.divergent;
  }
  // Ops that have no site of their own name the first one.
  for (const ptx::Operand& operand : instruction.operands)
    if (operand.kind == ptx::Operand::Kind::address) return count_memory(t, instruction, sum);
}

Sum sum_op(const Grid& grid, const CodePlan& plan, const Op& op, const Executions& block,
           const std::vector<Site>& sites) {
  Sum sum;
  sum.block = block;
  for (size_t i = plan.first_site + op.site; i < sites.size(); i += grid.sites) {
    const Site& site = sites[i];
    sum.passed.groups += site.executions;
    sum.passed.lanes += site.lanes;
    sum.divergent += site.divergent;
    sum.atomic_lanes += site.atomic_lanes;
    sum.serialised += site.serialised;
    sum.bulk += site.bulk_bytes;
    add(sum.global, site.global);
    add(sum.shared, site.shared);
    add(sum.local, site.local);
  }
  return sum;
}

Counters named(const Totals& t, bool zeros) {
  Counters counters;
  for (size_t i = 0; i < kCounters; ++i)
    if (zeros || t[i]) counters.emplace(kTable[i].name, t[i]);
  return counters;
}

LaunchReport::Line line_of(const Code& code, const ptx::Instruction& instruction, const Totals& t) {
  LaunchReport::Line line;
  line.function = code.name;
  line.module = code.module->name;
  line.ptx_line = instruction.ptx_line;
  line.instruction = instruction.full_name();
  if (instruction.source.file && instruction.source.file < code.module->files.size()) {
    line.source = code.module->files[instruction.source.file];
    line.source_line = instruction.source.line;
  }
  line.counters = named(t, false);
  return line;
}

uint64_t regrouped(const std::vector<Worker>& workers, const Op& op) {
  int64_t change = 0;
  for (const Worker& worker : workers) {
    const auto found = worker.regroupings->change.find(&op);
    if (found != worker.regroupings->change.end()) change += found->second;
  }
  return uint64_t(change);
}

/// Counts every PTX instruction that ran: visit(code, instruction, totals).
template <class Visit>
void each_instruction(const Grid& grid, const std::vector<Worker>& workers,
                      const std::vector<Site>& sites, const std::vector<BlockCount>& blocks,
                      Visit visit) {
  for (const CodePlan& plan : grid.plans) {
    for (size_t b = 0; b < plan.code->blocks.size(); ++b) {
      Executions executed;
      for (size_t i = plan.first_block + b; i < blocks.size(); i += grid.blocks) {
        executed.groups += blocks[i].executions;
        executed.lanes += blocks[i].lanes;
      }
      if (!executed.groups) continue;
      const auto& ops = plan.code->ops;
      const size_t end =
          b + 1 < plan.code->blocks.size() ? plan.code->blocks[b + 1].first_op : ops.size();
      // An instruction may be several ops: those that fit registers to its operands stand around
      // it.
      for (size_t i = plan.code->blocks[b].first_op + 1; i < end; ++i) {
        executed.groups += regrouped(workers, ops[i]);
        const uint32_t number = ops[i].instruction;
        if (plan.code->main_ops[number] != i) continue;
        const ptx::Instruction& instruction = *plan.code->instructions[number];
        Totals t{};
        count_op(t, ops[i], instruction, sum_op(grid, plan, ops[i], executed, sites));
        visit(*plan.code, instruction, t);
      }
    }
  }
}

void add_model(Totals& t, const CacheTotals& model) {
  t[model_l1_hits] = model.l1_hits;
  t[model_l2_read] = model.l2_read;
  t[model_l2_written] = model.l2_written;
  t[model_l2_atomic] = model.l2_atomic;
  t[model_l2_hits] = model.l2_hits;
  t[model_dram_read] = model.dram_read * kSectorBytes;
  t[model_dram_written] = model.dram_written * kSectorBytes;
}

}  // namespace

std::span<const CounterInfo> counter_table() { return kTable; }

LaunchReport count(const Grid& grid, const std::vector<Worker>& workers,
                   const std::vector<Site>& sites, const std::vector<BlockCount>& blocks) {
  LaunchReport report;
  Totals t{};
  each_instruction(grid, workers, sites, blocks,
                   [&](const Code& code, const ptx::Instruction& instruction, const Totals& one) {
                     for (size_t i = 0; i < kCounters; ++i) t[i] += one[i];
                     if (grid.config->profile)
                       report.lines.push_back(line_of(code, instruction, one));
                   });
  for (const Worker& worker : workers) {
    t[barriers] += worker.barriers;
    t[dram_read] += worker.sectors_read;
    t[dram_written] += worker.sectors_written;
  }
  t[grid_size] = grid.grid.count();
  t[block_size] = grid.block.count();
  t[thread_count] = grid.grid.count() * grid.block.count();
  t[shared_static] = grid.static_shared;
  t[shared_dynamic] = grid.dynamic_shared;
  if (grid.model) add_model(t, grid.model->totals());
  report.counters = named(t, true);
  if (!grid.model)
    for (const CounterInfo& info : kTable)
      if (std::string_view(info.name).starts_with("ptx__model_")) report.counters.erase(info.name);
  return report;
}

}  // namespace ptxvm
