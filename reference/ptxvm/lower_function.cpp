// The frame of a function: which registers, blocks and parameters there are, and where each finds
// its place.
#include <algorithm>

#include "reference/ptxvm/fuse.h"
#include "reference/ptxvm/lowering.h"
#include "reference/ptxvm/slots.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {
namespace {

constexpr uint64_t kMaxRegionBytes = 1 << 16;  // of one parameter
constexpr uint64_t kMaxFrameBytes = 64 << 20;
constexpr uint64_t kMaxLocalBytes = 512 << 10;  // per thread, CUDA's own limit

uint64_t align_up(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// What a function does that runs off its end.
const ptx::Instruction& implicit_return() {
  static const ptx::Instruction ret = [] {
    ptx::Instruction in;
    in.mnemonic = "ret";
    return in;
  }();
  return ret;
}

bool moves_halves(const ptx::Instruction& in) {
  return in.type() == ptx::Type::b128 && (in.mnemonic == "ld" || in.mnemonic == "st");
}

}  // namespace

FunctionLowering::FunctionLowering(const ptx::Module& module, const ptx::Function& function,
                                   const SymbolResolver& resolver, const SharedLayout& shared)
    : module_(module),
      function_(function),
      resolver_(resolver),
      shared_(shared),
      code_(std::make_unique<Code>()) {}

std::unique_ptr<Code> FunctionLowering::lower() {
  code_->name = function_.name;
  code_->module = &module_;
  code_->function = &function_;
  number_registers();
  place_parameters();
  drafts_.reserve(function_.body.size() + 16);
  begin_block();
  for (const ptx::Statement& s : function_.body) {
    if (s.label.empty()) {
      instruction(s.instruction);
      continue;
    }
    begin_block();
    if (!labels_.emplace(s.label, static_cast<uint32_t>(flow_.size() - 1)).second)
      fail(s.instruction, "label " + s.label + " is defined twice");
  }
  if (open_ || exits_.back().falls_through) instruction(implicit_return());
  link_blocks();
  allocate();
  write_ops();
  fuse(*code_);
  return std::move(code_);
}

FunctionLowering::Ref FunctionLowering::add_register(const std::string& name, VirtualRegister r) {
  const Ref ref = kRegister | static_cast<uint32_t>(registers_.size());
  registers_.push_back(r);
  if (!name.empty()) names_[name] = ref;
  return ref;
}

void FunctionLowering::number_registers() {
  names_.reserve(function_.registers.size());
  uint64_t local = 0;
  const auto declare = [&](const ptx::Variable& v) {
    if (v.vector == 1) add_register(v.name, {v.type, slot_bytes(v.type)});
    for (int i = 0; v.vector > 1 && i < v.vector; ++i)
      add_register(v.name + "." + std::to_string(i), {v.type, slot_bytes(v.type)});
  };
  for (const ptx::Variable& v : function_.registers) declare(v);
  for (const auto* list : {&function_.params, &function_.returns}) {
    for (const ptx::Variable& v : *list) {
      if (v.space == ptx::Space::reg) declare(v);
    }
  }
  const auto region = [&](const ptx::Variable& v) {
    if (v.size() > kMaxRegionBytes)
      throw PtxError(module_.name + ": parameter " + v.name + " of " + function_.name +
                     " is too large");
    const auto words = static_cast<uint32_t>(std::max<uint64_t>(1, (v.size() + 3) / 4));
    add_register(v.name, {ptx::Type::none, words * 128, true});
  };
  for (const ptx::Variable& v : function_.locals) {
    if (v.space == ptx::Space::param) region(v);
    if (v.space != ptx::Space::local) continue;
    local = align_up(local, v.alignment);
    symbols_[v.name] = {Symbol::Kind::local, local};
    local += v.size();
    if (local > kMaxLocalBytes)
      throw PtxError(module_.name + ": " + function_.name +
                     " has more than 512 KiB of .local variables");
  }
  code_->local_bytes = static_cast<uint32_t>(align_up(local, 16));
  if (function_.is_entry) return;
  for (const auto* list : {&function_.params, &function_.returns}) {
    for (const ptx::Variable& v : *list) {
      if (v.space == ptx::Space::param) region(v);
    }
  }
}

void FunctionLowering::place_parameters() {
  uint64_t end = 0;
  for (const auto* list : {&function_.params, &function_.returns}) {
    for (const ptx::Variable& v : *list) {
      if (!function_.is_entry && !names_.contains(v.name))
        throw PtxError(module_.name + ": parameter " + v.name + " of " + function_.name +
                       " is a vector register");
    }
  }
  for (const ptx::Variable& v : function_.params) {
    if (function_.is_entry) {
      end = align_up(end, v.alignment);
      if (v.size() > kMaxRegionBytes)
        throw PtxError(module_.name + ": parameter " + v.name + " of " + function_.name +
                       " is too large");
      symbols_[v.name] = {Symbol::Kind::absolute, end};
      code_->params.push_back({static_cast<uint32_t>(end), static_cast<uint32_t>(v.size()), false});
      end += v.size();
    } else {
      code_->params.push_back(
          {names_.at(v.name), static_cast<uint32_t>(v.size()), v.space == ptx::Space::reg});
    }
  }
  for (const ptx::Variable& v : function_.returns) {
    code_->returns.push_back(
        {names_.at(v.name), static_cast<uint32_t>(v.size()), v.space == ptx::Space::reg});
  }
  code_->param_bytes = static_cast<uint32_t>(end);
}

void FunctionLowering::begin_block() {
  if (open_) end_block(nullptr, {}, true);
  const auto here = static_cast<uint32_t>(drafts_.size());
  Draft entry;
  entry.op.run = entry.op.body = isa().block_entry;
  entry.op.imm = static_cast<int64_t>(flow_.size());
  entry.op.instruction = static_cast<uint32_t>(code_->instructions.size());
  drafts_.push_back(std::move(entry));
  flow_.push_back({here, here + 1, {}});
  code_->blocks.push_back({here, 0});
  open_ = true;
}

void FunctionLowering::end_block(const ptx::Instruction* by, std::vector<const std::string*> labels,
                                 bool falls_through) {
  flow_.back().end = static_cast<uint32_t>(drafts_.size());
  exits_.push_back({std::move(labels), falls_through, by});
  open_ = false;
}

uint32_t FunctionLowering::block_at(const std::string& label, const ptx::Instruction* by) const {
  const auto found = labels_.find(label);
  if (found == labels_.end()) fail(*by, "label " + label + " is not in this function");
  return found->second;
}

void FunctionLowering::link_blocks() {
  for (uint32_t b = 0; b < flow_.size(); ++b) {
    for (const std::string* label : exits_[b].labels)
      flow_[b].successors.push_back(block_at(*label, exits_[b].by));
    if (exits_[b].falls_through && b + 1 < flow_.size()) flow_[b].successors.push_back(b + 1);
  }
}

void FunctionLowering::allocate() {
  std::vector<Interval> live =
      live_intervals(flow_, accesses_, static_cast<uint32_t>(registers_.size()));
  for (const auto* list : {&code_->params, &code_->returns}) {
    for (const ParamSlot& p : *list) {
      if (!function_.is_entry) live[p.offset].include(0);  // the call writes it, read or not
    }
  }
  // Lane l of a register must never share bytes with another lane of another one: lanes that have
  // diverged use the same slot for different registers. So 4-byte rows, 8-byte rows and predicates
  // have an arena each.
  const size_t n = registers_.size();
  std::vector<SlotRequest> narrow(n), wide(n), predicates(n);
  std::vector<int64_t> pressure(2 * drafts_.size() + 2);
  for (size_t r = 0; r < registers_.size(); ++r) {
    const bool predicate = registers_[r].bytes == 4;
    const bool rows = registers_[r].is_region || registers_[r].bytes == 128;
    (predicate ? predicates : rows ? narrow : wide)[r] = {live[r], registers_[r].bytes};
    if (live[r].empty() || predicate || registers_[r].is_region) continue;
    pressure[live[r].begin] += registers_[r].bytes / 128;
    pressure[live[r].end + 1] -= registers_[r].bytes / 128;
  }
  int64_t now = 0;
  for (const int64_t change : pressure)
    code_->peak_registers = std::max(code_->peak_registers, static_cast<uint32_t>(now += change));
  const SlotMap words = assign_slots(narrow, 128), pairs = assign_slots(wide, 256);
  const SlotMap bits = assign_slots(predicates, 4);
  const uint64_t end =
      uint64_t{code_->template_bytes} + words.bytes + pairs.bytes + align_up(bits.bytes, 64);
  if (end > kMaxFrameBytes)
    throw PtxError(module_.name + ": " + function_.name + " needs " + std::to_string(end) +
                   " bytes of registers per warp");
  offsets_.assign(registers_.size(), kNoOperand);
  for (size_t r = 0; r < registers_.size(); ++r) {
    const uint32_t start = code_->template_bytes;
    if (words.offsets[r] != kNoOperand) offsets_[r] = start + words.offsets[r];
    if (pairs.offsets[r] != kNoOperand) offsets_[r] = start + words.bytes + pairs.offsets[r];
    if (bits.offsets[r] != kNoOperand)
      offsets_[r] = start + words.bytes + pairs.bytes + bits.offsets[r];
  }
  code_->frame_bytes = static_cast<uint32_t>(end);
}

uint32_t FunctionLowering::place(Ref ref) const {
  switch (kind_of(ref)) {
    case kRegister:
      return offsets_[index_of(ref)];
    case kConstant:
      return code_->constants[index_of(ref)].offset;
    case kSpecial:
      return code_->specials[index_of(ref)].offset;
    default:
      return kNoOperand;
  }
}

/// Vector elements, then sources beyond the fourth, then the displacements of all addresses but the
/// first. A register of 128 bits that is loaded or stored counts as a vector of its two halves.
void FunctionLowering::write_more(const Draft& draft, Op& op) {
  std::vector<uint32_t>& pool = code_->pool;
  const size_t before = pool.size();
  if (moves_halves(*draft.instruction)) {
    const uint32_t low = draft.instruction->mnemonic == "st" ? op.b : op.dst;
    pool.insert(pool.end(), {low, low + slot_bytes(ptx::Type::b64)});
    op.count = 2;
  }
  for (const Ref e : draft.elements) pool.push_back(place(e));
  for (size_t i = 4; i < draft.sources.size(); ++i) pool.push_back(place(draft.sources[i]));
  for (size_t i = 1; i < draft.displacements.size(); ++i) {
    pool.push_back(static_cast<uint32_t>(draft.displacements[i]));
    pool.push_back(static_cast<uint32_t>(static_cast<uint64_t>(draft.displacements[i]) >> 32));
  }
  const size_t count = pool.size() - before;
  if (count > 255) fail(*draft.instruction, "too many operands");
  if (op.count == 0) op.count = static_cast<uint8_t>(count);
}

void FunctionLowering::write_ops() {
  std::vector<Op>& ops = code_->ops;
  ops.resize(drafts_.size());
  std::vector<size_t> first_more(drafts_.size());
  for (size_t i = 0; i < drafts_.size(); ++i) {
    const Draft& draft = drafts_[i];
    Op& op = ops[i] = draft.op;
    op.dst = place(draft.dst);
    op.second = place(draft.second);
    op.guard = place(draft.guard);
    uint32_t* const fields[] = {&op.a, &op.b, &op.c, &op.d};
    for (size_t k = 0; k < std::min<size_t>(4, draft.sources.size()); ++k)
      *fields[k] = place(draft.sources[k]);
    first_more[i] = code_->pool.size();
    if (draft.instruction) write_more(draft, op);
  }
  for (size_t i = 0; i < drafts_.size(); ++i) {
    const size_t next = i + 1 < drafts_.size() ? first_more[i + 1] : code_->pool.size();
    if (next > first_more[i]) ops[i].more = code_->pool.data() + first_more[i];
  }
  for (uint32_t b = 0; b < flow_.size(); ++b) {
    const BlockExit& exit = exits_[b];
    if (exit.labels.empty()) continue;
    if (exit.by->mnemonic == "bra") {
      ops[flow_[b].end - 1].target = &ops[flow_[flow_[b].successors[0]].begin];
      continue;
    }
    std::vector<const Op*>& table = code_->tables[static_cast<size_t>(ops[flow_[b].end - 1].imm)];
    for (size_t k = 0; k < exit.labels.size(); ++k)
      table.push_back(&ops[flow_[flow_[b].successors[k]].begin]);
  }
  const auto settle = [&](std::vector<ParamSlot>& list) {
    for (ParamSlot& p : list) p.offset = place(p.offset);
  };
  for (CallSite& site : code_->calls) settle(site.arguments), settle(site.results);
  if (!function_.is_entry) settle(code_->params);
  settle(code_->returns);
}

}  // namespace ptxvm
