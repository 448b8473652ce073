// Programs: what an entry can reach, and where its shared memory lies.
#include "reference/ptxvm/lower.h"

#include <algorithm>
#include <unordered_set>

#include "reference/ptxvm/lowering.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {
namespace {

using ptx::Function;
using ptx::Module;

struct Reached {
  const Module* module;
  const Function* function;
};

/// Walks the call graph from the entry; function names used as values count as callees.
class Reachability {
 public:
  Reachability(const Module& module, const Function& entry, const SymbolResolver& resolver)
      : resolver_(resolver) {
    index(module);
    add({&module, &entry});
    for (size_t i = 0; i < reached.size(); ++i) visit(i);
  }

  std::vector<Reached> reached;                   // entry first
  std::unordered_set<std::string> address_taken;  // functions
  std::unordered_set<std::string>
      names;  // every symbol that some reached function mentions, locals as "function/name"

  const Reached* find(const std::string& name) {
    if (const auto known = functions_.find(name); known != functions_.end()) return &known->second;
    if (const auto [module, function] = resolver_.definition(name);
        function && function->has_body) {
      index(*module);
      return &functions_.emplace(name, Reached{module, function}).first->second;
    }
    return nullptr;
  }

 private:
  void index(const Module& module) {
    if (!modules_.insert(&module).second) return;
    for (const Function& f : module.functions) {
      if (f.has_body) functions_.emplace(f.name, Reached{&module, &f});
    }
  }
  void add(const Reached& r) {
    if (seen_.insert(r.function).second) reached.push_back(r);
  }
  void visit(size_t i) {
    const Reached at = reached[i];
    for (const ptx::Statement& s : at.function->body) {
      const bool call = s.instruction.mnemonic == "call";
      for (const ptx::Operand& o : s.instruction.operands) mention(at, o, call);
      if (call && !calls_indirectly_) look_for_indirect(at, s.instruction);
    }
  }
  void mention(const Reached& at, const ptx::Operand& o, bool call) {
    for (const ptx::Operand& e : o.elements) mention(at, e, call);
    if (o.text.empty() ||
        (o.kind != ptx::Operand::Kind::symbol && o.kind != ptx::Operand::Kind::address))
      return;
    if (!names.insert(o.text).second && !call) {
      if (o.kind == ptx::Operand::Kind::symbol && address_taken.contains(o.text)) return;
    }
    names.insert(at.function->name + "/" + o.text);
    if (o.kind != ptx::Operand::Kind::symbol || o.text[0] == '%') return;
    if (const Reached* f = find(o.text)) {
      add(*f);
      if (!call) address_taken.insert(o.text);
    }
  }
  /// The first indirect call makes every function reachable whose address some variable holds.
  void look_for_indirect(const Reached& at, const ptx::Instruction& in) {
    for (const ptx::Operand& o : in.operands)
      calls_indirectly_ = calls_indirectly_ || o.kind == ptx::Operand::Kind::reg;
    if (!calls_indirectly_) return;
    for (const ptx::Variable& v : at.module->variables) {
      for (const auto& r : v.relocations) {
        if (const Reached* f = find(r.symbol)) add(*f), address_taken.insert(r.symbol);
      }
    }
  }

  const SymbolResolver& resolver_;
  std::unordered_map<std::string, Reached> functions_;
  std::unordered_set<const Module*> modules_;
  std::unordered_set<const Function*> seen_;
  bool calls_indirectly_ = false;
};

constexpr uint64_t kMaxShared = 1 << 20;

/// Static variables in the order of their declaration; then all extern [] ones at one offset.
SharedLayout lay_out_shared(const Reachability& program, Program& out) {
  SharedLayout layout;
  std::vector<std::string> dynamic;
  uint64_t end = 0, dynamic_alignment = 16;
  const auto place = [&](const ptx::Variable& v, const std::string& key) {
    if (v.space != ptx::Space::shared || !program.names.contains(key) || layout.contains(key))
      return;
    if (v.is_extern && v.size() == 0) {
      dynamic_alignment = std::max(dynamic_alignment, v.alignment);
      dynamic.push_back(key);
      return;
    }
    end = (end + v.alignment - 1) / v.alignment * v.alignment;
    layout[key] = end;
    end += v.size();
    if (v.size() > kMaxShared || end > kMaxShared)
      throw PtxError("shared variable " + v.name + " is too large");
  };
  for (const Reached& r : program.reached) {
    for (const ptx::Variable& v : r.module->variables) place(v, v.name);
    for (const ptx::Variable& v : r.function->locals) place(v, r.function->name + "/" + v.name);
  }
  out.static_shared = static_cast<uint32_t>(end);
  out.dynamic_shared =
      static_cast<uint32_t>((end + dynamic_alignment - 1) / dynamic_alignment * dynamic_alignment);
  for (const std::string& key : dynamic) layout[key] = out.dynamic_shared;
  return layout;
}

}  // namespace

std::unique_ptr<Program> lower_program(const Module& module, const Function& entry,
                                       const SymbolResolver& resolver) {
  if (!entry.has_body) throw PtxError(module.name + ": function " + entry.name + " has no body");
  auto program = std::make_unique<Program>();
  Reachability reach(module, entry, resolver);
  const SharedLayout shared = lay_out_shared(reach, *program);
  std::unordered_map<const Function*, const Code*> codes;
  for (const Reached& r : reach.reached) {
    program->codes.push_back(FunctionLowering(*r.module, *r.function, resolver, shared).lower());
    program->codes.back()->index = static_cast<uint32_t>(program->codes.size() - 1);
    codes[r.function] = program->codes.back().get();
  }
  program->codes.front()->static_shared = program->static_shared;
  for (const auto& code : program->codes) {
    for (CallSite& site : code->calls) {
      const Reached* callee = site.callee.empty() ? nullptr : reach.find(site.callee);
      if (!callee) continue;
      if (callee->function->is_entry)
        throw PtxError(module.name + ": " + code->name + " calls " + site.callee +
                       ", which is a kernel");
      site.code = codes.at(callee->function);
    }
  }
  for (const std::string& name : reach.address_taken) {
    const Function* const function = reach.find(name)->function;
    const auto address = resolver.address(name);
    if (address && !function->is_entry) program->by_address[*address] = codes.at(function);
  }
  return program;
}

}  // namespace ptxvm
