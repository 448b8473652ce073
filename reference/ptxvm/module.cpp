#include "reference/ptxvm/module.h"

#include <cstring>

#include "reference/ptxvm/check/instrument.h"

namespace ptxvm {

const Program& Kernel::program() const {
  const std::lock_guard lock(mutex_);
  if (!program_) {
    program_ = lower_program(module_, function_, symbols_);
    for (uint32_t i = 0; i < program_->codes.size(); ++i) program_->codes[i]->index = i;
    instrument(*program_, checks_);
  }
  return *program_;
}

LoadedModule::LoadedModule(std::unique_ptr<ptx::Module> module, Linker& linker)
    : module_(std::move(module)), linker_(linker) {
  for (const ptx::Variable& variable : module_->variables) place(variable);
  for (const ptx::Function& function : module_->functions)
    if (function.has_body) functions_.try_emplace(function.name, linker.new_function_address());
  for (const ptx::Variable& variable : module_->variables) initialise(variable);
}

LoadedModule::~LoadedModule() {
  for (const auto& [name, symbol] : variables_) linker_.memory().release(symbol.address);
}

void LoadedModule::place(const ptx::Variable& variable) {
  const bool in_memory =
      variable.space == ptx::Space::global || variable.space == ptx::Space::constant;
  if (!in_memory || variable.is_extern || variables_.contains(variable.name)) return;
  const uint64_t size = std::max<uint64_t>(variable.size(), 1);
  const uint64_t address =
      linker_.memory().allocate(size, "variable " + variable.name, variable.alignment,
                                variable.space == ptx::Space::constant);
  if (!address) throw PtxError(module_->name + ": no memory for the variable " + variable.name);
  variables_.emplace(variable.name, Machine::Symbol{address, size});
}

void LoadedModule::initialise(const ptx::Variable& variable) {
  const auto placed = variables_.find(variable.name);
  if (placed == variables_.end() || variable.is_extern) return;
  std::byte* bytes = linker_.memory().host(placed->second.address);
  std::memset(bytes, 0, placed->second.size);
  if (!variable.initial.empty())
    std::memcpy(bytes, variable.initial.data(),
                std::min<size_t>(variable.initial.size(), placed->second.size));
  for (const auto& relocation : variable.relocations) {
    const auto target = address(relocation.symbol);
    if (!target)
      throw PtxError(module_->name + ": unknown symbol " + relocation.symbol +
                     " in the initialiser of " + variable.name);
    const uint64_t value = *target + uint64_t(relocation.addend);
    std::memcpy(bytes + relocation.offset, &value, relocation.bytes);
  }
}

std::optional<uint64_t> LoadedModule::own_address(std::string_view symbol) const {
  if (const auto found = variables_.find(symbol); found != variables_.end())
    return found->second.address;
  if (const auto found = functions_.find(symbol); found != functions_.end()) return found->second;
  return std::nullopt;
}

std::optional<uint64_t> LoadedModule::address(std::string_view symbol) const {
  if (const auto own = own_address(symbol)) return own;
  return linker_.address(symbol, this);
}

const ptx::Function* LoadedModule::own_function(std::string_view symbol) const {
  for (const ptx::Function& function : module_->functions)
    if (function.has_body && function.name == symbol) return &function;
  return nullptr;
}

std::pair<const ptx::Module*, const ptx::Function*> LoadedModule::definition(
    std::string_view symbol) const {
  if (const ptx::Function* own = own_function(symbol)) return {module_.get(), own};
  return linker_.definition(symbol);
}

const Kernel* LoadedModule::kernel(std::string_view name) {
  if (const auto found = kernels_.find(name); found != kernels_.end()) return found->second.get();
  const ptx::Function* function = own_function(name);
  if (!function || !function->is_entry) return nullptr;
  return kernels_
      .emplace(name, std::make_unique<Kernel>(*module_, *function, *this, linker_.checks()))
      .first->second.get();
}

Machine::Symbol LoadedModule::symbol(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? Machine::Symbol{} : found->second;
}

Linker::~Linker() = default;

int Linker::load(std::string_view text, const std::string& name) {
  auto loaded = std::make_unique<LoadedModule>(ptx::parse(text, name), *this);
  modules_.emplace(++next_id_, std::move(loaded));
  return next_id_;
}

void Linker::unload(int id) { modules_.erase(id); }

LoadedModule& Linker::at(int id) const {
  const auto found = modules_.find(id);
  if (found == modules_.end()) throw PtxError("there is no module " + std::to_string(id));
  return *found->second;
}

std::optional<uint64_t> Linker::address(std::string_view symbol, const LoadedModule* asking) const {
  for (const auto& [id, module] : modules_) {
    if (module.get() == asking) continue;
    if (const auto found = module->own_address(symbol)) return found;
  }
  return std::nullopt;
}

std::pair<const ptx::Module*, const ptx::Function*> Linker::definition(
    std::string_view symbol) const {
  for (const auto& [id, module] : modules_)
    if (const ptx::Function* function = module->own_function(symbol))
      return {&module->module(), function};
  return {nullptr, nullptr};
}

}  // namespace ptxvm
