// Loaded modules: where their variables lie, and their kernels.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "reference/ptxvm/lower.h"
#include "reference/ptxvm/vm.h"

namespace ptxvm {

class Kernel {
 public:
  Kernel(const ptx::Module& module, const ptx::Function& function, const SymbolResolver& symbols,
         Checks checks)
      : module_(module), function_(function), symbols_(symbols), checks_(checks) {}
  const ptx::Function& function() const { return function_; }
  const ptx::Module& module() const { return module_; }
  /// Lowers at the first call. Throws PtxError.
  const Program& program() const;

 private:
  const ptx::Module& module_;
  const ptx::Function& function_;
  const SymbolResolver& symbols_;
  const Checks checks_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Program> program_;
};

class LoadedModule;

/// All modules of a machine: what one only declares, another may define.
class Linker {
 public:
  Linker(Memory& memory, Checks checks) : memory_(memory), checks_(checks) {}
  ~Linker();
  int load(std::string_view ptx, const std::string& name);
  void unload(int id);
  LoadedModule& at(int id) const;
  /// Address of a visible variable or function of any module but `asking`.
  std::optional<uint64_t> address(std::string_view symbol, const LoadedModule* asking) const;
  std::pair<const ptx::Module*, const ptx::Function*> definition(std::string_view symbol) const;
  uint64_t new_function_address() { return next_function_ += 16; }
  Memory& memory() const { return memory_; }
  Checks checks() const { return checks_; }

 private:
  Memory& memory_;
  const Checks checks_;
  uint64_t next_function_ = 0x0001'3000'0000'0000;  // outside the arena and the windows
  int next_id_ = 0;
  std::map<int, std::unique_ptr<LoadedModule>> modules_;
};

class LoadedModule final : public SymbolResolver {
 public:
  LoadedModule(std::unique_ptr<ptx::Module>, Linker&);
  ~LoadedModule() override;
  LoadedModule(const LoadedModule&) = delete;
  LoadedModule& operator=(const LoadedModule&) = delete;

  std::optional<uint64_t> address(std::string_view symbol) const override;
  std::pair<const ptx::Module*, const ptx::Function*> definition(std::string_view) const override;
  /// Only what this module defines itself.
  std::optional<uint64_t> own_address(std::string_view symbol) const;
  const ptx::Function* own_function(std::string_view symbol) const;
  const ptx::Module& module() const { return *module_; }
  const Kernel* kernel(std::string_view name);
  Machine::Symbol symbol(std::string_view name) const;

 private:
  void place(const ptx::Variable&);
  void initialise(const ptx::Variable&);

  std::unique_ptr<ptx::Module> module_;
  Linker& linker_;
  std::map<std::string, Machine::Symbol, std::less<>> variables_;
  std::map<std::string, uint64_t, std::less<>> functions_;
  std::map<std::string, std::unique_ptr<Kernel>, std::less<>> kernels_;
};

}  // namespace ptxvm
